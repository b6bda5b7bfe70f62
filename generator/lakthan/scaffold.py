"""Starting points: a new project, a new unit, a new answer whose front matter lists what the indicator asks for.

Each function gives the files to write, as paths and texts; `write` puts them down and never overwrites.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import resources
from pathlib import Path, PurePosixPath

from lakthan import __version__, messages, names, rules, score, verdicts
from lakthan.messages import Language
from lakthan.model import Answer, Finding, Message, Portfolio, Record, Use
from lakthan.rubric import EVIDENCE_FIELDS, PROOF, Criterion, FieldType, Indicator, Rubric, Text


def write(root: Path, files: Mapping[str, str | bytes]) -> tuple[list[str], list[str]]:
    """Write *files* below *root*; what exists already is left as it is. Returns what was written, and what was not."""
    written, kept = [], []
    for name, content in files.items():
        path = root / name
        if path.exists():
            kept.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        written.append(name)
    return written, kept


COMMON = ("Containerfile", ".containerignore", ".gitattributes")
"""Files of `project/` that every new project gets."""
CI: Mapping[str, tuple[str, ...]] = {
    "github": (
        ".github/workflows/portfolio.yml",
        ".github/workflows/comment.yml",
        ".github/workflows/links.yml",
        ".github/dependabot.yml",
    ),
    "gitlab": (".gitlab-ci.yml",),
}
"""Workflows of `project/`, by where they run."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a new project is asked for."""

    title: str
    description: Text
    languages: tuple[Language, ...] = ("th", "en")
    address: str = ""
    ci: tuple[str, ...] = tuple(CI)


def project(shipped: Path, rubrics: Iterable[str], start: Start, language: Language) -> dict[str, str | bytes]:
    """A new project: settings, the rubrics asked for, the theme, a description of the site, and workflows."""
    modeline = "# yaml-language-server: $schema=../schemas/site-file.schema.json"
    title, about = quoted(start.title), start.description
    address = f"address: {quoted(start.address)}" if start.address else 'address: "" # https://…'
    files: dict[str, str | bytes] = {
        "mkdocs.yml": _settings((shipped / "mkdocs.yml").read_text(encoding="utf-8"), start),
        ".gitignore": "/site/\n/.site.new/\n/.site.old/\n/build/*\n!/build/docs/\n.cache/\n.venv/\n",
        "build/docs/.gitignore": f"# {_say('start.ignored', language)}\n*\n!.gitignore\n",
        "content/site.yml": (
            f"{modeline}\n"
            f"title: {{th: {title}, en: {title}}}\n"
            f"description: {{th: {quoted(about.th)}, en: {quoted(about.en)}}}\n"
            f"publisher: {{th: {title}, en: {title}}}\n"
            "digits: thai # thai / ascii\n"
            f"languages: [{', '.join(start.languages)}]\n"
            f"{address}\n"
        ),
        "requirements.txt": f"# {_say('start.requirements', language, version=__version__)}\nlakthan=={__version__}\n",
    }
    for name in rubrics:
        files[f"rubrics/{name}.yml"] = (shipped / "rubrics" / f"{name}.yml").read_bytes()
    for path in sorted((shipped / "site_templates" / "theme").rglob("*")):
        if path.is_file():
            files[path.relative_to(shipped).as_posix()] = path.read_bytes()
    own = resources.files("lakthan") / "project"
    for name in (*COMMON, *(name for host in start.ci for name in CI[host])):
        files[name] = own.joinpath(*name.split("/")).read_bytes()
    return files


def missing(root: Path, files: Mapping[str, str | bytes], asked: Container[str]) -> dict[str, str | bytes]:
    """Those of *files* that an existing project lacks and can do with; what was *asked* for comes in any case.

    Rubrics, units and parts of the theme that are not there were left out or removed by somebody.
    """
    present = {
        folder
        for folder in ("rubrics", "content", "site_templates/theme")
        if (root / folder).is_dir() and any((root / folder).iterdir())
    }
    return {
        name: content
        for name, content in files.items()
        if not (root / name).exists() and (name in asked or not any(name.startswith(f"{top}/") for top in present))
    }


def is_project(root: Path) -> bool:
    """Whether there is a project already: somebody's rubrics or units."""
    return any((root / "rubrics").glob("*.yml")) or any((root / "content").rglob("unit.yml"))


