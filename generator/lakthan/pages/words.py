"""How the site says things: sentences, titles and numbers in its language, and text made safe for Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from markupsafe import Markup, escape

from lakthan import messages, thai
from lakthan.messages import Digits, Language
from lakthan.model import Message
from lakthan.rubric import Area, Rubric, Text


@dataclass(frozen=True, slots=True)
class Words:
    """A language, and the digits to write numbers in."""

    language: Language
    digits: Digits

    def say(self, key: str, /, **args: object) -> str:
        """A sentence of the catalogue's `pages`."""
        return (
            self.said(Message(f"pages.{key}", args))
            if args
            else messages.plain(f"pages.{key}", self.language, self.digits)
        )

    def said(self, message: Message) -> str:
        """A sentence that came with a score, such as a reason."""
        return messages.say(message, self.language, self.digits)

    def text(self, text: Text | None) -> str:
        """A text of a rubric or a unit, its numbers in the site's digits."""
        if text is None:
            return ""
        if self.language == "en":
            return text.en
        return thai_numbers(text.th) if self.digits == "thai" else text.th

    def show(self, value: object) -> str:
        """A number, a date or an id as the public expects it."""
        if isinstance(value, str):
            return thai.thai_digits(value) if self.language == "th" and self.digits == "thai" else value
        return messages.show(value, self.language, self.digits)

    def numbered(self, number: str, title: Text | None) -> str:
        """A title after its number, as official documents write it: `๑. …`, but `๑.๒ …`."""
        return f"{self.show(number)}{'' if '.' in number else '.'} {self.text(title)}"

    def heading(self, area: Area) -> str:
        """An area's title, after its number where its id is one."""
        return self.numbered(area.id, area.title) if re.fullmatch(r"\d+(\.\d+)*", area.id) else self.text(area.title)

    def span(self, rubric: Rubric, names: Sequence[str]) -> str:
        """Indicators or areas by number, a run of three or more as from–to."""
        order = [indicator.id for indicator in rubric.every_indicator()]
        places = [order.index(name) for name in names if name in order]
        if len(places) == len(names) > 2 and places == list(range(places[0], places[0] + len(places))):
            return f"{self.show(names[0])}–{self.show(names[-1])}"
        return ", ".join(self.show(name) for name in names)

    def level_title(self, rubric: Rubric, level: str | None) -> str:
        """The title of a level by its id, or that none is reached."""
        found = next((known for known in rubric.levels if known.id == level), None)
        return self.text(found.title) if found else self.say("level.none")

    def measure(self, points: Fraction, most: Fraction) -> str:
        """Points of how many, in words."""
        return self.say("score.of", points=points, max=most)


_NUMBER = re.compile(r"(?<![A-Za-z0-9_/-])(?<![A-Za-z0-9]\.)\d+(?:[.,/]\d+)*(?![A-Za-z0-9_/-])")


@lru_cache(8192)  # texts of rubrics stand on the pages of every unit
def thai_numbers(text: str) -> str:
    """The numbers of a Thai sentence in Thai digits; what belongs to a Latin word or an address is left alone.

    >>> thai_numbers("ร้อยละ 80 ตาม ISO27001 ไตรมาส 4/2566 example.go.th/2569/7")
    'ร้อยละ ๘๐ ตาม ISO27001 ไตรมาส ๔/๒๕๖๖ example.go.th/2569/7'
    """
    return _NUMBER.sub(lambda found: thai.thai_digits(found[0]), text)


# Text for Markdown and for the theme -----------------------------------------------------------------------------

_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")


def one_line(value: object) -> object:
    """What a template fills in, without line breaks: nothing of it may begin a line of the page (see `tidy`)."""
    if not isinstance(value, str):
        return value
    # Nearly all text is printable, and this is much the fastest way to see that there is no break in it.
    if isinstance(value, Markup):
        text = str(value)
        if not text.isprintable():
            text = " ".join(filter(None, text.split("\n")))  # as a rule there is nothing else, and this is quicker
            text = text if text.isprintable() else _BREAKS.sub(" ", text)
        return Markup(text.strip())  # noqa: S704 (it is markup)
    return value if value.isprintable() else _BREAKS.sub(" ", value)


_HEADING_LINE = re.compile("\n(#[^\n]*)")


def tidy(text: str) -> str:
    """Markdown as both builders read it the same: a block of HTML without blank lines, each heading on its own.

    >>> tidy("  <div>\\n\\n  <p>x</p>\\n</div>\\n## y { #y }\\n")
    '<div>\\n<p>x</p>\\n</div>\\n\\n## y { #y }\\n'
    """
    lines = "\n".join(filter(None, map(str.strip, text.split("\n"))))
    spaced = _HEADING_LINE.sub(r"\n\n\1\n", f"\n{lines}")
    while "\n\n\n" in spaced:
        spaced = spaced.replace("\n\n\n", "\n\n")
    return spaced.strip("\n") + "\n"


def md(text: str) -> Markup:
    """Text for a Markdown heading: whatever could mean something to Markdown or HTML stands as a character reference.

    >>> md("Do & Don't *x*")
    Markup('Do &#38; Don&#39;t &#42;x&#42;')
    """
    return Markup(re.sub(r"[!-/:-@\[-`{-~]", lambda found: f"&#{ord(found[0])};", _BREAKS.sub(" ", text)))  # noqa: S704


def code(text: str) -> Markup:
    """Text with its words in backticks as code.

    >>> code("`a<b>` & c")
    Markup('<code>a&lt;b&gt;</code> &amp; c')
    """
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped)


_TAME = str.maketrans({"<": "‹", ">": "›", '"': "”", "{": "(", "}": ")", "\\": "/"})


@lru_cache(4096)  # titles stand in the menus of many pages
def tame(text: str) -> str:
    """Text for front matter, which the theme's own templates do not escape.

    >>> tame('<b class="x">{{ y }}</b>')
    '‹b class=”x”›(( y ))‹/b›'
    """
    return _BREAKS.sub(" ", text).translate(_TAME).strip()
