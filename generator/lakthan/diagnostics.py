"""What an author must fix: code, severity, place, and how that looks.

The words of a diagnostic stand in the catalogue under `problem.<code>`: `message` states, `help` suggests, `explain`
is its manual page (`lakthan explain CODE`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lakthan import messages
from lakthan.messages import Digits, Language
from lakthan.model import Message, Place

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake or doubt, at one place."""

    code: str
    place: Place
    severity: Severity = "error"
    args: Mapping[str, object] = field(default_factory=dict)

    def message(self, language: Language, digits: Digits = "ascii") -> str:
        return messages.say(Message(f"problem.{self.code}.message", self.args), language, digits)

    def help(self, language: Language, digits: Digits = "ascii") -> str:
        """What to write instead; empty where the message says it all."""
        keys = [f"problem.{self.code}.help"] + ["did_you_mean"] * bool(self.args.get("known"))
        return ". ".join(messages.say(Message(key, self.args), language, digits) for key in keys if messages.has(key))


Key = tuple[str, int, int, str, str, str]


def key(found: Diagnostic) -> Key:
    """What orders diagnostics, by place first, and is the same for the same."""
    place = found.place
    return place.file, place.line, place.column, place.sheet, found.code, repr(found.args)


def sort(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By place, each once."""
    return merge((key(one), one) for one in found)


def merge(found: Iterable[tuple[Key, Diagnostic]]) -> tuple[Diagnostic, ...]:
    """As `sort`, of diagnostics whose keys are known."""
    unique = dict(found)
    return tuple(unique[one] for one in sorted(unique))


def explain(code: str, language: Language) -> str | None:
    """The manual page of a code; None if there is no such code."""
    if not messages.has(f"problem.{code}.explain"):
        return None
    return messages.say(Message(f"problem.{code}.explain"), language)


def codes() -> tuple[str, ...]:
    """Every code that the catalogue knows."""
    found = {key.split(".")[1] for key in messages.catalogue("en") if key.startswith("problem.")}
    return tuple(sorted(found))


def manual() -> Iterator[tuple[str, str]]:
    """The manual as Markdown files, a page a code and a list of them: file name and text."""
    head = "<!-- Written by `make docs` from the catalogue; do not edit. -->\n\n"
    listed = "".join(f"- [`{code}`]({code}.md)\n" for code in codes())
    yield (
        "README.md",
        f"{head}# Diagnostics\n\nWhat `lakthan check`, `links` and `verify` report, and how to mend it.\n\n{listed}",
    )
    for code in codes():
        texts = [explain(code, language) or "" for language in messages.LANGUAGES]
        said = "\n## English\n\n".join(f"{text.rstrip()}\n" for text in texts)
        yield f"{code}.md", f"{head}# `{code}`\n\n{said}"


def full(diagnostic: Diagnostic, language: Language, line: Callable[[Place], str | None]) -> str:
    """For people: message, place, the line itself, help. *line* gives the text of a line, or None."""
    severity = messages.say(Message(f"severity.{diagnostic.severity}"), language)
    place = diagnostic.place
    out = [
        f"{severity}[{diagnostic.code}]: {diagnostic.message(language)}",
        f" --> {place.exact}",
    ]
    text = line(place)
    if text is not None and text.strip():
        number = str(place.line)
        gutter = " " * len(number)
        shown = text.rstrip().expandtabs(1)[:160]
        out += [f" {gutter} |", f" {number} | {shown}", f" {gutter} | {_indent(shown, place.column)}^"]
    if said := diagnostic.help(language):
        out.append(f"   = {messages.say(Message('severity.help'), language)}: {said}")
    return "\n".join(out)


def _indent(text: str, column: int) -> str:
    # Thai vowel and tone marks take no column on a terminal.
    return " " * sum(unicodedata.category(character) != "Mn" for character in text[: column - 1])


def concise(diagnostic: Diagnostic, language: Language) -> str:
    """One line: place, severity, code, message."""
    place = diagnostic.place
    said = diagnostic.message(language)
    return f"{place.exact}: {diagnostic.severity}[{diagnostic.code}] {said}"


def document(found: Iterable[Diagnostic]) -> dict[str, Any]:
    """For programs, in both languages."""
    return {
        "problems": [
            {
                "code": d.code,
                "severity": d.severity,
                "file": d.place.file,
                "line": d.place.line,
                "column": d.place.column,
                **({"sheet": d.place.sheet, "cell": d.place.cell} if d.place.sheet else {}),
                "message": {language: d.message(language) for language in messages.LANGUAGES},
                "help": {language: d.help(language) for language in messages.LANGUAGES},
            }
            for d in found
        ]
    }