def _settings(text: str, start: Start) -> str:
    changes = {
        r"^site_name: .*$": f"site_name: {quoted(start.title)}",
        r"^site_description: .*$": f"site_description: {quoted(start.description.th)}",
        r"^site_url: .*$": f"site_url: !ENV [SITE_URL, {quoted(start.address)}]",
        r"^  language: .*$": f"  language: {start.languages[0]}",
    }
    for pattern, line in changes.items():
        text = re.sub(pattern, lambda _, line=line: line, text, count=1, flags=re.MULTILINE)  # type: ignore[misc]
    return text


def unit(identity: str, name: Text, rubrics: tuple[Rubric, ...], language: Language) -> dict[str, str | bytes]:
    """A new unit, with an empty portfolio for each rubric."""
    up = "../" * (identity.count("/") + 2)
    files: dict[str, str | bytes] = {
        f"content/{identity}/unit.yml": (
            f"# yaml-language-server: $schema={up}schemas/unit-file.schema.json\n"
            f"name: {{th: {quoted(name.th)}, en: {quoted(name.en)}}}\n"
            f"# about: {{th: …, en: …}}\n# website: https://…\n# email: …\n"
        )
    }
    for rubric in rubrics:
        files[f"content/{identity}/{rubric.id}/portfolio.md"] = portfolio(rubric, language)
    return files


def parents(root: Path, identity: str, language: Language) -> dict[str, str | bytes]:
    """The units above a new one that are not there yet: a folder without `unit.yml` hides what is below it."""
    files: dict[str, str | bytes] = {}
    for parent in reversed(PurePosixPath(identity).parents[:-1]):
        if not (root / "content" / parent / "unit.yml").exists():
            files |= unit(str(parent), Text(th=parent.name, en=parent.name), (), language)
    return files


def portfolio(rubric: Rubric, language: Language) -> str:
    """An empty `portfolio.md`."""
    lines = [
        "---",
        f"# {_say('scaffold.portfolio', language, rubric=rubric.short)}",
        f"signed: # {_say('scaffold.signed', language)}",
        f"executive: # {_say('scaffold.role', language)}",
        f"reporter: # {_say('scaffold.role', language)}",
        *([f"self_level: # {' / '.join(level.id for level in rubric.levels)}"] if rubric.levels else []),
        "---",
        "",
        _say("scaffold.introduction", language),
    ]
    return "\n".join(lines) + "\n"


def answer(rubric: Rubric, indicator: Indicator, language: Language, *, without: Collection[str] = ()) -> str:
    """An empty answer: its front matter has a place for everything that the indicator's conditions read.

    *without* names facts and registers that stand in `portfolio.md` instead: an empty list here would take their place.
    """
    asked = [c for _, _, leaf in names.leaves((), indicator.id, indicator) for _, c in names.conditions((), leaf.when)]
    facts = dict.fromkeys(name for condition in asked for name in rules.facts_read(rubric, condition))
    read = dict.fromkeys(name for condition in asked for name in rules.kinds_read(rubric, condition))
    kinds = [name for name in read if name in rubric.kinds]
    lines = ["---", f"# {indicator.id} {_of(indicator.title, language)}", *_criteria(indicator, indicator.id, language)]
    lines += ["self_score:", f"status: draft # {_say('scaffold.status', language)}"]
    lines += [f"responsible: # {_say('scaffold.role', language)}"]
    for name in (name for name in facts if name not in without):
        fact = rubric.facts[name]
        counted = f" ({_of(fact.unit, language)})" if fact.unit else ""
        lines.append(f"{name}: # {_of(fact.title, language)}{counted}")
    lines.append("evidence:")
    for name in kinds:
        kind = rubric.kinds[name]
        hint = f": {_of(kind.hint, language)}" if kind.hint else ""
        lines += [f"# {_of(kind.title, language)}{hint}".replace("\n", " "), f"- kind: {name}", "  title:", "  date:"]
        lines += [f"  {field}: {_hint(kind.fields[field], language)}".rstrip() for field in kind.fields]
        lines += [f"  {field}: # {_of(EVIDENCE_FIELDS[field].title, language)}" for field in PROOF]
        if any(condition_covers(condition, name, rubric) for condition in asked):
            lines.append(f"  covers: [] # {_of(EVIDENCE_FIELDS['covers'].title, language)}")
    if not kinds:
        lines[-1] = "evidence: []"
    for name in read:
        register = rubric.register(name)
        if register is not None and name not in rubric.kinds and name not in without:
            lines += [f"# {_of(register.title, language)}", f"{name}: []", f"# - {_sample(register.fields, language)}"]
    lines += ["---", "", _say("scaffold.account", language)]
    return "\n".join(lines) + "\n"


