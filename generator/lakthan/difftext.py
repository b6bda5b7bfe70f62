"""What a change does, said: on a terminal, in the comment of a pull request, for programs.

A comment stands in public and under somebody else's name: what a unit wrote becomes no link, mention or markup in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from lakthan import exports, messages, publish, reports
from lakthan.diff import Change, Differences, IndicatorChange, LevelChange, Part
from lakthan.exports import Json
from lakthan.messages import Language
from lakthan.model import Message

MARK = "<!-- lakthan diff -->"
"""First line of the comment: what writes it finds the one it wrote before."""
LONGEST = 60_000
"""Characters of a comment; GitHub takes 65,536."""


def _say(language: Language, key: str, **args: object) -> str:
    return messages.say(Message(key, args), language)


def _number(value: Fraction | None, language: Language) -> str:
    return "–" if value is None else messages.show(value, language)


def _signed(value: Fraction, language: Language) -> str:
    """A minus sign that is one, as wide as the plus."""
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{_number(abs(value), language)}"


def _step(before: Fraction | None, after: Fraction | None, language: Language) -> str:
    difference = (after or Fraction(0)) - (before or Fraction(0))
    shown = f"{_number(before, language)} → {_number(after, language)}"
    return f"{shown} ({_signed(difference, language)})" if difference else shown


def _causes(parts: Sequence[Part], language: Language) -> str:
    return ", ".join(f"{_say(language, f'diff.cause.{part.cause}')} {_signed(part.points, language)}" for part in parts)


def _head(change: Change, language: Language) -> str:
    rubric = change.portfolio.rubric
    said = [messages.show(change.name, language), messages.show(rubric.short, language)]
    said += [messages.show(r.title, language) for r in rubric.rounds if r.id == change.round]
    return " · ".join(said)


def _points(change: Change, language: Language) -> str:
    before, after = change.before, change.after
    shown = _step(before.points if before else None, after.points if after else None, language)
    most = [one.max for one in (before, after) if one]
    of = _number(most[0], language) if len({*most}) == 1 else _step(most[0], most[-1], language)
    return _say(language, "diff.of", points=shown, max=of)


def _level(change: Change, language: Language) -> str:
    titles = {level.id: level.title for level in change.portfolio.rubric.levels}
    titles |= {level.id: level.title for level in change.levels}

    def name(one: str | None) -> str:
        return "–" if one is None else messages.show(titles.get(one, one), language)

    was, now = (one.level if one else None for one in (change.before, change.after))
    return name(now) if was == now else f"{name(was)} → {name(now)}"


def _turned(level: LevelChange, language: Language) -> str:
    causes = ", ".join(_say(language, f"diff.cause.{cause}") for cause in level.causes)
    key = "diff.level_won" if level.won else "diff.level_lost"
    return _say(language, key, name=level.title, causes=causes)


def _indicator(one: IndicatorChange, language: Language) -> str:
    was, now = (found[0] if found else None for found in (one.before, one.after))
    return _step(was, now, language)


def _most(one: IndicatorChange, language: Language) -> str:
    was, now = (found[1] if found else None for found in (one.before, one.after))
    return _say(language, "diff.out_of", max=_step(was, now, language)) if was != now and was and now else ""


def _reviewed(change: Change, language: Language) -> str:
    was, now = change.verified
    return "" if was == now else _say(language, "diff.verified", points=_step(was, now, language))


def _against(found: Differences, language: Language) -> Iterator[str]:
    before = found.before
    yield _say(language, f"diff.against_{before.kind}", name=before.name)
    if before.generator != publish.GENERATOR:
        yield _say(language, "diff.generators", old=before.generator, new=publish.GENERATOR)


def _summary(found: Differences, language: Language) -> str:
    changed = len({change.portfolio.id for change in found.changes})
    return _say(language, "diff.summary", n=found.compared, changed=changed)


def _after(found: Differences, language: Language) -> Iterator[str]:
    if found.rubrics:
        yield _say(language, "diff.rubrics", names=found.rubrics)
    if found.touched:
        yield _say(language, "diff.touched", n=len(found.touched), names=_few(found.touched))
    if found.before.problems:
        yield _say(language, "diff.errors_before", n=len(found.before.problems))
    if found.problems:
        yield _say(language, "diff.errors", n=len(found.problems))


def _few(names: Sequence[str], most: int = 10) -> tuple[str, ...]:
    return (*names[:most], "…") if len(names) > most else tuple(names)


# On a terminal ---------------------------------------------------------------------------------------------------


def text(found: Differences, language: Language) -> str:
    """Lines for a terminal, the levels lost first."""
    return "\n".join(reports.visible(line) for line in _lines(found, language))


def _lines(found: Differences, language: Language) -> Iterator[str]:
    yield from _against(found, language)
    yield _summary(found, language)
    for change, level in sorted(found.levels, key=lambda pair: pair[1].won):
        yield f"  {'▲' if level.won else '▼'} {_head(change, language)}: {_turned(level, language)}"
    for change in found.changes:
        yield ""
        state = f" [{_say(language, f'diff.state.{change.state}')}]" if change.state != "changed" else ""
        yield f"{_head(change, language)}{state} ({change.portfolio.id})"
        causes = f": {_causes(change.parts, language)}" if change.parts else ""
        yield f"  {_points(change, language)}{causes}"
        if reviewed := _reviewed(change, language):
            yield f"  {reviewed}"
        for one in change.indicators:
            title = f" {messages.show(one.title, language)}" if one.title else ""
            because = f": {_causes(one.parts, language)}" if one.parts else ""
            yield f"  {one.id}{title}: {_indicator(one, language)}{_most(one, language)}{because}"
            for reason in one.reasons:
                mark = {True: "✓", False: "✗", None: "–"}[reason.gained]
                yield f"      {mark} {messages.say(reason.what, language)}"
    rest = list(_after(found, language))
    yield from ["", *rest] if rest else ()


# In a comment ----------------------------------------------------------------------------------------------------


def markdown(found: Differences, language: Language) -> str:
    """A comment for a pull request (GitHub) or merge request (GitLab), with `MARK` first; never too long for one."""
    head = [MARK, f"### {_say(language, 'diff.title')}", "", " · ".join(map(safe, _against(found, language))), ""]
    if found.changes:
        head += [f"**{safe(_summary(found, language))}**", ""]
    else:
        head += [f"**{safe(_say(language, 'diff.none', n=found.compared))}**", ""]
    for won in (False, True):
        turned = [pair for pair in found.levels if pair[1].won == won]
        mark = "🟢" if won else "🔴"
        head += [
            f"- {mark} **{safe(_head(one, language))}**: {safe(_turned(level, language))}" for one, level in turned
        ]
        head += [""] * bool(turned)
    tail = "\n".join(f"- {safe(line)}" for line in _after(found, language))
    parts = [_overview(found, language)] if found.changes else []
    parts += [tail] if tail else []
    parts += [_details(change, language) for change in found.changes if change.indicators or any(change.verified)]
    out = "\n".join(head) + "\n"
    left = _say(language, "diff.cut")
    for position, part in enumerate(parts):
        if len(out) + len(part) + len(left) > LONGEST:
            return _cut(out, "\n".join(head), left, position)
        out += f"{part}\n\n"
    return out.rstrip("\n") + "\n"


def _cut(out: str, head: str, left: str, position: int) -> str:
    whole = out if position else head
    kept = whole if len(whole) < LONGEST else whole[:LONGEST].rpartition("\n")[0] + "\n"
    return f"{kept.rstrip()}\n\n*{safe(left)}*\n"


def _overview(found: Differences, language: Language) -> str:
    words = ("portfolio", "points", "level", "because")
    out = [_row([_say(language, f"diff.column.{word}") for word in words]), "|---|---|---|---|"]
    for change in found.changes:
        name = safe(_head(change, language))
        if change.state != "changed":
            name += f" *({safe(_say(language, f'diff.state.{change.state}'))})*"
        cells = [_points(change, language), _level(change, language), _causes(change.parts, language)]
        out.append(_row([name, *map(safe, cells)]))
    return "\n".join(out)


def _details(change: Change, language: Language) -> str:
    words = ("indicator", "points", "because", "why")
    count = _say(language, "diff.indicators", n=len(change.indicators))
    out = [f"<details><summary>{safe(_head(change, language), html=True)}: {safe(count, html=True)}</summary>", ""]
    if reviewed := _reviewed(change, language):
        out += [safe(reviewed), ""]
    if change.indicators:
        out += [_row([_say(language, f"diff.column.{word}") for word in words]), "|---|---|---|---|"]
    for one in change.indicators:
        title = f" {messages.show(one.title, language)}" if one.title else ""
        points = _indicator(one, language) + _most(one, language)
        marks = {True: "✓", False: "✗", None: "–"}
        why = "<br>".join(f"{marks[r.gained]} {safe(messages.say(r.what, language))}" for r in one.reasons)
        out.append(_row([safe(f"{one.id}{title}"), safe(points), safe(_causes(one.parts, language)), why]))
    return "\n".join([*out, "", "</details>"])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


_CALLS = re.compile(r"(?<![A-Za-z0-9])[@#!~%$&](?=\S)|(?i:https?|ftp)(?=:)|(?i:www)(?=\.)|/(?=\w)")
_BREAK = "\u2060"
"""WORD JOINER: unseen, and what stands on both sides of it is no longer one word."""


def safe(text: str, *, html: bool = False) -> str:
    """A text as one line of Markdown that shows it and does nothing: no markup, HTML, link, mention or command.

    >>> safe("<b> a|b *c* [d](http://e)").replace("\u2060", "")
    '&lt;b&gt; a\\\\|b \\\\*c\\\\* \\\\[d\\\\](http://e)'
    """
    line = _CALLS.sub(lambda found: found[0] + _BREAK, " ".join(reports.visible(text).split()))
    entities = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    line = "".join(entities.get(character, character) for character in line)
    return line if html else re.sub(r"([\\`*_\[\]|~$])", r"\\\1", line)


# For programs ----------------------------------------------------------------------------------------------------


def document(found: Differences) -> Json:
    """Everything, texts in both languages; `schemas/diff.schema.json` describes it."""
    return {
        "before": {"kind": found.before.kind, "name": found.before.name, "generator": found.before.generator},
        "generator": publish.GENERATOR,
        "compared": found.compared,
        "rubrics": list(found.rubrics),
        "touched": list(found.touched),
        "levels_won": sum(level.won for _, level in found.levels),
        "levels_lost": sum(not level.won for _, level in found.levels),
        "errors": len(found.problems),
        "changes": [_change(change) for change in found.changes],
    }


def _change(change: Change) -> Json:
    def standing(one: object) -> Json | None:
        return None if one is None else {**_exact(one.points, one.max), "level": one.level}  # type: ignore[attr-defined]

    was, now = change.verified
    return {
        "portfolio": change.portfolio.id,
        "unit": change.portfolio.unit,
        "name": _both(change.name),
        "rubric": change.portfolio.rubric.id,
        "round": change.round,
        "state": change.state,
        "before": standing(change.before),
        "after": standing(change.after),
        "causes": [_part(part) for part in change.parts],
        "levels": [
            {"id": level.id, "title": _both(level.title), "won": level.won, "causes": list(level.causes)}
            for level in change.levels
        ],
        "verified": {"before": _plain(was), "after": _plain(now)},
        "indicators": [
            {
                "id": one.id,
                "title": one.title and _both(one.title),
                "before": one.before and _exact(*one.before),
                "after": one.after and _exact(*one.after),
                "causes": [_part(part) for part in one.parts],
                "reasons": [
                    {"cause": reason.cause, "gained": reason.gained, "text": _both(reason.what)}
                    for reason in one.reasons
                ],
            }
            for one in change.indicators
        ],
    }


def _exact(points: Fraction, most: Fraction) -> Json:
    return {**exports.number("points", points, "exact"), **exports.number("max", most)}


def _plain(value: Fraction | None) -> int | float | None:
    return None if value is None else exports.plain(value)


def _part(part: Part) -> Json:
    return {"cause": part.cause, **exports.number("points", part.points, "exact")}


def _both(value: object) -> Json:
    return {language: messages.show(value, language) for language in messages.LANGUAGES}


FORMATS: Mapping[str, Callable[[Differences, Language], str]] = {
    "text": text,
    "markdown": markdown,
    "json": lambda found, _: exports.encode(document(found)).decode().rstrip("\n"),
}
