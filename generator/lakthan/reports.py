"""Diagnostics as people and machines want them: on a terminal, for programs, for code hosts and test reports.

`FORMATS` lists them. Each shows every diagnostic once, whatever its texts hold: what an author wrote never becomes a
command to a terminal, a second annotation, or markup.
"""

from __future__ import annotations

import hashlib
import json
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from lakthan import __version__, diagnostics, messages
from lakthan.diagnostics import Diagnostic, Severity
from lakthan.messages import Language
from lakthan.model import Message, Place

Line = Callable[[Place], str | None]
"""Gives the text of the line at a place, or None."""
Format = Callable[[Sequence[Diagnostic], Language, Line, bool], str]
"""Diagnostics, a language, the lines of the files, and whether warnings fail → a text without a last line end."""

STRENGTH: tuple[Severity, ...] = ("error", "warning", "note")
"""Severities, the worst first."""


# For people ------------------------------------------------------------------------------------------------------


def full(found: Sequence[Diagnostic], language: Language, line: Line, _strict: bool) -> str:
    """Message, place, the line itself, help; a blank line after each."""
    return "\n".join(_full(one, language, line) + "\n" for one in found)


def concise(found: Sequence[Diagnostic], language: Language, _line: Line, _strict: bool) -> str:
    """One line each."""
    return "\n".join(diagnostics.concise(_harmless(one), language) for one in found)


def _full(diagnostic: Diagnostic, language: Language, line: Line) -> str:
    text = _text(diagnostic.place, line)
    return diagnostics.full(_harmless(diagnostic), language, lambda _: text if text is None else visible(text))


# For programs ----------------------------------------------------------------------------------------------------


def as_json(found: Sequence[Diagnostic], _language: Language, _line: Line, _strict: bool) -> str:
    """Everything, in both languages."""
    return _json(diagnostics.document(found))


SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(found: Sequence[Diagnostic], language: Language, line: Line, _strict: bool) -> str:
    """SARIF 2.1.0, for code hosts and editors: the rules that were broken, in both languages, and where."""
    codes = sorted({one.code for one in found})
    rules = [_rule(code, language, [one.severity for one in found if one.code == code]) for code in codes]
    results = []
    seen: Counter[str] = Counter()
    for one in found:
        text = _text(one.place, line)
        print_ = _fingerprint(one, text)
        seen[print_] += 1
        region = {"startLine": max(1, one.place.line), "startColumn": _utf16_column(one.place.column, text)}
        artifact = {"uri": _uri(one.place.file), "uriBaseId": "%SRCROOT%"}
        results.append(
            {
                "ruleId": one.code,
                "ruleIndex": codes.index(one.code),
                "level": one.severity,
                "message": {"text": _sarif_text(_said(one, language))},
                "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
                # The name and form that GitHub reads. By the line's text and not its number: what stands above moves.
                "partialFingerprints": {"primaryLocationLineHash": f"{print_}:{seen[print_]}"},
            }
        )
    base = {"description": {"text": "The project's folder, which holds content/ and rubrics/."}}
    run = {
        "tool": {"driver": {"name": "Lakthan", "semanticVersion": __version__, "rules": rules}},
        "language": language,
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {"%SRCROOT%": base},
        "results": results,
    }
    return _json({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str, language: Language, severities: Iterable[Severity]) -> dict[str, Any]:
    """What a code means. Viewers show `text` or `markdown`; programs find each language in `properties`."""
    ordered = sorted(messages.LANGUAGES, key=lambda one: one != language)
    short = {one: _stated(code, one) for one in messages.LANGUAGES}
    long = {one: diagnostics.explain(code, one) or short[one] for one in messages.LANGUAGES}
    return {
        "id": code,
        "shortDescription": {"text": short[language], "markdown": "\n\n".join(short[one] for one in ordered)},
        "fullDescription": {
            "text": long[language].split("\n\n")[0].strip(),
            "markdown": "\n\n".join(long[one].split("\n\n")[0].strip() for one in ordered),
        },
        "help": {
            "text": long[language].strip(),
            "markdown": "\n\n---\n\n".join(long[one].strip() for one in ordered),
        },
        "defaultConfiguration": {"level": min(severities, key=STRENGTH.index)},
        "properties": {"message": short, "explain": long},
    }


def _stated(code: str, language: Language) -> str:
    """The message of a code with nothing filled in.

    >>> _stated("self-score-impossible", "en")
    'indicator …: the unit gives itself … of … points'
    """
    text = messages.catalogue(language)[f"problem.{code}.message"]
    whole = text["other"] if isinstance(text, Mapping) else text
    return "".join(
        literal + ("…" if name is not None else "") for literal, name, _, _ in string.Formatter().parse(whole)
    )


def _sarif_text(text: str) -> str:
    """A plain message of SARIF, in which braces are doubled and `[text](address)` would be a link.

    >>> _sarif_text("{{x}} [here](https://…)")
    '{{{{x}}}} [here] (https://…)'
    """
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")


def _uri(file: str) -> str:
    """A path as a relative reference, which no first slash or colon turns into another host or scheme.

    >>> _uri("content/a b/1.md"), _uri("//host/x"), _uri("c:/x")
    ('content/a%20b/1.md', 'host/x', 'c%3A/x')
    """
    return quote(file.lstrip("/"), safe="/", errors="replace")


def _utf16_column(column: int, text: str | None) -> int:
    """A column counted in characters, as editors and code hosts count it: letters beyond U+FFFF are two.

    >>> _utf16_column(3, "😀ก"), _utf16_column(3, None)
    (4, 3)
    """
    before = (text or "")[: max(0, column - 1)]
    return max(1, column) + sum(character > "\uffff" for character in before)


def _fingerprint(diagnostic: Diagnostic, text: str | None) -> str:
    where = unicodedata.normalize("NFC", " ".join((text or "").split()))
    whole = "\0".join((diagnostic.code, diagnostic.place.file, where))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# For test reports and annotations --------------------------------------------------------------------------------

_ANNOTATIONS = {"error": "error", "warning": "warning", "note": "notice"}


def github(found: Sequence[Diagnostic], language: Language, _line: Line, _strict: bool) -> str:
    """Commands that a GitHub workflow shows beside the lines of a change."""
    out = []
    for one in map(_harmless, found):
        named = {"file": one.place.file, "line": one.place.line, "col": one.place.column, "title": one.code}
        properties = ",".join(f"{name}={_property(str(value))}" for name, value in named.items())
        out.append(f"::{_ANNOTATIONS[one.severity]} {properties}::{_data(_said(one, language))}")
    return "\n".join(out)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def junit(found: Sequence[Diagnostic], language: Language, line: Line, strict: bool) -> str:
    """JUnit XML: a suite for each file, a case for each diagnostic. What does not fail is in the case's output.

    Where nothing was found there is one case that passed: readers take a report without cases for a broken one.
    """
    failing = ("error", "warning") if strict else ("error",)
    top = ET.Element("testsuites", name="lakthan check")
    files: dict[str, list[Diagnostic]] = {}
    for one in found:
        files.setdefault(one.place.file, []).append(one)
    for file, here in files.items():
        suite = ET.SubElement(top, "testsuite", name=visible(file))
        names: Counter[str] = Counter()
        for one in here:
            name = f"{one.code} {one.place.line}:{one.place.column}"
            names[name] += 1
            # Readers take cases of the same name for one.
            case = _case(suite, name if names[name] == 1 else f"{name} ({names[name]})", visible(file))
            case.set("file", visible(file))
            case.set("line", str(one.place.line))
            if one.severity in failing:
                inside = ET.SubElement(case, "failure", type=one.code, message=_harmless(one).message(language))
            else:
                inside = ET.SubElement(case, "system-out")
            inside.text = _full(one, language, line)
        _count(suite)
    if not found:
        suite = ET.SubElement(top, "testsuite", name="lakthan check")
        _case(suite, "lakthan check", "lakthan")
        _count(suite)
    _count(top)
    ET.indent(top)
    # ElementTree would declare the encoding of the locale.
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="unicode")