RUBRICS = ("ladder", "binary", "points")
"""Ways in which the indicators of a new rubric give points."""


def rubric(identity: str, title: Text, kind: str, indicators: int, year: int, language: Language) -> str:
    """A rubric to start from: it passes every check, and says beside each key what it is for."""

    def note(key: str) -> str:
        return _say(f"rubric_sketch.{key}", language)

    def both(key: str, **args: object) -> str:
        said = (f"{one}: {quoted(_say(f'rubric_sketch.{key}', one, **args))}" for one in ("th", "en"))
        return f"{{{', '.join(said)}}}"

    of_one = {"ladder": 3, "binary": 1, "points": 2}[kind]
    lines = [
        f"# {_say('rubric_sketch.head', language, id=identity)}",
        "lakthan: 1",
        f"id: {identity}",
        f"title: {{th: {quoted(title.th)}, en: {quoted(title.en)}}}",
        f"short: {{th: {quoted(title.th)}, en: {quoted(title.en)}}} # {note('short')}",
        f"year: {year} # {note('year')}",
        "document:",
        f"  title: … # {note('document')}",
        f"  issuer: … # {note('issuer')}",
        "  # url: https://…",
        f"max: {of_one * indicators} # {note('max')}",
        f"period: {{from: {year - 544}-10-01, to: {year - 543}-09-30}} # {note('period')}",
        "",
        f"# {note('notes')}",
        "# notes:",
        "# - {id: N01, text: {th: …, en: …}, source: assumed}",
        "",
        f"kinds: # {note('kinds')}",
        f"  report: {{title: {both('report')}}}",
    ]
    if kind == "points":
        lines.append(f"  order: {{title: {both('order')}}}")
    if kind == "ladder":
        lines += [
            f"facts: # {note('facts')}",
            f"  done: {{title: {both('done')}, proof: [report], at_most: planned}}",
            f"  planned: {{title: {both('planned')}, proof: [report]}}",
        ]
    lines += ["", f"levels: # {note('levels')}", f"- {{id: passed, title: {both('passed')}, percent_at_least: 80}}"]
    lines += ["", f"# {note(kind)}", f"# {note('source')}", "indicators:"]
    for number in range(1, indicators + 1):
        lines += [f'- id: "{number}"', f"  title: {both('indicator', n=number)}", *_answers(kind)]
    return "\n".join(lines) + "\n"


def _answers(kind: str) -> list[str]:
    """What an indicator of a new rubric asks."""
    if kind == "binary":
        return ["  points: 1", "  source: assumed", "  when: [{has: report}]"]
    if kind == "points":
        return [
            "  award: sum",
            "  criteria:",
            "  - {points: 1, source: assumed, when: [{has: order}]}",
            "  - {points: 1, source: assumed, when: [{has: report}]}",
        ]
    return [
        "  award: highest",
        "  criteria:",
        "  - {points: 3, source: assumed, when: [{has: report}, {percent: done, of: planned, at_least: 80}]}",
        "  - {points: 2, source: assumed, when: [{has: report}, {percent: done, of: planned, at_least: 60}]}",
        "  - {points: 1, source: assumed, when: [{has: report}]}",
    ]


