"""A rubric as tables, for the person who answers for it to read and sign: what is asked, in words, and every doubt.

`tables` says it once; `FORMATS` has the ways to show it: on a terminal, as Markdown, as a page by itself, as a Word
document. Nothing here decides anything: the conditions are said by the code that says them on the rubric's page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from lakthan import messages, names, rules, word
from lakthan.messages import Language
from lakthan.model import Answer, Message, Place, Portfolio, Window
from lakthan.pages import conditions
from lakthan.pages.words import Words
from lakthan.rubric import Area, Condition, Criterion, Indicator, Level, Note, Rubric, Text, Where, maximum, path_of


class Table(NamedTuple):
    """One part of what is signed. A cell may hold several lines; no head means that the first column is one."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(rubric: Rubric, language: Language) -> tuple[Table, ...]:
    """Everything that a rubric says, in the order in which somebody reads it who signs."""
    found = _Reader(rubric, Words(language, "thai"))
    parts = (
        found.about(),
        found.rounds(),
        found.levels(),
        *found.tree(),
        found.documents(),
        found.figures(),
        found.selections(),
        found.handling(),
        found.readings(),
        found.doubts(),
        found.signature(),
    )
    return tuple(table for table in parts if table.rows)


class _Reader:
    def __init__(self, rubric: Rubric, words: Words) -> None:
        self.rubric, self.words = rubric, words
        nobody = Portfolio("", rubric, "", Answer(None, Place("")), {})
        self.scope = rules.Scope(nobody, rubric, "", Window(None, None))

    def own(self, key: str, **args: object) -> str:
        return messages.say(Message(f"signoff.{key}", args), self.words.language, self.words.digits)

    def marked(self, said: str, source: str | None, notes: Sequence[Note] = (), note: str | None = None) -> str:
        """What is said, with how far the source document carries it and the numbers of the doubts."""
        marks = [self.words.say(f"source.{source}")] if source not in (None, "printed") else []
        marks += [one.id for one in notes] + ([note] if note else [])
        return f"{said} [{', '.join(marks)}]".strip() if marks else said

    def about(self) -> Table:
        rubric, say, text = self.rubric, self.words.say, self.words.text
        document, period = rubric.document, rubric.period
        size = (
            say("rubric.indicators", n=len(list(rubric.every_indicator()))),
            say("rubric.max", n=maximum(rubric)),
            say(f"award.{rubric.award}"),
        )
        rows = [
            (say("rubric.document"), text(document.title)),
            (say("rubric.issuer"), text(document.issuer)),
            (say("rubric.link"), document.url or ""),
            (say("rubric.licence"), text(document.licence)),
            (say("rubric.submission"), text(document.submission)),
            (self.own("id"), f"{rubric.id} · {say('rubric.year', year=str(rubric.year))}"),
            (self.own("size"), " · ".join(size)),
        ]
        if period:
            dates = f"{self.words.show(period.from_)} – {self.words.show(period.to)}"
            rows.append((say("rubric.period"), self.marked(dates, period.source, period.notes)))
        return Table(say("rubric.source"), (), tuple(row for row in rows if row[1]))

    def rounds(self) -> Table:
        say = self.words.say
        rows = tuple(
            (
                self.marked(self.words.text(one.title), one.source, one.notes),
                f"{self.words.show(one.from_)} – {self.words.show(one.to)}",
                "–" if one.max is None else self.words.show(one.max),
            )
            for one in self.rubric.rounds
        )
        return Table(say("rounds.title"), (say("rounds.round"), say("rounds.window"), say("rounds.adds")), rows)

    def levels(self) -> Table:
        say = self.words.say
        head = (say("level.title"), say("level.nodes"), say("level.asks"))
        rows = tuple(
            (
                self.marked(self.words.text(level.title), level.source, level.notes) + self.cited(level.cite),
                self.words.span(self.rubric, level.nodes) if level.nodes else say("level.all"),
                "\n".join(self.asks(level)),
            )
            for level in self.rubric.levels
        )
        return Table(say("level.heading"), head, rows)

    def asks(self, level: Level) -> Iterator[str]:
        say = self.words.say
        if level.each_at_least is not None:
            yield say("level.each", n=level.each_at_least)
        if level.total_at_least is not None:
            yield say("level.total", n=level.total_at_least)
        if level.percent_at_least is not None:
            yield say("level.percent", n=level.percent_at_least)
        if level.requires:
            titles = ", ".join(self.words.level_title(self.rubric, name) for name in level.requires)
            yield f"{say('level.requires')} {titles}"

    def cited(self, cite: Text | None) -> str:
        return f" ({self.words.text(cite)})" if cite else ""

    # The tree

    def tree(self) -> Iterator[Table]:
        say, rubric = self.words.say, self.rubric
        head = [self.own("number"), self.own("asked"), say("score.points")]
        if rubric.rounds:
            head.append(say("rounds.round"))

        def below(holder: Rubric | Area, title: str) -> Iterator[Table]:
            rows = [row for node in holder.indicators for row in self.indicator(node)]
            if rows:
                yield Table(title, tuple(head), tuple(rows))
            for area in holder.areas:
                said = (self.words.heading(area), say("rubric.max", n=maximum(area)), say(f"award.{area.award}"))
                yield from below(area, self.marked(" · ".join(said), area.source, area.notes) + self.cited(area.cite))

        yield from below(rubric, say("rubric.criteria"))

    def indicator(self, node: Indicator) -> Iterator[tuple[str, ...]]:
        said = [self.marked(self.words.text(node.title), node.source, node.notes) + self.cited(node.cite)]
        said += [self.words.text(node.text)] if node.text else []
        if node.criteria:
            said.append(self.words.say(f"award.{node.award}"))
        said += [self.words.say("rubric.may_not_apply")] if node.may_not_apply else []
        said += [self.own("continues", names=node.continues)] if node.continues else []
        if node.criteria:
            yield self.row(node.id, said, self.words.say("rubric.upto", n=maximum(node)), None)
            yield from self.criteria(node, node, node.id)
        else:
            yield self.row(node.id, [*said, *self.conditions(node, node)], self.words.show(maximum(node)), node.round)

    def criteria(self, node: Criterion, indicator: Indicator, path: str) -> Iterator[tuple[str, ...]]:
        for position, child in enumerate(node.criteria, 1):
            here = path_of(path, position, child)
            title = self.words.text(child.text or child.title)
            said = [self.marked(title, child.source, child.notes) + self.cited(child.cite)]
            said += [self.words.say(f"award.{child.award}")] if child.criteria and child.award else []
            most = maximum(child)
            points = self.words.say("rubric.upto", n=most) if child.criteria else self.words.show(most)
            yield self.row(here, [*filter(None, said), *self.conditions(child, indicator)], points, child.round)
            yield from self.criteria(child, indicator, here)

    def path(self, name: str) -> str:
        """The address of a criterion, its numbers in the digits of the language."""
        parts = name.split("/")
        return "/".join(self.words.show(part) if re.fullmatch(r"[\d.]+", part) else part for part in parts)

    def row(self, name: str, said: Sequence[str], points: str, round_: str | None) -> tuple[str, ...]:
        cells = (self.path(name), "\n".join(said), points)
        if not self.rubric.rounds:
            return cells
        return (*cells, next((self.words.text(one.title) for one in self.rubric.rounds if one.id == round_), ""))

    def conditions(self, node: Criterion, indicator: Indicator) -> Iterator[str]:
        if node.criteria:
            return
        for condition in node.when:
            yield f"• {self.condition(condition)}"
        if node.requires:
            paths = {leaf.id: path for _, path, leaf in names.leaves((), indicator.id, indicator)}
            required = tuple(self.path(paths[name]) for name in node.requires)
            yield f"• {self.words.say('criterion.requires', criteria=required)}"
        if not node.when and not node.requires:
            yield f"• {self.words.say('criterion.unconditional')}"

    def condition(self, condition: Condition) -> str:
        said = conditions.asked(self.words, self.rubric, condition)
        return self.marked(said, condition.source, note=condition.note)

    # What the conditions read

    def documents(self) -> Table:
        rows = []
        for name, kind in self.rubric.kinds.items():
            said = [self.words.text(kind.hint), self.words.text(kind.sensitive)]
            fields = ", ".join(self.words.text(field.title) for field in kind.fields.values())
            rows.append((self.words.text(kind.title), "\n".join(filter(None, [*said, fields])), name))
        for name in self.rubric.registers:
            register = self.rubric.register(name)
            assert register is not None  # it is one of the rubric's own
            fields = ", ".join(self.words.text(field.title) for field in register.fields.values())
            rows.append((self.own("register", title=register.title), fields, name))
        return Table(self.own("documents"), (self.own("sort"), self.own("holds"), self.own("name")), tuple(rows))

    def figures(self) -> Table:
        rows = []
        for name, fact in self.rubric.facts.items():
            said = []
            if fact.proof:
                proof = tuple(self.words.text(rules.title(self.scope, kind)) for kind in fact.proof)
                said.append(self.own("proof", kinds=proof))
            if fact.at_most:
                said.append(self.own("at_most", fact=rules.title(self.scope, fact.at_most)))
            unit = f" ({self.words.text(fact.unit)})" if fact.unit else ""
            rows.append((self.words.text(fact.title) + unit, "\n".join(said), name))
        return Table(self.own("figures"), (self.own("figure"), self.own("counts"), self.own("name")), tuple(rows))

    def selections(self) -> Table:
        rows = []
        for name, chosen in self.rubric.sets.items():
            counted = self.selection(name, chosen.from_, chosen.where, chosen.distinct)
            rows.append((self.words.text(chosen.title), counted, name))
        head = (self.own("selection"), self.own("counts"), self.own("name"))
        return Table(self.own("selections"), head, tuple(rows))

    def selection(self, name: str, sources: Sequence[str], where: Where, distinct: str | None) -> str:
        said = [", ".join(self.words.text(rules.title(self.scope, source)) for source in sources)]
        said += [self.words.show(rules.describe(self.scope, name, where))] if where else []
        if distinct:
            field = names.fields(self.rubric, name).get(distinct)
            said.append(self.words.say("condition.distinct", field=field.title if field else distinct))
        return "\n".join(said)

    def handling(self) -> Table:
        handling = self.rubric.handling
        said = [self.own(f"handling.undated.{handling.undated}"), self.own(f"handling.late.{handling.after_signature}")]
        if self.rubric.rounds:
            said.insert(0, self.own(f"handling.carry.{'kept' if handling.carry_over else 'lost'}"))
        return Table(self.own("dates"), (), tuple((self.words.show(n), one) for n, one in enumerate(said, 1)))

    # Doubts

    def readings(self) -> Table:
        rows = []
        for reading in self.rubric.readings:
            said = [f"{self.path(path)}: {self.condition(one)}" for path, when in reading.when.items() for one in when]
            for name, chosen in reading.sets.items():
                where = self.selection(name, chosen.from_, chosen.where, chosen.distinct).replace("\n", "; ")
                said.append(f"{self.words.text(chosen.title)}: {where}")
            for key, value in reading.handling.items():
                short = {"carry_over": "carry", "undated": "undated", "after_signature": "late"}[key]
                chosen_way = {True: "kept", False: "lost"}[value] if isinstance(value, bool) else value
                said.append(self.own(f"handling.{short}.{chosen_way}"))
            notes = f" [{', '.join(reading.notes)}]" if reading.notes else ""
            rows.append((self.words.text(reading.title) + notes, self.words.text(reading.why), "\n".join(said)))
        head = (self.words.say("readings.reading"), self.own("why"), self.own("instead"))
        return Table(self.words.say("readings.title"), head, tuple(rows))

    def doubts(self) -> Table:
        rows = tuple(
            (note.id, self.words.text(note.text), self.words.say(f"source.{note.source}"))
            for note in {note.id: note for note in names.notes(self.rubric)}.values()
        )
        return Table(self.words.say("notes.title"), (self.own("number"), self.own("doubt"), self.own("basis")), rows)

    def signature(self) -> Table:
        blank = "…" * 12
        return Table(self.own("signature"), (), tuple((self.own(key), blank) for key in ("role", "signed", "date")))