def _case(suite: ET.Element, name: str, classname: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", name=name, classname=classname, time="0")


def _count(element: ET.Element) -> None:
    element.set("tests", str(sum(1 for _ in element.iter("testcase"))))
    element.set("failures", str(sum(1 for _ in element.iter("failure"))))
    element.set("errors", "0")
    element.set("skipped", "0")
    element.set("time", "0")


FORMATS: Mapping[str, Format] = {
    "full": full,
    "concise": concise,
    "json": as_json,
    "sarif": sarif,
    "github": github,
    "junit": junit,
}


# What they share -------------------------------------------------------------------------------------------------


def _said(diagnostic: Diagnostic, language: Language) -> str:
    """Message and help."""
    diagnostic = _harmless(diagnostic)
    said = diagnostic.help(language)
    label = messages.say(Message("severity.help"), language)
    return "\n".join([diagnostic.message(language)] + [f"{label}: {said}"] * bool(said))


def _text(place: Place, line: Line) -> str | None:
    text = line(place)
    # Columns are counted without the mark that some editors put first.
    return text.removeprefix("\ufeff") if text and place.line == 1 else text


def _json(document: object) -> str:
    # Names of files may hold bytes that are no text, and those no output can take.
    return _SURROGATES.sub("\ufffd", json.dumps(document, ensure_ascii=False, indent=2))


_SURROGATES = re.compile("[\ud800-\udfff]")
# Joiners (U+200C, U+200D) stay: pictures of people are made with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """One line of text without anything that a terminal obeys, XML forbids or nobody sees, each of the same width.

    >>> visible("a\\x1b[2J\\n\\u202eb")
    'a␛[2J␊\ufffdb'
    """
    return _UNSEEN.sub(lambda found: _picture(found[0]), text)


def _picture(character: str) -> str:
    return chr(0x2400 + ord(character)) if character < " " else "␡" if character == "\x7f" else "\ufffd"


def _harmless(diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic with visible texts only."""
    place = replace(diagnostic.place, file=visible(diagnostic.place.file))
    return replace(diagnostic, place=place, args=dict(_harmless_args(diagnostic.args)))


def _harmless_args(args: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in args.items():
        yield name, _harmless_value(value)


def _harmless_value(value: object) -> object:
    match value:
        case str():
            return visible(value)
        case tuple() | list():
            return tuple(map(_harmless_value, value))
        case Message():
            return replace(value, args=dict(_harmless_args(value.args)))
        case _:
            return value
