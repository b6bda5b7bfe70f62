"""A strict subset of YAML that knows where everything stands.

Files come from people who never meant to write a program, and from strangers. So: one document of maps, lists and plain
values; nothing that repeats or hides itself (anchors, aliases, tags, merge keys, duplicate keys, invisible characters);
and bounds on size and depth. Only the parser's events are read, nothing is constructed and nothing recurses: a YAML
loader that composes nodes crashes on deep nesting, and forgets lines and columns.

Values without quotes: `true` and `false` are bool, `null`, `~` and nothing are None, whole numbers are int, decimals
are Decimal. Everything else is text: `yes`, `no`, dates (whoever reads them knows their era), Thai digits, and numbers
that would lose something as a number (`0812345678`, `+66 2`, `1e5`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import yaml

Path = tuple[str | int, ...]
Position = tuple[int, int]
"""Line and column, both from 1; the column counts characters, marks above and below Thai letters among them."""

MAX_CHARACTERS = 1_000_000
MAX_VALUES = 50_000
MAX_DEPTH = 32

CODES = {
    "front-matter-missing": "the file does not begin with a line `---`",
    "front-matter-unterminated": "no second line `---` ends the front matter",
    "yaml-alias": "aliases (`*`) are not allowed",
    "yaml-anchor": "anchors (`&`) are not allowed",
    "yaml-colon": "a colon where no entry can begin",
    "yaml-control-character": "an invisible character",
    "yaml-directive": "directives (`%`) are not allowed",
    "yaml-duplicate-key": "the same key twice in one map",
    "yaml-key-not-text": "a key has to be text",
    "yaml-merge-key": "merge keys (`<<`) are not allowed",
    "yaml-several-documents": "a second document begins",
    "yaml-syntax": "not YAML",
    "yaml-tab": "a tab where only spaces may stand",
    "yaml-tag": "tags (`!`) are not allowed",
    "yaml-too-deep": "nested too deeply",
    "yaml-too-large": "too many characters",
    "yaml-too-many-values": "too many values",
}
"""Every code of a `YamlProblem`, and what it says."""


class YamlProblem(Exception):
    """Something that an author must fix, and where. `values` holds what a fuller sentence can fill in:

    `problem` (yaml-syntax: the parser's own words), `character` (yaml-control-character: `U+202E`), `key` and
    `first_line` (yaml-duplicate-key), `limit` (yaml-too-…).
    """

    def __init__(self, code: str, line: int, column: int, **values: str | int) -> None:
        super().__init__(f"{line}:{column}: {CODES[code]}")
        self.code = code
        self.line = line
        self.column = column
        self.values = values


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a document says, and where it says so."""

    value: Any
    places: dict[Path, Position]
    """Where each value begins, by its path: `("evidence", 0, "title")`; the whole document is `()`."""
    keys: dict[Path, Position]
    """Where the key of each entry of a map stands, by the path of its value."""


class FrontMatter(NamedTuple):
    """The two parts of a Markdown file and the line each begins on. Line ends are `\\n`."""

    front: str
    front_line: int
    body: str
    body_line: int


# Control characters but tab and line ends, C1 (NEL is a line end to YAML), soft hyphen, Arabic letter mark, Mongolian
# separator, zero-width and bidi characters, line and paragraph separator, surrogates, byte-order mark, annotation
# anchors, non-characters, tags: what nobody sees can make two different things look alike.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_KEYWORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
# Bounded, so that no conversion takes long.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,9}")

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's. It is not in every build of PyYAML; the parser in Python gives the same events, ten times slower."""


def load(text: str, *, first_line: int = 1) -> Loaded:
    """Read one document. *first_line* is the line of the file that *text* begins on.

    Raises YamlProblem, whatever the text, and nothing else.

    >>> loaded = load("title: รายงาน\\nsigned: 33\\nshare: 97.05\\ndate: 2569-01-22\\nready: yes\\n")
    >>> loaded.value
    {'title': 'รายงาน', 'signed': 33, 'share': Decimal('97.05'), 'date': '2569-01-22', 'ready': 'yes'}
    >>> loaded.places["signed",], loaded.keys["signed",]
    ((2, 9), (2, 1))
    """
    text = _newlines(text)
    if len(text) > MAX_CHARACTERS:
        raise YamlProblem("yaml-too-large", first_line, 1, limit=MAX_CHARACTERS)
    if found := _INVISIBLE.search(text):
        line = text.count("\n", 0, found.start())
        column = found.start() - text.rfind("\n", 0, found.start())
        raise YamlProblem("yaml-control-character", first_line + line, column, character=_name(found[0]))
    return _Reader(first_line).read(text)


def split_front_matter(text: str, *, optional: bool = False) -> FrontMatter:
    """Split a Markdown file into its front matter, between two lines `---`, and its body.

    Raises YamlProblem where the front matter does not end, and where it is missing unless it is *optional*.

    >>> split_front_matter("---\\nself_score: 3\\n---\\nเรื่องเล่า\\n")
    FrontMatter(front='self_score: 3\\n', front_line=2, body='เรื่องเล่า\\n', body_line=4)
    """
    text = _newlines(text)
    if text.startswith("---\n"):  # as nearly all are
        end = text.find("\n---\n", 3)
        other = text.find("\n---", 3)
        if end == other >= 0:
            front = text[4 : end + 1]
            return FrontMatter(front, 2, text[end + 5 :], front.count("\n") + 3)
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        if optional:
            return FrontMatter("", 1, "\n".join(lines), 1)
        raise YamlProblem("front-matter-missing", 1, 1)
    for number, line in enumerate(lines[1:], 2):
        if line.rstrip() == "---":
            front = "".join(f"{one}\n" for one in lines[1 : number - 1])
            return FrontMatter(front, 2, "\n".join(lines[number:]), number + 1)
    raise YamlProblem("front-matter-unterminated", 1, 1)


def _newlines(text: str) -> str:
    text = text.removeprefix("\ufeff")
    return text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")


def _name(character: str) -> str:
    return f"U+{ord(character):04X}"


class _Open(NamedTuple):
    """A map or list that is being filled while another inside it is. Of a map, *key* waits for that one."""

    container: dict[str, Any] | list[Any]
    path: Path
    key: str


class _Reader:
    """Builds the value of one document from the parser's events."""

    def __init__(self, first_line: int) -> None:
        self.offset = first_line
        self.value: Any = None
        self.places: dict[Path, Position] = {(): (first_line, 1)}
        self.keys: dict[Path, Position] = {}

    def read(self, text: str) -> Loaded:
        parser = LOADER(text)
        try:
            self.build(parser.get_event, escapes="\\" in text)
        except yaml.MarkedYAMLError as error:
            raise self.syntax(text, error) from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # The parser in Python turns \UFFFFFFFF into a character without asking whether there is one.
            raise YamlProblem("yaml-syntax", self.offset, 1, problem=str(error)) from None
        finally:
            parser.dispose()
        return Loaded(self.value, self.places, self.keys)

    def build(self, get_event: Callable[[], Any], *, escapes: bool) -> None:
        """All in one loop: tens of thousands of files are read one after the other."""
        offset, places, keys = self.offset, self.places, self.keys
        documents = values = 0
        outer: list[_Open] = []
        container: dict[str, Any] | list[Any] | None = None
        path: Path = ()
        key: str | None = None
        """The entry of `container` that waits for its value, where that is a map."""
        while (event := get_event()) is not None:
            sort = type(event)
            if sort is yaml.ScalarEvent or sort is yaml.MappingStartEvent or sort is yaml.SequenceStartEvent:
                mark = event.start_mark
                values += 1
                if values > MAX_VALUES:
                    raise self.problem("yaml-too-many-values", mark, limit=MAX_VALUES)
                if event.anchor is not None:
                    raise self.problem("yaml-anchor", mark)
                if event.tag is not None:
                    raise self.problem("yaml-tag", mark)
                value: Any
                if sort is yaml.ScalarEvent:
                    value = event.value
                    # What is not written as an escape, "\u202e", was seen in the whole text.
                    if escapes and (found := _INVISIBLE.search(value)):
                        raise self.problem("yaml-control-character", mark, character=_name(found[0]))
                    if key is None and type(container) is dict:
                        key = self.key(container, path, event)
                        keys[(*path, key)] = mark.line + offset, mark.column + 1
                        continue
                    if not event.style:
                        value = _plain(value)
                else:
                    if len(outer) + (container is not None) >= MAX_DEPTH:
                        raise self.problem("yaml-too-deep", mark, limit=MAX_DEPTH)
                    if key is None and type(container) is dict:
                        raise self.problem("yaml-key-not-text", mark)
                    value = {} if sort is yaml.MappingStartEvent else []
                if key is not None:
                    inside: Path = (*path, key)
                    container[key] = value  # type: ignore[index, call-overload]
                elif container is not None:
                    inside = (*path, len(container))
                    container.append(value)  # type: ignore[union-attr]
                else:
                    inside = ()
                    self.value = value
                places[inside] = mark.line + offset, mark.column + 1
                if sort is not yaml.ScalarEvent:
                    if container is not None:
                        outer.append(_Open(container, path, key or ""))
                    container, path = value, inside
                key = None
            elif sort is yaml.MappingEndEvent or sort is yaml.SequenceEndEvent:
                container, path, _ = outer.pop() if outer else (None, (), "")
            elif sort is yaml.AliasEvent:
                raise self.problem("yaml-alias", event.start_mark)
            elif sort is yaml.DocumentStartEvent:
                documents += 1
                if event.version or event.tags:
                    raise self.problem("yaml-directive", event.start_mark)
                if documents > 1:
                    raise self.problem("yaml-several-documents", event.start_mark)

    def key(self, container: dict[str, Any], path: Path, event: Any) -> str:
        """The key that a scalar is to the map around it."""
        key: str = event.value
        if not event.style and key == "":
            raise self.problem("yaml-key-not-text", event.start_mark)
        if not event.style and key == "<<":
            raise self.problem("yaml-merge-key", event.start_mark)
        if key in container:
            raise self.problem("yaml-duplicate-key", event.start_mark, key=key, first_line=self.keys[(*path, key)][0])
        return sys.intern(key)  # a few words are the keys of all files

    def syntax(self, text: str, error: yaml.MarkedYAMLError) -> YamlProblem:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = text.rstrip().split("\n")
        if line >= len(lines):  # something does not end: there is nothing to see where the file does
            line, column = len(lines) - 1, len(lines[-1])
        problem = error.problem or error.context or ""
        # The two commonest mistakes deserve words of their own. The colon: text with a colon that has no quotes, a line
        # indented by mistake, or a line before it that lacks the space after its colon.
        if "mapping values are not allowed" in problem:
            return YamlProblem("yaml-colon", line + self.offset, column + 1)
        if "found a tab" in problem or lines[line][column : column + 1] == "\t":
            return YamlProblem("yaml-tab", line + self.offset, column + 1)
        return YamlProblem("yaml-syntax", line + self.offset, column + 1, problem=problem)

    def problem(self, code: str, mark: Any, **values: str | int) -> YamlProblem:
        return YamlProblem(code, mark.line + self.offset, mark.column + 1, **values)


def visible(text: str) -> str:
    """A text without the characters that `load` refuses.

    >>> visible("แผน\u200bงาน")
    'แผนงาน'
    """
    return _INVISIBLE.sub("", text)


def plain(text: str) -> str | int | bool | Decimal | None:
    """What an unquoted scalar means."""
    return _plain(text)


def _plain(text: str) -> str | int | bool | Decimal | None:
    if text in _KEYWORDS:
        return _KEYWORDS[text]
    if text[0] in "-0123456789":
        if _WHOLE.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
    return text
