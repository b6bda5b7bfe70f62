"""Scores as pictures: the tint of a score, the length of a bar or a ring, steps, columns, and points over time.

All that is drawn lies in a box of 100 × 100, which stretches; the labels are text beside it, so that none is clipped
and none shrinks with its picture.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from lakthan import thai
from lakthan.exports.documents import needed
from lakthan.model import Assessment, NodeScore, Score
from lakthan.pages.words import Words
from lakthan.rubric import Round

Chart = dict[str, Any]


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
    return {
        "line": path,
        "area": f"{path}V100H0Z",
        "ys": _scale(words, most),
        "xs": [{"at": x(day), "label": _month(words, day)} for day in _ticks(first, last) if float(x(day)) < 96],
        "windows": [
            {
                "title": window.title if isinstance(window, Round) else None,
                "from": window.from_,
                "to": window.to,
                "at": x(window.from_),
                "end": x(window.to),
                "wide": f"{100 * (window.to - window.from_).days / days:.2f}",
            }
            for window in windows
        ],
        "rows": line,
        "end": {"x": x(end), "y": y(line[-1][1]), "label": words.show(line[-1][1]), "late": float(x(end)) > 85},
        "max": most,
    }


def gates(words: Words, score: Score) -> Chart | None:
    """The levels as steps: what is reached, what is asked, and what is short of it. None where there are no points."""
    most = max((gate.max for gate in score.gates), default=Fraction(0))
    if not most:
        return None
    columns = []
    for gate in score.gates:
        asked = needed(gate)
        columns.append(
            {
                "title": gate.level.title,
                "solid": (Fraction(0), gate.points),
                "open": (gate.points, gate.max),
                "line": asked,
                "label": words.show(gate.points),
                "short": asked - gate.points if asked is not None and gate.points < asked else None,
            }
        )
    return _columns(words, columns, most)


def waterfall(words: Words, nodes: Sequence[NodeScore]) -> Chart | None:
    """The points of *nodes* one upon the other, each with what it misses, and all of them together at the end.

    None unless they add up to the points of the whole: a mean has no such steps.
    """
    counted = [node for node in nodes if node.applies and node.max]
    most = sum((node.max for node in counted), Fraction(0))
    if not most:
        return None
    columns: list[dict[str, Any]] = []
    reached = Fraction(0)
    for node in counted:
        columns.append(
            {
                "node": node,
                "solid": (reached, reached + node.points),
                "open": (reached + node.points, reached + node.max),
                "label": words.show(node.points),
                "missing": node.max - node.points,
                "reached": reached + node.points,
            }
        )
        reached += node.points
    columns.append(
        {
            "node": None,
            "solid": (Fraction(0), reached),
            "open": (reached, most),
            "label": words.show(reached),
            "missing": most - reached,
            "reached": reached,
        }
    )
    return _columns(words, columns, most)


def shares(words: Words, entries: Sequence[tuple[str, Fraction]]) -> Chart:
    """Shares in per cent side by side, each under its name."""
    most = Fraction(100)
    columns = [
        {"node": name, "solid": (Fraction(0), share), "open": (share, most), "label": words.show(share)}
        for name, share in entries
    ]
    return _columns(words, columns, most)


def _columns(words: Words, columns: Sequence[dict[str, Any]], most: Fraction) -> Chart:
    """Columns in a box of 100 × 100, each with a solid part, an open one above it, and a line at what is asked."""
    wide = Fraction(100, len(columns))

    def place(part: tuple[Fraction, Fraction]) -> dict[str, str]:
        low, high = part
        return {"y": f"{float(100 - 100 * high / most):.2f}", "high": f"{float(100 * (high - low) / most):.2f}"}

    drawn = []
    for number, column in enumerate(columns):
        left = number * wide + wide / 8
        asked = column.get("line")
        drawn.append(
            {
                **column,
                "x": f"{float(left):.2f}",
                "wide": f"{float(wide * 3 / 4):.2f}",
                "right": f"{float(left + wide * 3 / 4):.2f}",
                "middle": f"{float(number * wide + wide / 2):.2f}",
                "solid": place(column["solid"]),
                "open": place(column["open"]),
                "line": None if asked is None else f"{float(100 - 100 * asked / most):.2f}",
            }
        )
    return {"columns": drawn, "ys": _scale(words, most), "max": most}


def _scale(words: Words, most: Fraction) -> list[dict[str, str]]:
    parts = 3 if most % 3 == 0 and most % 4 else 4
    return [
        {"at": f"{float(100 - Fraction(100 * i, parts)):.2f}", "label": words.show(most * i / parts)}
        for i in range(parts + 1)
    ]


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
