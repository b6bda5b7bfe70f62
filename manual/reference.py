"""docs/reference/, written from the code: `python -m manual.reference` (`make docs`). A test compares.

It says what there is; why and when stands in pages that people write.
"""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from lakthan import cli, diagnostics, load, rubric, rules, spoken
from lakthan.exports import schemas
from lakthan.rubric import CHANNELS, EVIDENCE_FIELDS, Condition, FieldType

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference"
HEAD = "<!-- Written by `make docs` from the code; do not edit. -->\n\n"
ADDRESSES = {
    "index.json": "site",
    "rubrics/RUBRIC/index.json": "rubric-document",
    "rubrics/RUBRIC/rubric.json": "rubric",
    "UNIT/index.json": "unit",
    "UNIT/RUBRIC/index.json": "portfolio",
    "UNIT/RUBRIC/score.json": "score",
    "UNIT/RUBRIC/inputs.json": "inputs",
    "UNIT/RUBRIC/INDICATOR/index.json": "indicator",
}
"""Where the JSON documents of a site stand, and the schema of each. A test holds it against the sample."""

Json = dict[str, Any]


def pages() -> Iterator[tuple[str, str]]:
    """Every page: its name in docs/reference/, and its text."""
    for name, text in (
        ("commands.md", commands()),
        ("conditions.md", conditions()),
        ("json.md", documents()),
        ("schemas.md", files()),
    ):
        yield name, HEAD + text


# Commands --------------------------------------------------------------------------------------------------------


def commands() -> str:
    """What `--help` says of each command, and the table of its options."""
    spoken.speak(cli.main, "en")
    out = io.StringIO()
    out.write("# Commands { #top }\n\n")
    context = click.Context(cli.main, info_name="lakthan", **cli.main.context_settings)
    out.write(
        "What `lakthan COMMAND --help` says. Every command ends with 0 where all is well, 1 where it found something, "
        "2 where it was not understood.\n\n"
    )
    _command(out, context)
    return out.getvalue()


def _command(out: io.StringIO, context: click.Context) -> None:
    command = context.command
    path = context.command_path
    if context.parent:
        out.write(f"## {path} {{ #{'-'.join(path.split()[1:])} }}\n\n")
    usage = " ".join(command.collect_usage_pieces(context))
    out.write(f"```text\n{path} {usage}\n```\n\n")
    out.write(_prose(command.help or ""))
    records = (p.get_help_record(context) for p in command.params)
    rows = [record for record in records if record and record[1]]
    if rows:
        out.write("\n| option | meaning |\n|---|---|\n")
        out.writelines(f"| <code>{_cell(name)}</code> | {_cell(what)} |\n" for name, what in rows)
    out.write("\n")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                _command(out, click.Context(found, parent=context, info_name=name))


def _prose(text: str) -> str:
    """Help texts are wrapped for terminals; what follows a `\\b` stays as it is."""
    out = []
    for part in inspect.cleandoc(text).strip().split("\n\n"):
        if part.startswith("\b"):
            out.append("```text\n" + part.removeprefix("\b").strip("\n") + "\n```")
        else:
            out.append(" ".join(part.split()))
    return "\n\n".join(out) + "\n"


def _cell(text: str) -> str:
    # A bar between backticks would end the cell for some readers of Markdown, and show its escape to others.
    return " ".join(text.split()).replace("<", "&lt;").replace("|", "&#124;")


# Conditions ------------------------------------------------------------------------------------------------------


def conditions() -> str:
    """The operators: their keys, what they test, and one place where a shipped rubric uses each."""
    out = io.StringIO()
    out.write(
        "# Conditions { #top }\n\nThe operators that may stand in `when` of a criterion. "
        "[The rubric language](../rubrics.md#conditions) defines what each of them means; this page lists their keys "
        "as the code has them, and shows where one of the rubrics that come with Lakthan uses them.\n\n"
    )
    used = _used()
    for name, found in rubric.CONDITIONS.items():
        out.write(f"## {name} {{ #{name} }}\n\n")
        for text in (found.__doc__, rules.RULES[found].__doc__):
            out.write(_prose(text or ""))
            out.write("\n")
        shared = set(Condition.model_fields)
        out.write(_table(found.model_json_schema(by_alias=True), leave=shared))
        if name in used:
            where, example = used[name]
            out.write(f"In `{where}`:\n\n```yaml\n{example}```\n\n")
    out.write(
        "Each may also carry `source` (`printed`, `derived` or `assumed`) and `note` (the id of one of the rubric's "
        "notes), where it is not printed like the rest.\n\n## where { #where }\n\n"
    )
    out.write(_prose("How a field of a record is tested, in `where`: a value, a list of values, or these:") + "\n")
    out.write(_table(rubric.Test.model_json_schema(by_alias=True)))
    return out.getvalue()


def _used() -> dict[str, tuple[str, str]]:
    """Condition → where it is used first in the shipped rubrics, and how."""
    found: dict[str, tuple[str, str]] = {}

    def look(value: Any, file: str, indicator: str) -> None:
        if isinstance(value, list):
            for one in value:
                look(one, file, indicator)
        elif isinstance(value, dict):
            indicator = str(value["id"]) if "criteria" in value or {"when", "id"} <= set(value) else indicator
            for one in value.get("when") or ():
                condition(one, file, indicator)
            for one in value.values():
                look(one, file, indicator)

    def condition(value: Json, file: str, indicator: str) -> None:
        for name in rubric.CONDITIONS:
            if name in value:
                text = yaml.safe_dump([value], allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
                found.setdefault(name, (f"{file}, indicator {indicator}", text))
                if name in ("any", "all"):
                    for one in value[name]:
                        condition(one, file, indicator)

    for path in sorted((ROOT / "rubrics").glob("*.yml")):
        look(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader), f"rubrics/{path.name}", "")
    return found


