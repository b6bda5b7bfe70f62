"""Starting points: a new project, a new unit, a new answer whose front matter lists what the indicator asks for.

Each function gives the files to write, as paths and texts; `write` puts them down and never overwrites.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from lakthan import messages, names, rules, verdicts
from lakthan.messages import Language
from lakthan.model import Message, Portfolio
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


def project(shipped: Path, rubrics: tuple[str, ...], title: str) -> dict[str, str | bytes]:
    """A new project: settings, the rubrics asked for, the theme, and a description of the site."""
    files: dict[str, str | bytes] = {
        "mkdocs.yml": _settings((shipped / "mkdocs.yml").read_text(encoding="utf-8"), title),
        ".gitignore": "/site/\n/.site.new/\n/.site.old/\n/build/*\n!/build/docs/\n.cache/\n.venv/\n",
        "build/docs/.gitignore": "# MkDocs wants this folder; only `lakthan build` writes here.\n*\n!.gitignore\n",
        "content/site.yml": (
            f"title: {{th: {quoted(title)}, en: {quoted(title)}}}\n"
            "description: {th: ผลการประเมินตนเองพร้อมหลักฐาน, en: Self-assessment with its evidence}\n"
            f"publisher: {{th: {quoted(title)}, en: {quoted(title)}}}\n"
            "digits: thai # thai / ascii\n"
            "# languages: [th, en] # of the pages; the second one's stand below en/\n"
        ),
    }
    for name in rubrics:
        files[f"rubrics/{name}.yml"] = (shipped / "rubrics" / f"{name}.yml").read_bytes()
    for path in sorted((shipped / "site_templates" / "theme").rglob("*")):
        if path.is_file():
            files[path.relative_to(shipped).as_posix()] = path.read_bytes()
    return files


def _settings(text: str, title: str) -> str:
    return re.sub(r"^site_name: .*$", lambda _: f"site_name: {quoted(title)}", text, flags=re.MULTILINE)


def unit(identity: str, name: Text, rubrics: tuple[Rubric, ...], language: Language) -> dict[str, str | bytes]:
    """A new unit, with an empty portfolio for each rubric."""
    files: dict[str, str | bytes] = {
        f"content/{identity}/unit.yml": (
            f"name: {{th: {quoted(name.th)}, en: {quoted(name.en)}}}\n"
            f"# about: {{th: …, en: …}}\n# website: https://…\n# email: …\n"
        )
    }
    for rubric in rubrics:
        files[f"content/{identity}/{rubric.id}/portfolio.md"] = portfolio(rubric, language)
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


def review(portfolio: Portfolio, round: str | None, day: datetime.date, language: Language) -> str:
    """An empty review: an entry for each indicator and each record that it shows, with what is to be seen there now."""
    rubric = portfolio.rubric
    lines = [
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
