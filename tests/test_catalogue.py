"""The catalogue: complete in both languages, holding every sentence that the code says, and typed as Thai should be."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import lakthan
from lakthan import diagnostics, doctor, exports, links, lint, messages, strictyaml
from lakthan.forms import LABELS
from lakthan.pages.search import WORDS
from lakthan.rubric import CONDITIONS
from lakthan.search import KINDS

CODE = Path(lakthan.__file__).parent
TEMPLATES = Path(__file__).parents[1] / "site_templates"
TH, EN = messages.catalogue("th"), messages.catalogue("en")


def _keys_of(prefix: str) -> Iterator[str]:
    """What the catalogue itself lists under *prefix*."""
    return (key.removeprefix(f"{prefix}.") for key in messages.catalogue("th") if key.startswith(f"{prefix}."))


FAMILIES: dict[str, tuple[str, ...]] = {
    "Message limit.{}": ("at_least", "more_than", "at_most", "less_than"),
    "Message where.{}{}": tuple(
        f"{number}{limit}" for number in ("", "number_") for limit in ("at_least", "more_than", "at_most", "less_than")
    ),
    "Message reason.covers_{}": ("month", "quarter"),
    "Message need.covers_{}": ("month", "quarter"),
    "Message impossible.{}": ("deadline", "no-period", "limits", "over-hundred", "few-choices"),
    "Message wanted.{}": ("text", "number", "yes_no", "list", "map", "more", "other"),
    "Message severity.{}": ("error", "warning", "note"),
    "problem wrong-{}": ("number", "date", "day", "month", "era"),
    "problem language-{}": (
        "comparison", "of-what", "award", "leaf", "leaf-keys", "children", "choices", "period-and-rounds"
    ),
    "Message document.where.{}": tuple(_keys_of("document.where")),
    "Message document.trouble.{}": tuple(_keys_of("document.trouble")),
    "Message privacy.kind.{}": tuple(_keys_of("privacy.kind")),
    "Message attachment.kind.{}": tuple(_keys_of("attachment.kind")),
    "problem {}-found": ("citizen-number", "phone", "email", "bank-account"),
    "Message link.{}": links.STATUSES,
    "Message link.{}-code": ("denied", "server-error", "broken"),
    "Message links.{}": ("offline", "died", "revived", "changed", "still", "checked"),
    "say condition.covers_{}": ("month", "quarter"),
    "Message doctor.name.{}": tuple(doctor.CHECKS),
    "Message doctor.state.{}": ("fine", "doubt", "broken"),
    "say search.{}": WORDS,
    "say search.kinds.{}": KINDS,
    "say size.{}": ("kb", "mb"),
    "Message hub.lost.{}": ("task", "no_dask", "no_scheduler", "no_workers", "version"),
    "Message review.verdict.{}": ("accept", "reject", "ask"),
    "Message pages.data.table.{}": tuple(table.name for table in exports.TABLES),
    "Message pages.data.column.{}": tuple({name: 0 for table in exports.TABLES for name in table.columns}),
    "Message form.label.{}": LABELS,
    "Message editor.{}": tuple(_keys_of("editor")),
    "Message editor.panel.{}": tuple(_keys_of("editor.panel")),
    "Message editor.cms.{}": tuple(_keys_of("editor.cms")),
    "Message pages.award.{}": ("highest", "sum", "mean"),
    "Message signoff.{}": tuple(_keys_of("signoff")),
    "Message csv.{}": tuple(_keys_of("csv")),
    "named table.{}": tuple(_keys_of("csv.table")),
    "named column.{}": tuple(_keys_of("csv.column")),
    "own handling.undated.{}": ("reject", "at_signature"),
    "own handling.late.{}": ("count", "reject"),
}  # fmt: skip
"""Keys that the code puts together, by the call and its f-string: what may stand in its gaps."""
THROUGH = {"Message problem.{}.message", "Message problem.{}.help", "Message problem.{}.explain", "Message pages.{}"}
"""F-strings that are given whole codes and keys, which are looked for where they are given."""


def _texts(catalogue: object) -> Iterator[tuple[str, str]]:
    assert isinstance(catalogue, dict)
    for key, value in catalogue.items():
        if isinstance(value, str):
            yield key, value
        else:
            yield from ((f"{key}.{form}", text) for form, text in value.items())


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


# The two languages -----------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_keys() -> None:
    assert set(TH) == set(EN)


def test_both_languages_fill_in_the_same() -> None:
    """One of two forms may leave a number out, and Thai may count with a unit where English needs none."""

    def gaps(value: object) -> set[str]:
        return set().union(*(_gaps(text) for _, text in _texts({"": value})))

    differing = {key for key in TH if gaps(TH[key]) - {"unit", "be"} != gaps(EN[key]) - {"unit", "ce"}}
    assert differing == set()


def test_gaps_have_names() -> None:
    unnamed = {key for texts in (TH, EN) for key, text in _texts(texts) if not all(map(str.isidentifier, _gaps(text)))}
    assert unnamed == set()


@pytest.mark.parametrize("code", diagnostics.codes())
def test_a_problem_is_stated_and_explained(code: str) -> None:
    for language in messages.LANGUAGES:
        assert messages.catalogue(language)[f"problem.{code}.message"]
        assert messages.catalogue(language)[f"problem.{code}.help"]
        explained = diagnostics.explain(code, language)
        assert explained
        assert "\n\n    " in explained  # an example


@pytest.mark.parametrize("code", diagnostics.codes())
def test_a_message_states_and_help_suggests_in_one_style(code: str) -> None:
    for key, text in _texts({key: EN[key] for key in (f"problem.{code}.message", f"problem.{code}.help")}):
        assert not text[0].isupper(), key
        assert not text.endswith("."), key
        assert "\n" not in text, key
        assert text.count("`") % 2 == 0, key


# What the code says ----------------------------------------------------------------------------------------------

CALLS = {"Message": "Message", "say": "say", "report": "problem", "Diagnostic": "problem", "Doubt": "problem"}
REPORTING = (
    "load",
    "check",
    "lint",
    "names",
    "strictyaml",
    "attachments",
    "links",
    "reach",
    "verify",
    "privacy",
    "writing",
    "intake",
    "hub/listing",
    "hub/gather",
    "hub/derive",
)


def _said() -> Iterator[tuple[str, str]]:
    """What is said and where from: the call, and the key, code or f-string with `{}` for its gaps."""
    for path in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            # `say` of a page adds `pages.` to its key; the function of the catalogue takes a message.
            if name in CALLS and node.args and not (name == "say" and path.parent.name != "pages"):
                yield from ((CALLS[name], text) for text in _strings(node.args[0]))
            if name in ("Unresolved", "_known"):
                codes = (text for argument in node.args for text in _strings(argument))
                yield from (("problem", code) for code in codes if code.startswith("rubric-"))


def _strings(node: ast.expr) -> Iterator[str]:
    """The texts that an argument may be."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.IfExp(body=body, orelse=orelse):
            yield from _strings(body)
            yield from _strings(orelse)