# Ways to show it -------------------------------------------------------------------------------------------------


def _title(rubric: Rubric, language: Language) -> str:
    return Words(language, "thai").text(rubric.title)


def as_text(rubric: Rubric, language: Language) -> bytes:
    """For a terminal: each row on lines of its own, what belongs to it set in."""
    lines = [_title(rubric, language)]
    for table in tables(rubric, language):
        lines += ["", f"== {table.title} =="]
        for row in table.rows:
            first, *others = row
            if not table.head:
                lines.append(f"{first}: {' '.join(others)}")
                continue
            short = [f"{head}: {cell}" for head, cell in zip(table.head[2:], row[2:], strict=True) if cell]
            said, *more = row[1].split("\n")
            lines.append(f"{first}  {said}".rstrip())
            lines += [f"    {line}" for one in (*more, *short) for line in one.split("\n") if line]
    return ("\n".join(lines) + "\n").encode()


def as_markdown(rubric: Rubric, language: Language) -> bytes:
    """Tables as GitHub writes them; what a rubric says becomes no markup in them."""

    def cell(text: str) -> str:
        safe = re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text)
        return safe.replace("\n", "<br>")

    lines = [f"# {cell(_title(rubric, language))}"]
    for table in tables(rubric, language):
        head = table.head or ("",) * len(table.rows[0])
        lines += ["", f"## {cell(table.title)}", "", f"| {' | '.join(map(cell, head))} |", "|---" * len(head) + "|"]
        lines += [f"| {' | '.join(map(cell, row))} |" for row in table.rows]
    return ("\n".join(lines) + "\n").encode()


