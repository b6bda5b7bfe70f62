"""The strict YAML reader: what it reads, what it refuses and where, and that nothing else ever comes of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lakthan import strictyaml
from lakthan.strictyaml import FrontMatter, YamlProblem, load, split_front_matter

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML comes with libyaml or without; both read alike."""
    monkeypatch.setattr(strictyaml, "LOADER", request.param)


READ: list[tuple[str, Any]] = [
    ("true", True),
    ("False", False),
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("null", None),
    ("~", None),
    ("", None),
    ("# nothing but a comment", None),
    ("33", 33),
    ("-7", -7),
    ("0", 0),
    ("007", "007"),
    ("0812345678", "0812345678"),
    ("+66", "+66"),
    ("1_000", "1_000"),
    ("0x1F", "0x1F"),
    ("1e5", "1e5"),
    ("1:30", "1:30"),
    ("999999999999999", 999999999999999),
    ("9999999999999999", "9999999999999999"),
    ("97.05", Decimal("97.05")),
    ("-0.5", Decimal("-0.5")),
    ("7.10", Decimal("7.10")),
    ("1.", "1."),
    (".5", ".5"),
    (".inf", ".inf"),
    ("๓๓", "๓๓"),
    ("٣٣", "٣٣"),
    ("2569-01-22", "2569-01-22"),
    ("22 ม.ค. 2569", "22 ม.ค. 2569"),
    ("'33'", "33"),
    ('"true"', "true"),
    ('""', ""),
    ("'<<'", "<<"),
    ("{yes: no, 1: a, true: b}", {"yes": "no", "1": "a", "true": "b"}),
    ("{a: {}, b: [], c: [[1], {d: 2}]}", {"a": {}, "b": [], "c": [[1], {"d": 2}]}),
    ("- a\n- - b\n  - c: 1\n    d: 2\n", ["a", ["b", {"c": 1, "d": 2}]]),
    ("text: |\n  บรรทัดหนึ่ง\n  บรรทัดสอง\n", {"text": "บรรทัดหนึ่ง\nบรรทัดสอง\n"}),
    ("text: >-\n  one\n  line\n", {"text": "one line"}),
    ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
    ("a: 1\rb: 2\r", {"a": 1, "b": 2}),
    ("\ufeffa: 1", {"a": 1}),
    ("--- \na: 1\n...\n", {"a": 1}),
    ("ชื่อ: ค่า", {"ชื่อ": "ค่า"}),
    ("a: 😀", {"a": "😀"}),
]


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(("text", "value"), READ)
def test_reads(text: str, value: Any) -> None:
    read = load(text).value
    assert read == value
    assert type(read) is type(value)


def test_decimals_keep_their_digits() -> None:
    assert str(load("7.10").value) == "7.10"


