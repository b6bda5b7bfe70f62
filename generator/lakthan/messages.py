"""Sentences of the catalogue, said in a language.

The files in `catalogue/th/` and `catalogue/en/` hold the same keys. A text may hold `{name}` to be filled in, and may
be a map `one`/`other`, chosen by the argument `n`.
"""

from __future__ import annotations

import datetime
import re
import string
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Literal

import yaml

from lakthan import strictyaml, thai
from lakthan.model import Message
from lakthan.rubric import Text

Language = Literal["th", "en"]
Digits = Literal["thai", "ascii"]
_ID = re.compile(r"\d+(\.\d+)*")
"""The id of an indicator or area, which is read as a number and never a link by itself."""
LANGUAGES: tuple[Language, ...] = ("th", "en")


@cache
def catalogue(language: Language) -> Mapping[str, str | Mapping[str, str]]:
    """Key → text, flat: nested maps are joined by dots."""
    flat: dict[str, str | Mapping[str, str]] = {}

    def walk(prefix: str, node: Mapping[str, object]) -> None:
        for key, value in node.items():
            path = f"{prefix}.{key}" if prefix else str(key)
            if isinstance(value, Mapping) and not set(value) <= {"one", "other"}:
                walk(path, value)
            else:
                flat[path] = {k: str(v) for k, v in value.items()} if isinstance(value, Mapping) else str(value)

    for file in resources.files("lakthan").joinpath("catalogue", language).iterdir():
        walk("", yaml.load(file.read_text(encoding="utf-8"), strictyaml.LOADER))  # noqa: S506 (a safe one)
    return flat


def say(message: Message, language: Language = "th", digits: Digits = "ascii") -> str:
    """The message in *language*. An unknown key is our bug and raises KeyError.

    Thai digits are used for what we write ourselves, never inside strings that came from elsewhere (links, names).
    """
    text = catalogue(language)[message.key]
    args = message.args
    if isinstance(text, Mapping):
        text = text["one"] if args.get("n") == 1 else text["other"]
    return "".join(
        [
            literal if name is None else literal + show(args[name], language, digits)
            for literal, name in _pieces(text, digits == "thai" and language == "th")
        ]
    )


@cache
def plain(key: str, language: Language, digits: Digits) -> str:
    """A sentence that has nothing to be filled in."""
    return say(Message(key), language, digits)


@cache
def _pieces(text: str, thai_digits: bool) -> tuple[tuple[str, str | None], ...]:
    """A text of the catalogue as what stands there, each with the name of what follows it; few texts, said often."""
    return tuple(
        (thai.thai_digits(literal) if thai_digits else literal, name)
        for literal, name, _, _ in string.Formatter().parse(text)
    )


def show(value: object, language: Language = "th", digits: Digits = "ascii") -> str:
    """One argument as text: numbers cut to two decimals, dates in the era of the language, lists joined by commas."""
    match value:
        case str():  # the most frequent first
            return _digits(value, language, digits) if _ID.fullmatch(value) else str(value)
        case Message():
            return say(value, language, digits)
        case bool():
            return say(Message("yes" if value else "no"), language)
        case int() | Fraction():
            return _digits(thai.show_number(value), language, digits)
        case datetime.date():
            return _digits(thai.show_date(value, language=language), language, digits)
        case tuple() | list():
            return ", ".join(show(item, language, digits) for item in value)
        case Text():
            # Rubrics are written in either digits; side by side they look alike. Their texts hold no links.
            return _digits(thai.ascii_digits(value.th), language, digits) if language == "th" else value.en
        case _:
            return str(value)


def _digits(text: str, language: Language, digits: Digits) -> str:
    return thai.thai_digits(text) if digits == "thai" and language == "th" else text


def has(key: str) -> bool:
    """Whether the catalogue knows *key*."""
    return key in catalogue("th")