def _spelt_out() -> set[tuple[str, str]]:
    """What is said, with the members of each family."""
    found: set[tuple[str, str]] = set()
    for call, text in _said():
        family = f"{call} {text}"
        if "{}" not in text:
            found.add((call, text))
        elif family not in THROUGH:
            assert family in FAMILIES, f"list what may stand in {family}"
            start, *_, end = text.split("{}")
            found |= {(call, f"{start}{member}{end}") for member in FAMILIES[family]}
    return found


def test_every_sentence_is_in_the_catalogue() -> None:
    wanted = {"Message": "{}", "say": "pages.{}", "problem": "problem.{}.message"}
    missing = {key for call, text in _spelt_out() if (key := wanted[call].format(text)) not in EN}
    assert missing == set()


def test_every_problem_is_reported_somewhere() -> None:
    """A code is written out in the code, is of a family, or one of the YAML reader's."""
    written = {
        node.value
        for name in REPORTING
        for node in ast.walk(ast.parse((CODE / f"{name}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    families = {text for call, text in _spelt_out() if call == "problem"}
    assert set(diagnostics.codes()) <= written | families | set(strictyaml.CODES)


def test_every_problem_of_the_yaml_reader_is_in_the_catalogue() -> None:
    assert set(strictyaml.CODES) <= set(diagnostics.codes())


def test_the_families_are_whole() -> None:
    """What can be read off the code is listed completely."""
    source = (CODE / "rubric.py").read_text(encoding="utf-8")
    raised = {code.replace("_", "-") for code in re.findall(r'PydanticCustomError\(\s*"(\w+)"', source)}
    assert raised == set(FAMILIES["problem language-{}"])
    raised = set(re.findall(r'Unreadable\("(\w+)"', (CODE / "thai.py").read_text(encoding="utf-8")))
    assert raised == set(FAMILIES["problem wrong-{}"])
    tree = ast.parse(Path(lint.__file__).read_text(encoding="utf-8"))
    given = {
        str(node.value.value)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name in ("impossible", "_too_many_kinds")
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and node.value.value
    }
    assert given <= set(FAMILIES["Message impossible.{}"])


def test_every_sentence_of_the_templates_is_in_the_catalogue() -> None:
    said = re.compile(r"""\bsay\(\s*(["'])([^"']+)\1\s*[,)]""")
    missing = {
        f"{path.name}: {found[2]}"
        for path in TEMPLATES.rglob("*.j2")
        for found in said.finditer(path.read_text(encoding="utf-8"))
        if f"pages.{found[2]}" not in EN
    }
    assert missing == set()


def test_help_lists_every_condition() -> None:
    for language in messages.LANGUAGES:
        said = messages.catalogue(language)["problem.unknown-condition.help"]
        assert all(f"`{name}`" in said for name in CONDITIONS)


# Thai ------------------------------------------------------------------------------------------------------------

THAI = re.compile("[\u0e01-\u0e5b]")
MISTYPED = {
    "SARA AM in two parts": "\u0e4d[\u0e48-\u0e4b]?\u0e32",
    "SARA AE of two SARA E": "เเ",
    "two tone marks": "[\u0e48-\u0e4b]{2}",
    "a tone mark before the vowel above or below": "[\u0e48-\u0e4c][\u0e31\u0e34-\u0e3a]",
    "a vowel twice": "([\u0e30-\u0e3a\u0e40-\u0e45])\\1",
    "two vowels above or below": "[\u0e31\u0e34-\u0e3a]{2}",
    "a mark on nothing": "(?:^|[^\u0e01-\u0e2e\u0e31\u0e34-\u0e3a\u0e47-\u0e4d])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4d]",
    "a tone mark after SARA AM or SARA AA": "[\u0e32\u0e33][\u0e48-\u0e4b]",
    "an invisible character": "[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]",
    "a space twice": "[^ \n]  +[^ #]",
}


@pytest.mark.parametrize("mistake", MISTYPED)
def test_no_text_is_mistyped(mistake: str) -> None:
    pattern = re.compile(MISTYPED[mistake])
    shown = [key for texts in (TH, EN) for key, text in _texts(texts) if pattern.search(_prose(text))]
    assert shown == []


@pytest.mark.parametrize(
    ("mistake", "example"),
    [
        ("SARA AM in two parts", "น\u0e4d\u0e32"),
        ("SARA AE of two SARA E", "เเผน"),
        ("two tone marks", "ที่่"),
        ("a tone mark before the vowel above or below", "ท\u0e48\u0e35"),
        ("a mark on nothing", " \u0e48"),
        ("an invisible character", "ก\u200bข"),
    ],
)
def test_mistypings_are_seen(mistake: str, example: str) -> None:
    assert re.search(MISTYPED[mistake], example)


def test_thai_texts_are_thai() -> None:
    """Nothing is left in Latin letters but names, what stands in backticks, and abbreviations in capitals."""
    left = [
        key
        for key, text in _texts(TH)
        if not THAI.search(text) and re.search("[a-z]{2}", re.sub(r"`[^`]*`|\{[^}]*\}|https?://\S+", "", text))
    ]
    assert left == []


def test_english_texts_are_english() -> None:
    """Explanations and the hints of the form quote Thai; nothing else does, but names of files and dates."""
    quoting = re.compile(r"^problem\.[^.]+\.(help|explain)$|^editor\.([a-z]+_hint|wrong\.[a-z]+)$")
    assert [key for key, text in _texts(EN) if THAI.search(text) and not quoting.match(key)] == []


def _prose(text: str) -> str:
    """A text without its examples, which show what is wrong on purpose."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("    "))