REFUSED: list[tuple[str, str, str, int, int]] = [
    # why, the text, code, line, column
    ("an anchor", "a: 1\nb: &x 2", "yaml-anchor", 2, 4),
    ("an anchor on a map", "a: &x\n  b: 1", "yaml-anchor", 1, 4),
    ("an anchor on a key", "&x a: 1", "yaml-anchor", 1, 1),
    ("an anchor after Thai letters with marks", "กำหนด: &x 1", "yaml-anchor", 1, 8),
    ("an alias", "a: *x", "yaml-alias", 1, 4),
    ("an alias as a key", "*x : 1", "yaml-alias", 1, 1),
    ("a tag", "a: !!str 1", "yaml-tag", 1, 4),
    ("a tag that would run code", "!!python/object/apply:os.system [ls]", "yaml-tag", 1, 1),
    ("the tag of nothing", "a: ! 1", "yaml-tag", 1, 4),
    ("a version", "%YAML 1.1\n---\na: 1", "yaml-directive", 1, 1),
    ("a tag handle", "%TAG ! tag:example.org,2000:\n---\na: 1", "yaml-directive", 1, 1),
    ("a merge", "a: 1\n<<: {b: 2}", "yaml-merge-key", 2, 1),
    ("a key twice", "a: 1\nb: 2\n'a': 3", "yaml-duplicate-key", 3, 1),
    ("a key twice, further in", "- {a: 1}\n- {b: 1,\n   b: 2}", "yaml-duplicate-key", 3, 4),
    ("a list as a key", "? [a]\n: 1", "yaml-key-not-text", 1, 3),
    ("a map as a key", "{a: 1}: 2", "yaml-key-not-text", 1, 1),
    ("nothing as a key", "?\n: 1", "yaml-key-not-text", 1, 2),
    ("two documents", "a: 1\n---\nb: 2", "yaml-several-documents", 2, 1),
    ("deep lists", "[" * 100_000, "yaml-too-deep", 1, strictyaml.MAX_DEPTH + 1),
    ("deep maps", "{a: " * 100_000, "yaml-too-deep", 1, 4 * strictyaml.MAX_DEPTH + 1),
    ("deep dashes", "- " * 100_000, "yaml-too-deep", 1, 2 * strictyaml.MAX_DEPTH + 1),
    ("deep indentation", "\n".join(" " * i + "a:" for i in range(900)), "yaml-too-deep", strictyaml.MAX_DEPTH + 1, 33),
    ("much text", "#" * (strictyaml.MAX_CHARACTERS + 1), "yaml-too-large", 1, 1),
    ("many values", "-\n" * (strictyaml.MAX_VALUES + 1), "yaml-too-many-values", strictyaml.MAX_VALUES, 2),
    ("a null character", "a: \x00", "yaml-control-character", 1, 4),
    ("an escape", "a: 1\nb: x\x1b[31m", "yaml-control-character", 2, 5),
    ("text turned round", "a: 1 # \u202e", "yaml-control-character", 1, 8),
    ("a zero-width space", "title: รายงาน\u200bผล", "yaml-control-character", 1, 14),
    ("a line end of YAML's own", "a: 1\x85b: 2", "yaml-control-character", 1, 5),
    ("half a character", "a: \ud800", "yaml-control-character", 1, 4),
    ("a second byte-order mark", "\ufeff\ufeffa: 1", "yaml-control-character", 1, 1),
    ("text turned round, written as an escape", 'a: "\\u202e"', "yaml-control-character", 1, 4),
    ("a key that is not what it seems", '"a\\u200b": 1', "yaml-control-character", 1, 1),
    ("a colon in text", "title: รายงาน: ครั้งที่ 1", "yaml-colon", 1, 14),
    ("a line indented by mistake", "a: 1\n  b: 2", "yaml-colon", 2, 4),
    ("no space after the colon", "a:1\nb: 2", "yaml-colon", 2, 2),
    ("a tab", "a:\n\tb: 1", "yaml-tab", 2, 1),
    ("a tab on the next line", "a: 1\n\tb: 1", "yaml-tab", 2, 1),
    ("a quote that does not end", "a: 'b", "yaml-syntax", 1, 6),
    ("a bracket that does not end", "a: [1, 2", "yaml-syntax", 1, 9),
    ("a bracket that does not end, and empty lines", "a: [1, 2\n\n", "yaml-syntax", 1, 9),
    ("a sign that begins nothing", "a: @b", "yaml-syntax", 1, 4),
    ("a map in a list", "a: 1\n- b", "yaml-syntax", 2, 1),
]


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("text", "code", "line", "column"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refuses(text: str, code: str, line: int, column: int) -> None:
    with pytest.raises(YamlProblem) as refused:
        load(text)
    assert (refused.value.code, refused.value.line, refused.value.column) == (code, line, column)


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("escape", [r"\U00110000", r"\UFFFFFFFF", r"\uD800", r"\xZZ"])
def test_refuses_characters_that_do_not_exist(escape: str) -> None:
    with pytest.raises(YamlProblem) as refused:
        load(f'a: "{escape}"')
    assert refused.value.code in ("yaml-syntax", "yaml-control-character")
    assert refused.value.line == 1


def test_every_code_is_refused_somewhere() -> None:
    assert {case[2] for case in REFUSED} | {"front-matter-missing", "front-matter-unterminated"} == set(
        strictyaml.CODES
    )


def test_a_problem_holds_what_a_sentence_needs() -> None:
    with pytest.raises(YamlProblem) as refused:
        load("a: 1\nb: 2\na: 3", first_line=2)
    problem = refused.value
    assert (problem.line, problem.values) == (4, {"key": "a", "first_line": 2})
    assert str(problem) == "4:1: the same key twice in one map"
    with pytest.raises(YamlProblem) as refused:
        load("a: \u202e")
    assert refused.value.values == {"character": "U+202E"}


@pytest.mark.usefixtures("either_parser")
def test_places() -> None:
    loaded = load(
        "title: ประกาศ\nevidence:\n- {kind: memo, date: 2569-01-22}\n- kind: order\n  covers:\n  - มกราคม\n",
        first_line=2,
    )
    assert loaded.places == {
        (): (2, 1),
        ("title",): (2, 8),
        ("evidence",): (4, 1),
        ("evidence", 0): (4, 3),
        ("evidence", 0, "kind"): (4, 10),
        ("evidence", 0, "date"): (4, 22),
        ("evidence", 1): (5, 3),
        ("evidence", 1, "kind"): (5, 9),
        ("evidence", 1, "covers"): (7, 3),
        ("evidence", 1, "covers", 0): (7, 5),
    }
    assert loaded.keys == {
        ("title",): (2, 1),
        ("evidence",): (3, 1),
        ("evidence", 0, "kind"): (4, 4),
        ("evidence", 0, "date"): (4, 16),
        ("evidence", 1, "kind"): (5, 3),
        ("evidence", 1, "covers"): (6, 3),
    }


# Front matter ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("---\na: 1\n---\nbody\n", FrontMatter("a: 1\n", 2, "body\n", 4)),
        ("\ufeff---\r\na: 1\r\n---\r\nbody\r\n", FrontMatter("a: 1\n", 2, "body\n", 4)),
        ("---\n---\n", FrontMatter("", 2, "", 3)),
        ("---\n---", FrontMatter("", 2, "", 3)),
        ("---  \na: 1\n--- \n\n---\n", FrontMatter("a: 1\n", 2, "\n---\n", 4)),
        ("---\na: '---'\n ---\n---\nx", FrontMatter("a: '---'\n ---\n", 2, "x", 5)),
    ],
)
def test_front_matter(text: str, parts: FrontMatter) -> None:
    assert split_front_matter(text) == parts


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "front-matter-missing"),
        ("# Title\n", "front-matter-missing"),
        ("\n---\na: 1\n---\n", "front-matter-missing"),
        ("----\na: 1\n---\n", "front-matter-missing"),
        ("---", "front-matter-unterminated"),
        ("---\na: 1\n", "front-matter-unterminated"),
        ("---\na: 1\n ---\n", "front-matter-unterminated"),
    ],
)
def test_front_matter_refused(text: str, code: str) -> None:
    with pytest.raises(YamlProblem) as refused:
        split_front_matter(text)
    assert (refused.value.code, refused.value.line) == (code, 1)