_STYLE = """
body { font: 16px/1.6 "Sarabun", "TH Sarabun New", "Noto Sans Thai", sans-serif; margin: 2rem auto; max-width: 60rem;
  padding: 0 1rem; color: #1a1a1a; background: #fff }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem }
caption { text-align: left; font-weight: bold; font-size: 1.15rem; padding: .5rem 0 }
th, td { border: 1px solid #767676; padding: .35rem .6rem; text-align: left; vertical-align: top;
  white-space: pre-line; overflow-wrap: break-word }
thead th { background: #eef1f6 }
tbody th { font-weight: 600; min-width: 5rem }
@media print { body { margin: 0; max-width: none } thead { display: table-header-group } tr { break-inside: avoid } }
"""


def as_html(rubric: Rubric, language: Language) -> bytes:
    """A page by itself, to read and to print; it loads nothing."""
    said = html.escape
    out = [
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{said(_title(rubric, language))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        f"<h1>{said(_title(rubric, language))}</h1>",
    ]
    for table in tables(rubric, language):
        out.append(f"<table>\n<caption>{said(table.title)}</caption>")
        if table.head:
            heads = "".join(f'<th scope="col">{said(one)}</th>' for one in table.head)
            out.append(f"<thead><tr>{heads}</tr></thead>")
        out.append("<tbody>")
        for first, *others in table.rows:
            cells = "".join(f"<td>{said(one)}</td>" for one in others)
            out.append(f'<tr><th scope="row">{said(first)}</th>{cells}</tr>')
        out.append("</tbody>\n</table>")
    out.append("</body>\n</html>\n")
    return "\n".join(out).encode()


def as_word(rubric: Rubric, language: Language) -> bytes:
    """A Word document, to comment on and to sign: the same bytes for the same rubric."""
    parts = [(table.title, table.head, table.rows) for table in tables(rubric, language)]
    return word.of_tables(_title(rubric, language), parts, language)


FORMATS: Mapping[str, Callable[[Rubric, Language], bytes]] = {
    "text": as_text,
    "markdown": as_markdown,
    "html": as_html,
    "docx": as_word,
}
"""How a rubric is shown, by the name of the format: rubric and language → a file."""
ENDINGS = {".txt": "text", ".md": "markdown", ".html": "html", ".docx": "docx"}
"""The format that the ending of a file's name asks for."""
