"""Changes to front matter that leave everything else as its author wrote it.

A value is put where it stands and an entry after its neighbours, character by character: comments, the order of keys,
quotes and the account below are not touched. Writers of YAML would set the whole file anew. After every change the
text is read again by `strictyaml`, and a change that came out otherwise than meant is refused.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import yaml

from lakthan import strictyaml

Plain = str | int | Decimal | bool | list[str] | None
"""What can be written: text, a number, yes or no, a list of texts; None leaves a key empty."""
Entry = tuple[int | None, Mapping[str, Plain]]
"""An entry of a list as it shall be: which of the entries there it is (None: a new one), and what changes in it."""
Trail = tuple[str | int, ...]


class Unchangeable(Exception):
    """The text is written in a way in which the change cannot be made safely; `trail` says which value."""

    def __init__(self, trail: Trail) -> None:
        super().__init__(".".join(map(str, trail)))
        self.trail = trail


class Document:
    """A Markdown file whose front matter is changed.

    Raises strictyaml.YamlProblem for a file that cannot be read, Unchangeable for one that is no map or mixes line
    ends.
    """

    def __init__(self, text: str) -> None:
        self._mark = "\ufeff" if text.startswith("\ufeff") else ""
        self._newline = "\r\n" if "\r\n" in text else "\n"
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
        if "\r" in plain or (self._newline == "\r\n" and text.count("\n") != text.count("\r\n")):
            raise Unchangeable(())
        found = strictyaml.split_front_matter(plain)
        start = plain.index("\n") + 1
        self._head, self.front, self._rest = plain[:start], found.front, plain[start + len(found.front) :]
        value = strictyaml.load(self.front, first_line=found.front_line).value
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise Unchangeable(())
        self.value: dict[str, Any] = value

    @property
    def text(self) -> str:
        return self._mark + (self._head + self.front + self._rest).replace("\n", self._newline)

    @property
    def body(self) -> str:
        return self._rest.partition("\n")[2]

    def fill(self, body: str) -> None:
        """Write an account where there is none."""
        if not self.body.strip():
            self._rest = f"{self._rest.partition(chr(10))[0]}\n\n{body.strip()}\n"

    def rewrite(self, body: str) -> None:
        """Write another account in place of the one that is there, as far from the front matter as that one was."""
        rule, _, old = self._rest.partition("\n")
        gap = old[: len(old) - len(old.lstrip("\n"))]
        text = body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        self._rest = f"{rule}\n{gap}{text}\n" if text else f"{rule}\n"

    def put(self, trail: Trail, value: Plain) -> None:
        """Give a key its value; a key that is not there yet is added at the end of its map."""
        wanted = copy.deepcopy(self.value)
        parent: Any = wanted
        for step in trail[:-1]:
            parent = parent[step]
        parent[trail[-1]] = _meant(value)
        self._try(_put(self.front, trail, value), wanted, trail)

    def append(self, key: str, entry: Mapping[str, Plain]) -> None:
        """Add an entry to a list, which is begun where there is none."""
        wanted = copy.deepcopy(self.value)
        wanted[key] = [*(wanted.get(key) or []), {name: _meant(value) for name, value in entry.items()}]
        self._try(_append(self.front, key, entry), wanted, (key,))

    def arrange(self, key: str, plan: Sequence[Entry]) -> None:
        """Make a list of maps what *plan* says: entries change, come, go and move, each with the comments inside it.

        Comments between two entries go with the one below them; those of an entry that goes stay.
        """
        for old, changes in plan:
            if old is not None:
                for name, value in changes.items():
                    self.put((key, old, name), value)
        there = len(self.value.get(key) or [])
        kept = [old for old, _ in plan if old is not None]
        new = [changes for old, changes in plan if old is None]
        if [old for old, _ in plan[: len(kept)]] == list(range(there)):
            for entry in new:
                self.append(key, entry)
            return
        wanted = copy.deepcopy(self.value)
        wanted[key] = [
            wanted[key][old] if old is not None else {name: _meant(value) for name, value in changes.items()}
            for old, changes in plan
        ]
        self._try(_arrange(self.front, key, plan), wanted, (key,))

    def _try(self, front: str, wanted: dict[str, Any], trail: Trail) -> None:
        try:
            found = strictyaml.load(front).value
        except strictyaml.YamlProblem:
            raise Unchangeable(trail) from None
        if found != wanted or strictyaml.split_front_matter(f"---\n{front}---\n").front != front:
            raise Unchangeable(trail)
        self.front, self.value = front, wanted


# Values ----------------------------------------------------------------------------------------------------------

_SAFE = re.compile(r"[^\W_](?:[\w./%()-]| (?![ #-]))*")
"""Text that needs no quotes anywhere; Thai vowels above and below and tone marks stand as letters there."""
_THAI = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")


def scalar(value: str | int | Decimal | bool | None) -> str:
    """A value as YAML that reads back as the same.

    >>> scalar("แผน ปี 2569"), scalar("33"), scalar("a: b"), scalar(33)
    ('แผน ปี 2569', '"33"', '"a: b"', '33')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    bare = _THAI.sub("ก", value)
    if _SAFE.fullmatch(bare) and not value.endswith(" ") and strictyaml.load(value).value == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _written(value: Plain) -> str:
    return f"[{', '.join(map(scalar, value))}]" if isinstance(value, list) else scalar(value)