@given(front=st.lists(st.sampled_from(["a: 1", "", "# x", "b: ข"])), body=st.text(alphabet="ab-\n ก"))
def test_lines_are_those_of_the_file(front: list[str], body: str) -> None:
    text = "\n".join(["---", *front, "---", body])
    parts = split_front_matter(text)
    lines = text.split("\n")
    assert "\n".join(lines[parts.body_line - 1 :]) == parts.body
    assert [f"{line}\n" for line in lines[parts.front_line - 1 : parts.body_line - 2]] == parts.front.splitlines(True)


# Whatever comes --------------------------------------------------------------------------------------------------

YAML_LIKE = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *"-:?,[]{}#&*!|>'\"%@`\\ \t\n\r",
                "\n  ",
                ": ",
                "- ",
                "---\n",
                "...\n",
                "<<: ",
                "\\U",
                "\\x",
                "1.5",
                "true",
                "ก้",
            ]
        ),
        st.text(max_size=3),
    ),
    max_size=40,
).map("".join)


def _problem(read: Callable[[str], object], text: str) -> YamlProblem | None:
    try:
        read(text)
    except YamlProblem as problem:
        return problem
    return None


@pytest.mark.parametrize("loader", LOADERS)
@given(text=st.one_of(YAML_LIKE, st.text(st.characters())))
def test_nothing_but_a_yaml_problem_is_ever_raised(loader: Any, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strictyaml, "LOADER", loader)
        if problem := _problem(load, text):
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
    _problem(split_front_matter, text)


PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**14), 10**14),
        st.decimals(-1000, 1000, places=2).map(float),
        st.text(st.characters(codec="utf-8", categories=["L", "Nd", "P", "Zs"]), max_size=8),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text("abcกขค้ำ:- 1", max_size=5), inner, max_size=4),
    ),
    max_leaves=12,
)


def _floats(value: Any) -> Any:
    """Decimals as floats, as other readers have them."""
    match value:
        case Decimal():
            return float(value)
        case list():
            return [_floats(item) for item in value]
        case dict():
            return {key: _floats(item) for key, item in value.items()}
        case _:
            return value


@given(PLAIN, st.booleans())
def test_plain_data_reads_as_everywhere(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=flow, sort_keys=False)
    assert _floats(load(text).value) == yaml.safe_load(text) == value


@given(PLAIN)
def test_every_value_has_a_place(value: Any) -> None:
    def paths(node: Any, path: tuple[str | int, ...]) -> set[tuple[str | int, ...]]:
        entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        return {path}.union(*(paths(item, (*path, key)) for key, item in entries))

    loaded = load(yaml.safe_dump(value, allow_unicode=True))
    assert set(loaded.places) == paths(value, ())
    assert set(loaded.keys) == {path for path in loaded.places if path and isinstance(path[-1], str)}