def review(portfolio: Portfolio, round: str | None, day: datetime.date, language: Language) -> str:
    """An empty review: an entry for each indicator and each record that it shows, with what is to be seen there now."""
    rubric = portfolio.rubric
    up = "../" * (portfolio.folder.count("/") + 2)
    lines = [
        f"# yaml-language-server: $schema={up}schemas/review.schema.json",
        f"# {_say('review.scaffold.head', language)}",
        "lakthan: 1",
        f"role: {quoted(_say('review.scaffold.group', language))} # {_say('review.scaffold.role', language)}",
        f"date: {day.isoformat()}",
    ]
    if rubric.rounds:
        rounds = " / ".join(one.id for one in rubric.rounds)
        lines.append(f"round: {verdicts.round_of(rubric, round)} # {rounds}")
    lines += [f"# final: true # {_say('review.scaffold.final', language)}", "verdicts:"]
    for node in rubric.every_indicator():
        lines += ["", f"# {node.id} {_of(node.title, language)}".replace("\n", " ")]
        lines += _entry(node.id, None, verdicts.seen_of(portfolio, node), _say("review.scaffold.verdict", language))
        for record in verdicts.records(portfolio, node):
            title = record.text("title") or record.text("name")
            if title:
                lines.append(f"# {' '.join(title.split())}")
            lines += _entry(node.id, record.name, record.seen, "")
    return "\n".join(lines) + "\n"


def _entry(indicator: str, evidence: str | None, seen: str, hint: str) -> Iterator[str]:
    yield f"- indicator: {quoted(indicator)}"
    if evidence:
        yield f"  evidence: {evidence}"
    yield f"  seen: {quoted(seen)}"
    yield f"  verdict:{f' # {hint}' if hint else ''}"


# A new year ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Carried:
    """An indicator of the new edition, and what of the old one is of use for it."""

    indicator: str
    old: tuple[str, ...]
    """The indicators that it continues; none where it is new."""
    stated: bool
    """Whether the rubric says so; else number and title are the same."""
    responsible: str
    records: tuple[tuple[Record, bool], ...]
    """Evidence of the old ones, and whether it would count in the new edition if it were shown again."""


@dataclass(frozen=True, slots=True)
class Year:
    files: Mapping[str, str | bytes]
    carried: tuple[Carried, ...]
    gone: tuple[str, ...]
    """Indicators of the old edition that nothing continues."""


def year(old: Portfolio, rubric: Rubric, language: Language) -> Year:
    """The portfolio of the next edition: its structure, roles, and nothing that anybody would claim by it.

    What was shown last year stands in the files as comments, each with whether the engine would count it.
    """
    folder = f"content/{old.unit}/{rubric.id}"
    carried = tuple(_carried(old, rubric, node) for node in rubric.every_indicator())
    files: dict[str, str | bytes] = {f"{folder}/portfolio.md": _next_portfolio(old, rubric, language)}
    for one, node in zip(carried, rubric.every_indicator(), strict=True):
        files[f"{folder}/{node.id}.md"] = _next_answer(old, rubric, node, one, language)
    followed = {name for one in carried for name in one.old}
    gone = tuple(node.id for node in old.rubric.every_indicator() if node.id not in followed)
    return Year(files, carried, gone)


def _carried(old: Portfolio, rubric: Rubric, node: Indicator) -> Carried:
    known = {one.id: one for one in old.rubric.every_indicator()}
    named = (reference.partition(":") for reference in node.continues)
    before = tuple(name for edition, _, name in named if edition == old.rubric.id and name in known)
    stated = bool(before)
    if not before and not node.continues and node.id in known and known[node.id].title == node.title:
        before = (node.id,)
    answers = [old.answers[name] for name in before if name in old.answers]
    responsible = next((answer.responsible for answer in answers if answer.responsible), "")
    records = tuple(record for answer in answers for record in answer.evidence)
    counted = _counted(old, rubric, node, records)
    return Carried(node.id, before, stated, responsible, tuple((one, id(one) in counted) for one in records))


def _counted(old: Portfolio, rubric: Rubric, node: Indicator, records: Iterable[Record]) -> set[int]:
    """Those of *records* that some condition of the new indicator would take, by `id`: the engine is asked."""
    known = {name: kind.fields for name, kind in old.rubric.kinds.items()}
    same = [r for r in records if r.kind in rubric.kinds and rubric.kinds[r.kind].fields == known.get(r.kind)]
    shown = [replace(record, number=number, indicator=node.id) for number, record in enumerate(same, 1)]
    place = old.shared.place
    portfolio = Portfolio(
        unit=old.unit,
        rubric=rubric,
        folder=old.folder,
        shared=Answer(None, place),
        answers={node.id: Answer(node.id, place, evidence=tuple(shown))},
    )
    found = score.score(portfolio).indicators[node.id]
    taken = {id(use.record) for leaf in found.leaves() for use in _uses(leaf.findings) if use.why is None}
    return {id(record) for record, copy in zip(same, shown, strict=True) if id(copy) in taken}