# Files and documents ---------------------------------------------------------------------------------------------


def documents() -> str:
    """The JSON documents of a site."""
    out = io.StringIO()
    out.write(
        "# JSON documents { #top }\n\nBeside its pages a site has everything as JSON, at addresses that stay. "
        "Documents are only ever extended. Addresses in them are relative to the site's front page; numbers are the "
        "nearest decimals, with the exact fraction beside those that have none. The tables of open data stand below "
        "`data/`, and its page there explains them.\n\n| address | document |\n|---|---|\n"
    )
    for address, name in ADDRESSES.items():
        link = "schemas.md#rubric" if name == "rubric" else f"#{name}"
        out.write(f"| `{address}` | [{name}]({link}) |\n")
    out.write("\n")
    for name in schemas.SCHEMAS:
        if name != "rubric":
            _schema(out, name, schemas.schema(name))
    return out.getvalue()


def files() -> str:
    """The files that people write."""
    out = io.StringIO()
    out.write(
        "# Files and their schemas { #top }\n\nWhat people write, key by key. Editors that know YAML complete and "
        "check these files by the schemas named here.\n\n"
        "## The answer to an indicator { #answer }\n\n"
        "`content/UNIT/RUBRIC/INDICATOR.md`, and `portfolio.md` beside it for what several indicators share. Which "
        "numbers, kinds of evidence and lists may stand there, the rubric says; `lakthan new evidence` writes them "
        f"down. Beside these an answer may have {_value(list(load.ANSWER_KEYS))}, and `portfolio.md` "
        f"{_value(list(load.PORTFOLIO_KEYS))}.\n\nEvery piece of `evidence` has:\n\n"
    )
    out.write(_fields(EVIDENCE_FIELDS))
    out.write("Every entry of `channels` has:\n\n")
    out.write(_fields(CHANNELS.fields))
    for name, model, title in (
        ("unit-file", load.UnitFile, "unit.yml"),
        ("site-file", load.SiteFile, "site.yml"),
        ("review-file", load.ReviewFile, "A review"),
    ):
        _schema(out, name, model.model_json_schema(), title)
    _schema(out, "rubric", schemas.schema("rubric"), "A rubric")
    return out.getvalue()


def _fields(fields: Mapping[str, FieldType]) -> str:
    rows = ["| field | English | ภาษาไทย | type |", "|---|---|---|---|"]
    for name, field in fields.items():
        kind = field.type + (f": {', '.join(f'`{one}`' for one in field.choices)}" if field.choices else "")
        needed = ", required" if field.required else ""
        rows.append(f'| `{name}` | {field.title.en} | <span lang="th">{field.title.th}</span> | {kind}{needed} |')
    return "\n".join(rows) + "\n\n"


def _schema(out: io.StringIO, name: str, schema: Json, title: str = "") -> None:
    out.write(f"## {title or name} {{ #{name} }}\n\n{_prose(_mended(schema.get('description', '')))}\n")
    if (ROOT / "schemas" / f"{name}.schema.json").is_file():
        out.write(f"Schema: [{name}.schema.json](../../schemas/{name}.schema.json)\n\n")
    elif name == "review-file":
        out.write("Schema: [review.schema.json](../../schemas/review.schema.json)\n\n")
    out.write(_table(schema))
    for part, inner in schema.get("$defs", {}).items():
        if inner.get("properties"):
            out.write(f"### {part} {{ #{name}-{part.lower()} }}\n\n")
            if inner.get("description"):
                out.write(_prose(_mended(inner["description"])) + "\n")
            out.write(_table(inner))


def _mended(text: str) -> str:
    """Docstrings name files of this folder as `docs/reviews.md`."""
    return re.sub(r"`docs/(\w+)\.md`", r"[\1.md](../\1.md)", text)


def _table(schema: Json, leave: Collection[str] = ()) -> str:
    if "$ref" in schema:  # what may contain itself
        schema = schema["$defs"][_type(schema)]
    needed = set(schema.get("required", ()))
    rows = ["| key | type | notes |", "|---|---|---|"]
    for key, value in schema.get("properties", {}).items():
        if key in leave:
            continue
        said = [value["description"]] if value.get("description") else []
        if key in needed:
            said.append("required")
        elif value.get("default") not in (None, [], {}, ""):
            said.append(f"unless said: {_value(value['default'])}")
        rows.append(f"| `{key}` | {_cell(_type(value))} | {_cell('; '.join(said))} |")
    return "\n".join(rows) + "\n\n" if len(rows) > 2 else ""


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(f"`{one}`" for one in value) if isinstance(value, list) else f"`{value}`"


def _type(value: Json) -> str:
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    if choices := value.get("anyOf") or value.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(one) for one in choices if one.get("type") != "null"))
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}" if value.get("items") else "list"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"map to {_type(inner)}" if isinstance(inner, dict) else "map"
    found = value.get("type", "anything")
    if isinstance(found, list):
        return " or ".join(_type({"type": one}) for one in found)
    name = {"string": "text", "boolean": "yes or no", "integer": "whole number"}.get(found, str(found))
    return f"{name} ({value['format']})" if "format" in value else name


def main() -> None:
    """Write them, and the manual of the diagnostics."""
    for folder, found in ((FOLDER, pages()), (FOLDER.parent / "diagnostics", diagnostics.manual())):
        folder.mkdir(parents=True, exist_ok=True)
        written = dict(found)
        for path in folder.glob("*.md"):
            if path.name not in written:
                path.unlink()
        for name, text in written.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