def _meant(value: Plain) -> Any:
    return list(value) if isinstance(value, list) else value


def lines(entry: Mapping[str, Plain]) -> list[str]:
    """A map in block style, a line for each key."""
    return [f"{scalar(name)}: {_written(value)}".rstrip() for name, value in entry.items()]


def _flow(entry: Mapping[str, Plain]) -> str:
    return "{" + ", ".join(line if not line.endswith(":") else f"{line} null" for line in lines(entry)) + "}"


# Places ----------------------------------------------------------------------------------------------------------


def _node(front: str) -> Any:
    # The loader in Python, for its marks know the position in the text; strictyaml has seen to depth and size.
    return yaml.compose(front, Loader=yaml.SafeLoader)


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _end(front: str, node: Any) -> int:
    """Where what is written of a node ends, before comments that follow it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style:
        end: int = node.end_mark.index
        while end > node.start_mark.index and front[end - 1] in "\n ":
            end -= 1
        return end
    last = node.value[-1]
    return _end(front, last[1] if isinstance(node, yaml.MappingNode) else last)


def _line_end(front: str, index: int) -> int:
    found = front.find("\n", index)
    return len(front) if found < 0 else found


def _insert(front: str, index: int, text: str) -> str:
    """New lines after the line at *index*."""
    at = _line_end(front, index)
    return f"{front[:at]}\n{text}{front[at:]}" if at < len(front) else f"{front}\n{text}\n"


def _close(front: str, node: Any, text: str) -> str:
    """One more item before the bracket that closes a flow collection."""
    at = node.end_mark.index - 1
    before = front[:at].rstrip()
    gap = "" if before.endswith((",", "{", "[")) else ","
    space = " " if not before.endswith(("{", "[")) else ""
    return f"{before}{gap}{space}{text}{front[at:]}"


def _put(front: str, trail: Trail, value: Plain) -> str:
    root = parent = _node(front)
    for step in trail[:-1]:
        parent = _child(parent, step)
    (line,) = lines({str(trail[-1]): value})
    if root is None:
        return f"{front}{line}\n"
    if not isinstance(parent, yaml.MappingNode):
        raise Unchangeable(trail)
    node = _child(parent, trail[-1])
    if node is None:
        if parent.flow_style:
            return _close(front, parent, _flow({str(trail[-1]): value})[1:-1])
        return _insert(front, _end(front, parent), " " * parent.start_mark.column + line)
    start, end = node.start_mark.index, _end(front, node)
    if value is None and parent.flow_style:
        return f"{front[:start]}null{front[end:]}"
    if value is None and (isinstance(node, yaml.ScalarNode) or node.flow_style):
        if "#" in front[start:end] and not isinstance(node, yaml.ScalarNode):
            raise Unchangeable(trail)
        return front[:start].rstrip(" ") + front[end:]
    if start == end:  # nothing stands there yet
        return f"{front[:start]} {_written(value)}{front[end:]}"
    if not isinstance(node, yaml.ScalarNode) and not node.flow_style:
        key = next(key for key, found in parent.value if found is node)
        colon = front.index(":", key.end_mark.index) + 1
        if "#" in front[colon:end]:  # a comment would go
            raise Unchangeable(trail)
        return f"{front[:colon]} {_written(value)}".rstrip(" ") + front[end:]
    if "#" in front[start:end] and not isinstance(node, yaml.ScalarNode):
        raise Unchangeable(trail)
    return front[:start] + _written(value) + front[end:]


def _append(front: str, key: str, entry: Mapping[str, Plain]) -> str:
    root = _node(front)
    node = None if root is None else _child(root, key)
    flow = _flow(entry)
    if node is None:
        begun = f"{scalar(key)}:\n{_item(entry, 0)}"
        if root is None:
            return f"{front}{begun}\n"
        if root.flow_style:
            raise Unchangeable((key,))
        return _insert(front, _end(front, root), begun)
    if isinstance(node, yaml.ScalarNode):
        if node.value or node.style:
            raise Unchangeable((key,))
        # `null` or nothing: the list begins below
        start, end = node.start_mark.index, node.end_mark.index
        front = front[:start].rstrip(" ") + front[end:] if end > start else front
        return _insert(front, min(start, len(front)) - 1, _item(entry, 0))
    if not isinstance(node, yaml.SequenceNode):
        raise Unchangeable((key,))
    if not node.flow_style:
        text = _item(entry, node.start_mark.column)
        last = node.value[-1]
        if isinstance(last, yaml.MappingNode) and last.flow_style:
            text = " " * node.start_mark.column + f"- {flow}"
        return _insert(front, _end(front, node), text)
    if node.value:
        return _close(front, node, flow)
    start, end = node.start_mark.index, node.end_mark.index
    if "#" in front[start:end]:
        raise Unchangeable((key,))
    front = front[:start].rstrip(" ") + front[end:]
    return _insert(front, front.rfind(":", 0, start), _item(entry, 0))


def _item(entry: Mapping[str, Plain], column: int) -> str:
    """An entry of a list in block style, its keys below each other."""
    indent = " " * column
    first, *others = lines(entry)
    return "\n".join([f"{indent}- {first}", *(f"{indent}  {line}" for line in others)])


def _arrange(front: str, key: str, plan: Sequence[Entry]) -> str:
    node = _child(_node(front), key)
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise Unchangeable((key,))
    first, last = node.value[0], node.value[-1]
    if node.flow_style:
        start, end = first.start_mark.index, last.end_mark.index
        if "#" in front[node.start_mark.index : node.end_mark.index]:  # it may be a comment, and would go astray
            raise Unchangeable((key,))
        items = [front[item.start_mark.index : item.end_mark.index] for item in node.value]
        return front[:start] + ", ".join(items[i] if i is not None else _flow(e) for i, e in plan) + front[end:]
    column = node.start_mark.column
    starts, ends = [], []
    for item in node.value:
        dash = front.rfind("-", 0, item.start_mark.index)
        line = front.rfind("\n", 0, dash) + 1
        if front[line:dash].strip() or dash - line != column or front[dash + 1 : item.start_mark.index].strip():
            raise Unchangeable((key,))
        starts.append(line)
        ends.append(min(len(front), _line_end(front, _end(front, item)) + 1))
    begin = _line_end(front, _key_colon(front, key)) + 1
    above = [front[a:b] for a, b in zip([begin, *ends], starts, strict=False)]
    kept = {old for old, _ in plan}
    for i in range(len(starts)):
        if i not in kept:  # what stands above an entry that goes stands above the next one, or below the last
            if i + 1 < len(starts):
                above[i + 1] = above[i] + above[i + 1]
            else:
                above.append(above[i])
            above[i] = ""
    texts = [
        above[old] + front[starts[old] : ends[old]] if old is not None else _item(entry, column) + "\n"
        for old, entry in plan
    ]
    rest = "".join(above[len(starts) :]) + front[ends[-1] :]
    if not texts:
        head = front[:begin].rstrip("\n")
        colon = _key_colon(front, key)
        return f"{head[: colon + 1]} []{head[colon + 1 :]}\n{rest}"
    return front[:begin] + "".join(texts) + rest


def _key_colon(front: str, key: str) -> int:
    found = next(name for name, _ in _node(front).value if name.value == key)
    return front.index(":", found.end_mark.index)
