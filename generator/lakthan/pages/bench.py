"""Two pages on which a reader works: the reviewers' workbench, and “what if”.

Both show every condition with what is there for it, readable as they are. Scripts (`workbench.js`, `whatif.js`) then
score the published JSON in the browser, and say in the words that stand in the page what comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from lakthan import rules, verdicts
from lakthan.model import Assessment, Finding, NodeScore, Record
from lakthan.pages import menus
from lakthan.pages.conditions import asked
from lakthan.pages.site import Json, Page, Plan, Site, groups
from lakthan.pages.words import one_line
from lakthan.rubric import EVIDENCE_FIELDS, AllOf, AnyOf, Condition, Criterion, Indicator, Rubric, Text

SCRIPTS = {"review": "workbench", "what-if": "whatif"}
"""The pages, and what brings them to life."""


def pages(site: Site) -> Iterator[Plan]:
    """The workbench and “what if” of each portfolio."""
    for assessment in site.assessments:
        for name in SCRIPTS:
            yield site.plan(f"{assessment.portfolio.id}/{name}.md", _page, assessment, name, of=assessment)


def _page(site: Site, assessment: Assessment, name: str) -> Page:
    rubric = assessment.portfolio.rubric
    return site.portfolio_page(
        f"{name}.md.j2",
        assessment,
        name,
        site.say("bench.title" if name == "review" else "whatif.title"),
        menu=menus.of_portfolio(site, assessment, f"{name}/"),
        scripts=(f"assets/{SCRIPTS[name]}.js",),
        groups=list(groups(rubric)),
        sheets=site.once_of(assessment, _sheets),
        names=site.once_of(assessment, _names),
        replaced=site.once_of(assessment, _replaced),
    )


def _sheets(site: Site, assessment: Assessment) -> Json:
    """A sheet for each indicator, drawn once: both pages show it, and they stand side by side."""
    portfolio = assessment.portfolio
    url, every = f"{portfolio.id}/review/", list(portfolio.rubric.every_indicator())
    with site.macros("parts/sheet.j2", url, portfolio=portfolio, rubric=portfolio.rubric) as macros:
        draw: Any = macros.sheet  # type: ignore[attr-defined]
        return {one.id: one_line(draw(_sheet(site, assessment, one))) for one in every}


def _sheet(site: Site, assessment: Assessment, indicator: Indicator) -> Json:
    """An indicator with its criteria, and all that it shows."""
    portfolio, rubric = assessment.portfolio, assessment.portfolio.rubric
    node, own = assessment.latest.indicators[indicator.id], portfolio.answers.get(indicator.id)
    facts = [
        {
            "name": name,
            "fact": rubric.facts[name],
            "stated": stated,
            "shared": bool(stated) and not (own and name in own.facts),
        }
        for name in dict.fromkeys(n for c in _when(indicator) for n in rules.facts_read(rubric, c))
        for stated in [(own.facts.get(name) if own else None) or portfolio.shared.facts.get(name)]
    ]
    return {
        "indicator": indicator,
        "node": node,
        "own": own,
        "tree": _criterion(site, rubric, node, indicator.id),
        "facts": facts,
        "records": [_record(site, rubric, record) for record in verdicts.records(portfolio, indicator)],
    }


def _when(criterion: Criterion) -> Iterator[Condition]:
    yield from criterion.when
    for child in criterion.criteria:
        yield from _when(child)


def _criterion(site: Site, rubric: Rubric, node: NodeScore, path: str) -> Json:
    """A criterion with its conditions, each with its name, and what is inside it."""
    criterion = node.node
    when = criterion.when if isinstance(criterion, Criterion) else ()
    # Under “not applicable” an indicator is scored as a leaf, whatever it holds.
    return {
        "node": node,
        "path": path,
        "conditions": _conditions(site, rubric, path, when, node.findings) if not node.children else [],
        "children": [_criterion(site, rubric, child, child.path) for child in node.children],
    }


def _conditions(
    site: Site, rubric: Rubric, path: str, when: Sequence[Condition], findings: Sequence[Finding]
) -> list[Json]:
    """What is asked, named by its place: `2/3#0`, and `2/3#0.1` inside `any` and `all`."""
    found = []
    for position, (condition, finding) in enumerate(zip_longest(when, findings)):
        name = f"{path}{'.' if '#' in path else '#'}{position}"
        inner = condition.any if isinstance(condition, AnyOf) else condition.all if isinstance(condition, AllOf) else ()
        parts = _conditions(site, rubric, name, inner, finding.parts if finding else ())
        if isinstance(condition, AnyOf | AllOf):
            text = site.say("bench.any" if isinstance(condition, AnyOf) else "bench.all")
        else:
            text = asked(site, rubric, condition)
        found.append({"name": name, "text": text, "finding": finding, "parts": parts})
    return found


def _replaced(site: Site, assessment: Assessment) -> Json:
    """What is asked under each reading in place of what is filed, by the names of conditions."""
    rubric = assessment.portfolio.rubric

    def flat(entries: list[Json]) -> Iterator[tuple[str, str]]:
        for entry in entries:
            yield entry["name"], entry["text"]
            yield from flat(entry["parts"])

    return {
        reading.id: dict(
            pair for path, when in reading.when.items() for pair in flat(_conditions(site, rubric, path, when, ()))
        )
        for reading in rubric.readings
    }


def _names(site: Site, assessment: Assessment) -> Json:
    """What levels, rounds and readings are called, by their ids."""
    rubric = assessment.portfolio.rubric
    return {
        "levels": {one.id: site.text(one.title) for one in rubric.levels},
        "rounds": {one.id: site.text(one.title) for one in rubric.rounds},
        "readings": {one.id: site.text(one.title) for one in rubric.readings},
        "indicators": {one.id: site.numbered(one.id, one.title) for one in rubric.every_indicator()},
    }


def _record(site: Site, rubric: Rubric, record: Record) -> Json:
    """A record with the title of what it is, and those of its fields that are filled in."""
    if record.register == "evidence":
        kind = rubric.kinds.get(record.kind)
        title = site.text(kind.title) if kind else record.kind
        fields = {**EVIDENCE_FIELDS, **(kind.fields if kind else {})}
        hidden = {"kind", "title", "indicators"}
    else:
        register = rubric.register(record.register)
        title, fields, hidden = (
            site.text(register.title if register else None),
            register.fields if register else {},
            {"name"},
        )
    said = {name: spec for name, spec in fields.items() if name not in hidden and record.values.get(name) is not None}
    # Where a register has no names, what stands first in its records tells them apart.
    first = next(
        (spec.choices.get(str(v), v) for n, spec in said.items() if isinstance(v := record.values[n], str)), ""
    )
    name = record.text("title") or record.text("name") or (site.text(first) if isinstance(first, Text) else first)
    return {"record": record, "kind": title, "fields": said, "name": name}
