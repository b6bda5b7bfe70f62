"""Scores as pictures: the tint of a score, the length of a bar or a ring, and the steps of the points over time."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from lakthan import thai
from lakthan.model import Assessment
from lakthan.pages.words import Words
from lakthan.rubric import Round


def tone(points: Fraction, most: Fraction) -> str:
    """How a score is tinted, beside its digits: `full`, `part`, `none`, or `na` where nothing was to be had."""
    if not most:
        return "na"
    return "full" if points >= most else "part" if points > 0 else "none"


def share(points: Fraction, most: Fraction) -> str:
    """Per cent for the length of a bar.

    >>> share(Fraction(1), Fraction(3))
    '33.33'
    """
    return thai.show_number(100 * points / most).replace(",", "") if most else "0"


def ring(points: Fraction, most: Fraction) -> str:
    """The length of a ring's arc in per cent; a score short of full never closes it.

    >>> ring(Fraction(119), Fraction(120)), ring(Fraction(120), Fraction(120))
    ('98', '100')
    """
    part = 100 * points / most if most else Fraction(0)
    return thai.show_number(part if part >= 100 or part == 0 else min(max(part, Fraction(1)), Fraction(98)), 1)


def timeline(words: Words, assessment: Assessment) -> dict[str, Any] | None:
    """The points over time as steps: a path in a box of 100 × 100, and where the labels stand along its sides.

    None where there is no more than one step.
    """
    line = assessment.timeline
    if len(line) < 2 or not assessment.latest.max:
        return None
    rubric = assessment.portfolio.rubric
    windows: list[Any] = list(rubric.rounds) or ([rubric.period] if rubric.period else [])
    first = min([line[0][0], *(window.from_ for window in windows)])
    last = max([line[-1][0], *(window.to for window in windows)])
    most, days = assessment.latest.max, max((last - first).days, 1)

    def x(day: datetime.date) -> str:
        return f"{100 * (day - first).days / days:.2f}"

    def y(points: Fraction) -> str:
        return f"{float(100 - 100 * points / most):.2f}"

    path = f"M0 {y(Fraction(0))}"
    for day, points in line:
        path += f"H{x(day)}V{y(points)}"
    newest = max([line[-1][0], *assessment.portfolio.dates()[-1:]])
    end = min(newest, last)
    path += f"H{x(end)}"
    parts = 3 if most % 3 == 0 and most % 4 else 4
    return {
        "line": path,
        "area": f"{path}V100H0Z",
        "ys": [{"at": y(most * i / parts), "label": words.show(most * i / parts)} for i in range(parts + 1)],
        "xs": [{"at": x(day), "label": _month(words, day)} for day in _ticks(first, last) if float(x(day)) < 96],
        "windows": [{"at": x(round.to), "title": round.title} for round in windows if isinstance(round, Round)],
        "rows": line,
        "end": {"x": x(end), "y": y(line[-1][1]), "label": words.show(line[-1][1]), "late": float(x(end)) > 85},
        "max": most,
    }


def _ticks(first: datetime.date, last: datetime.date) -> Iterator[datetime.date]:
    """The first day of every second month, from the first one inside."""
    year, month = first.year, first.month
    if first.day > 1:
        month += 1
    while True:
        day = datetime.date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
        if day > last:
            return
        yield day
        month += 2


def _month(words: Words, day: datetime.date) -> str:
    names = thai.MONTHS[day.month - 1]
    if words.language == "th":
        return f"{names[0]} {words.show(str(thai.buddhist(day.year))[2:])}"
    return f"{names[2]} {day.year}"