def _uses(findings: Iterable[Finding]) -> Iterator[Use]:
    for finding in findings:
        yield from finding.uses
        yield from _uses(finding.parts)


def _next_portfolio(old: Portfolio, rubric: Rubric, language: Language) -> str:
    lines = portfolio(rubric, language).splitlines()
    roles = {"executive": old.executive, "reporter": old.reporter}
    for position, line in enumerate(lines):
        key = line.partition(":")[0]
        if roles.get(key):
            lines[position] = f"{key}: {quoted(roles[key])}"
    end = lines.index("---", 1)
    kept = ["demonstration: true"] if old.demonstration else []
    for name, records in old.shared.registers.items():
        kept += _remembered(name, [(record, None) for record in records], old.rubric.id, "portfolio.md", language)
    evidence = [(record, None) for record in old.shared.evidence]
    kept += _remembered("evidence", evidence, old.rubric.id, "portfolio.md", language)
    return "\n".join([*lines[:end], *kept, *lines[end:]]) + "\n"


def _next_answer(old: Portfolio, rubric: Rubric, node: Indicator, one: Carried, language: Language) -> str:
    lines = answer(rubric, node, language).splitlines()
    end = lines.index("---", 1)
    if one.responsible:
        lines = [f"responsible: {quoted(one.responsible)}" if s.startswith("responsible:") else s for s in lines]
    kept = list(_remembered("evidence", one.records, old.rubric.id, ", ".join(one.old), language))
    for name in one.old:
        for register, records in (old.answers[name].registers if name in old.answers else {}).items():
            kept += _remembered(register, [(record, None) for record in records], old.rubric.id, name, language)
    return "\n".join([*lines[:end], *kept, *lines[end:]]) + "\n"


def _remembered(
    register: str, records: Iterable[tuple[Record, bool | None]], rubric: str, old: str, language: Language
) -> Iterator[str]:
    """Records as comments: nothing counts until somebody takes the sign away."""
    shown = list(records)
    if not shown:
        return
    yield f"# {_say('year.last', language, rubric=rubric, old=old)}"
    yield f"# {register}:"
    for record, counts in shown:
        values = ((name, value) for name, value in record.values.items() if name not in verdicts.DERIVED)
        mark = "" if counts is None else f" # {_say('year.still' if counts else 'year.late', language)}"
        yield f"# - {{{', '.join(f'{name}: {_scalar(value)}' for name, value in values)}}}{mark}"


def _scalar(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Fraction():
            return str(value) if value.denominator == 1 else quoted(str(value))
        case datetime.date():
            return value.isoformat()
        case tuple():
            return f"[{', '.join(map(_scalar, value))}]"
        case _:
            return quoted(" ".join(str(value).split()))


def condition_covers(condition: object, name: str, rubric: Rubric) -> bool:
    """Whether a condition asks *name* for one in each month or quarter."""
    covers = getattr(condition, "covers", None)
    return isinstance(covers, str) and name in rules.roots(rubric, covers)


def _criteria(node: Criterion, name: str, language: Language) -> Iterator[str]:
    for _, _, leaf in names.leaves((), name, node):
        text = leaf.text or leaf.title or node.text or node.title
        if text and leaf.points:
            points = messages.show(leaf.points, language)
            yield f"# {points}: {_of(text, language)}".replace("\n", " ")


def _sample(fields: Mapping[str, FieldType], language: Language) -> str:
    titles = "; ".join(_of(field.title, language) for field in fields.values())
    return f"{{{', '.join(f'{name}: …' for name in fields)}}}  ({titles})"


def _hint(field: FieldType, language: Language) -> str:
    choices = " / ".join(field.choices)
    return f"# {_of(field.title, language)}" + (f": {choices}" if choices else "")


def _of(text: Text | None, language: Language) -> str:
    return messages.show(text, language) if text else ""


def _say(key: str, language: Language, **args: object) -> str:
    return messages.say(Message(key, args), language)


def quoted(text: str) -> str:
    """A text as a YAML scalar that reads back as the same text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
