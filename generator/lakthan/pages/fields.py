"""What a unit filled in, as HTML: the fields of a record, and the files that it names."""

from __future__ import annotations

import datetime
import posixpath
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from lakthan import messages, thai
from lakthan.messages import Digits, Language
from lakthan.model import Portfolio, Record
from lakthan.pages.addresses import outside
from lakthan.pages.words import Words
from lakthan.rubric import FieldType, Text

VIDEO = re.compile(
    r"^https?://(?:(?:www|m)\.)?(?:youtube\.com/(?:watch|shorts|live|embed)|youtu\.be/|vimeo\.com/\d"
    r"|facebook\.com/(?:watch|[^/]+/videos|reel)|fb\.watch/|tiktok\.com/@[^/]+/video|dailymotion\.com/video)"
)
"""Addresses that show a video."""


def field_value(
    words: Words, record: Record, name: str, kind: FieldType | None = None, own: Mapping[str, str] | None = None
) -> Markup:
    """A field of a record as HTML: dates, choices and links as what they are, all else as text.

    *own* is what the unit says in English of its texts.
    """
    value = record.values.get(name)
    if own and isinstance(value, str):
        value = own.get(value, value)
    choices = kind.choices if kind else {}
    if name == "covers" and record.register == "evidence" and isinstance(value, tuple):
        value = tuple(words.show(thai.show_period(str(period), language=words.language)) for period in value)
    match value:
        case None | "" | ():
            return Markup('<span class="lk-none">–</span>')
        case bool():
            return escape(words.say("word.yes" if value else "word.no"))
        case Fraction():
            shown = words.show(value)
            return escape(f"{shown} %" if kind and kind.type == "percent" else shown)
        case datetime.date():
            return date(words, value)
        case tuple():
            return Markup(", ").join(_part(words, item, choices) for item in value)
    if name == "url" or (kind and kind.type == "url"):
        if url := outside(value):
            if VIDEO.search(url):
                # A card, not a player: a player would ask the other server before anybody clicked.
                return Markup('<a class="lk-video" href="{}" rel="noopener"><span>{}</span> {}</a>').format(
                    url, words.say("preview.video"), _bare(url)
                )
            return Markup('<a href="{}" rel="noopener">{}</a>').format(url, _bare(url))
        return escape(value)
    return _part(words, value, choices)


def _part(words: Words, item: object, choices: Mapping[str, Text]) -> Markup:
    if isinstance(item, datetime.date):
        return date(words, item)
    return escape(words.text(choices[item]) if isinstance(item, str) and item in choices else item)


def _bare(url: str) -> str:
    return re.sub(r"^(https?://(www\.)?|mailto:)", "", url).rstrip("/")


def date(words: Words, day: datetime.date) -> Markup:
    """A date for people and for programs."""
    return _time(day, words.language, words.digits)


@lru_cache(4096)  # the same days stand on many pages
def _time(day: datetime.date, language: Language, digits: Digits) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), messages.show(day, language, digits))


def attachment(
    words: Words,
    sizes: Mapping[str, int],
    previews: Mapping[str, tuple[int, int]],
    portfolio: Portfolio,
    name: object,
) -> dict[str, Any] | None:
    """A file that a record names: where it stands on the site, how big it is, and its small picture if it has one.

    It has no address if it is not there.
    """
    if not isinstance(name, str) or not name:
        return None
    size = sizes.get(f"{portfolio.folder}/{name}")
    inside = posixpath.normpath(name) == name and not name.startswith(("/", "../"))
    drawn = previews.get(f"{portfolio.folder}/{name}") if size is not None and inside else None
    return {
        "preview": drawn and _preview(f"{portfolio.id}/previews/{quote(name)}.webp", *drawn),
        "name": posixpath.basename(name),
        "url": f"{portfolio.id}/{quote(name)}" if size is not None and inside else None,
        "size": None if size is None else size_in_words(words, size),
        "kind": posixpath.splitext(name)[1].removeprefix(".").upper(),
    }


def _preview(url: str, wide: int, high: int) -> dict[str, Any]:
    # It has the pixels for sharp screens, and takes two fifths of them.
    return {"url": url, "wide": wide * 2 // 5, "high": high * 2 // 5}


def size_in_words(words: Words, size: int) -> str:
    """How big a file of *size* bytes is."""
    for unit, scale in (("mb", 1_000_000), ("kb", 1_000)):
        if size >= scale:
            return words.say(f"size.{unit}", n=Fraction(round(10 * size / scale), 10))
    return words.say("size.b", n=size)
