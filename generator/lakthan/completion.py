"""What editors know of a project: JSON Schemas of its files, made from its rubrics, and settings that name them.

No editor looks into the front matter of Markdown with a YAML language server; `docs/editors.md` says what works where.
So VS Code gets snippets for it, and a task that shows the findings of `lakthan check` in place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lakthan import messages, names, rules
from lakthan.load import ANSWER_KEYS, PORTFOLIO_KEYS, WAIVABLE, ReviewFile, SiteFile, UnitFile
from lakthan.messages import Language
from lakthan.model import Message
from lakthan.rubric import EVIDENCE_FIELDS, FieldType, Kind, Register, Rubric, Text

Json = dict[str, Any]
FOLDER = "schemas"
SNIPPETS = ".vscode/lakthan.code-snippets"
_DIALECT = "http://json-schema.org/draft-07/schema#"
"""The one that every editor reads."""
_DIGITS = "0-9๐-๙"
_NUMBER = rf"^\s*-?[{_DIGITS}][{_DIGITS},]*(\.[{_DIGITS}]+)?(/[{_DIGITS}]+)?\s*%?\s*$"
_DATE = rf"[{_DIGITS}]"
_YES_NO = ["yes", "no", "true", "false", "ใช่", "ไม่ใช่", "มี", "ไม่มี", "ไม่"]
FILES: Mapping[str, type] = {"site-file": SiteFile, "unit-file": UnitFile, "review": ReviewFile, "rubric": Rubric}
"""Schema → what it describes, for the files that are the same in every project."""
WHERE = {
    "site-file": "content/site.yml",
    "unit-file": "content/**/unit.yml",
    "review": "content/**/reviews/*.yml",
    "rubric": "rubrics/*.yml",
}
"""Schema → the files that it is for, as editors write patterns."""


def generated(rubrics: Mapping[str, Rubric], language: Language) -> Iterator[tuple[str, bytes]]:
    """What follows from the rubrics and is written anew whenever they change: schemas and snippets."""
    for name, kind in FILES.items():
        yield _schema(name), _bytes(kind.model_json_schema())  # type: ignore[attr-defined]
    for rubric in rubrics.values():
        yield _schema(f"answer-{rubric.id}"), _bytes(answer(rubric))
        yield _schema(f"portfolio-{rubric.id}"), _bytes(portfolio(rubric))
    yield SNIPPETS, _bytes(snippets(rubrics, language))


def settings() -> Iterator[tuple[str, bytes]]:
    """What a project may make its own: how VS Code finds the schemas, what it installs, and the check as a task."""
    yield (
        ".vscode/settings.json",
        _bytes(
            {
                "yaml.schemas": {_schema(name): pattern for name, pattern in WHERE.items()},
                # A schema of the same name on the internet is none of ours.
                "yaml.schemaStore.enable": False,
                "files.eol": "\n",
                "files.encoding": "utf8",
                "editor.unicodeHighlight.allowedLocales": {"th": True},
                "[markdown]": {
                    "editor.quickSuggestions": {"comments": "off", "strings": "off", "other": "on"},
                    "editor.snippetSuggestions": "top",
                    "editor.wordWrap": "on",
                    "files.trimTrailingWhitespace": False,
                },
            }
        ),
    )
    yield ".vscode/extensions.json", _bytes({"recommendations": ["redhat.vscode-yaml"]})
    yield (
        ".vscode/tasks.json",
        _bytes(
            {
                "version": "2.0.0",
                "tasks": [
                    {
                        "label": "lakthan check",
                        "type": "process",
                        "command": "lakthan",
                        "args": ["check", "--format", "concise"],
                        "group": {"kind": "test", "isDefault": True},
                        "presentation": {"reveal": "silent", "clear": True},
                        "problemMatcher": {
                            "owner": "lakthan",
                            "source": "lakthan",
                            "fileLocation": ["relative", "${workspaceFolder}"],
                            "pattern": {
                                "regexp": PROBLEM,
                                "file": 1,
                                "line": 2,
                                "column": 3,
                                "severity": 4,
                                "code": 5,
                                "message": 6,
                            },
                        },
                    },
                    {
                        "label": "lakthan serve",
                        "type": "process",
                        "command": "lakthan",
                        "args": ["serve", "--open"],
                        "isBackground": True,
                        "problemMatcher": [],
                    },
                ],
            }
        ),
    )


PROBLEM = r"^(.+?):(\d+):(\d+): (error|warning|note)\[([a-z0-9-]+)\] (.*)$"
"""A line of `lakthan check --format concise`."""


def modeline(name: str, file: str) -> str:
    """The comment that tells any editor with a YAML language server where the schema of *file* is.

    >>> modeline("unit-file", "content/a/unit.yml")
    '# yaml-language-server: $schema=../../schemas/unit-file.schema.json'
    """
    return f"# yaml-language-server: $schema={'../' * file.count('/')}{_schema(name)}"


def _schema(name: str) -> str:
    return f"{FOLDER}/{name}.schema.json"


def _bytes(document: Json) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


# Front matter ----------------------------------------------------------------------------------------------------


def answer(rubric: Rubric) -> Json:
    """The front matter of an indicator's file, as JSON Schema."""
    return _front(rubric, ANSWER_KEYS, f"Answer to an indicator of {rubric.id}")


def portfolio(rubric: Rubric) -> Json:
    """The front matter of `portfolio.md`, as JSON Schema."""
    return _front(rubric, PORTFOLIO_KEYS, f"Portfolio for {rubric.id}")


def _front(rubric: Rubric, keys: tuple[str, ...], title: str) -> Json:
    properties: Json = {key: _own(key, rubric) for key in keys if key != "evidence"}
    properties["evidence"] = {**_said("editor.evidence"), **_list(_evidence(rubric))}
    readers = _readers(rubric)
    for name, fact in rubric.facts.items():
        if name in keys:  # of that name every file has something else
            continue
        said = _both(fact.title) + (f" ({_both(fact.unit)})" if fact.unit else "")
        asked = readers.get(name)
        described = f"{said}\n{_line('editor.read_by', names=tuple(asked))}" if asked else said
        properties[name] = {"description": described, **_number()}
    for name in dict.fromkeys(["channels", *rubric.registers]):
        if register := rubric.register(name):
            properties[name] = {"description": _both(register.title), **_list(_record(register))}
    return {
        "$schema": _DIALECT,
        "title": title,
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
    }


def _own(key: str, rubric: Rubric) -> Json:
    """One of the keys that every file of the sort has."""
    said = _said(f"editor.key.{key}")
    match key:
        case "self_score":
            return {**said, **_number()}
        case "status":
            return {**said, "enum": ["draft", "ready"]}
        case "signed":
            return {**said, **_date()}
        case "demonstration":
            return {**said, **_yes_no()}
        case "self_level":
            return {**said, "enum": [*(level.id for level in rubric.levels), None]}
        case "personal_data":
            allow = {"enum": [*WAIVABLE, None]}
            return {
                **said,
                "type": ["object", "null"],
                "properties": {
                    "allow": {"anyOf": [allow, {"type": "array", "items": allow}]},
                    "reason": {"type": ["string", "null"]},
                },
                "required": ["allow", "reason"],
                "additionalProperties": False,
            }
    return {**said, **_text()}


def _readers(rubric: Rubric) -> dict[str, list[str]]:
    """Fact → the indicators whose conditions read it."""
    found: dict[str, list[str]] = {}
    for node in rubric.every_indicator():
        for _, _, leaf in names.leaves((), node.id, node):
            for _, condition in names.conditions((), leaf.when):
                for name in rules.facts_read(rubric, condition):
                    if node.id not in found.setdefault(name, []):
                        found[name].append(node.id)
    return found


def _evidence(rubric: Rubric) -> Json:
    """A piece of evidence: the fields that all have, and for each kind its own."""
    every = {name: _value(field, name) for name, field in EVIDENCE_FIELDS.items() if name != "kind"}
    own = {name for kind in rubric.kinds.values() for name in kind.fields}
    kinds = [
        {
            "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
            "then": {
                "description": _kind(kind),
                "properties": {field: _value(one) for field, one in kind.fields.items()},
                "required": [field for field, one in kind.fields.items() if one.required],
                "propertyNames": {"enum": sorted({*EVIDENCE_FIELDS, *kind.fields})},
            },
        }
        for name, kind in rubric.kinds.items()
    ]
    listed = [{"const": name, "description": _kind(kind)} for name, kind in rubric.kinds.items()]
    return {
        "type": "object",
        "properties": {
            "kind": {"description": _both(EVIDENCE_FIELDS["kind"].title), "oneOf": listed},
            **{name: {} for name in sorted(own - set(every))},
            **{name: value for name, value in every.items() if name not in own},
            **{name: {"description": every[name]["description"]} for name in sorted(own & set(every))},
        },
        "required": [name for name, field in EVIDENCE_FIELDS.items() if field.required],
        "allOf": kinds,
    }


def _kind(kind: Kind) -> str:
    return "\n".join(_both(text) for text in (kind.title, kind.hint, kind.sensitive) if text)


def _record(register: Register) -> Json:
    """An entry of a register; what is no map is its first field."""
    required = [name for name, field in register.fields.items() if field.required]
    record = {
        "type": "object",
        "properties": {name: _value(field) for name, field in register.fields.items()},
        "required": required,
        "additionalProperties": False,
    }
    first, value = next(iter(register.fields.items()))
    return record if set(required) - {first} else {"anyOf": [record, _value(value)]}


def _list(items: Json) -> Json:
    return {"type": ["array", "null"], "items": items}


# Values ----------------------------------------------------------------------------------------------------------


def _value(field: FieldType, name: str = "") -> Json:
    said = {"description": _both(field.title)}
    if name in ("covers", "indicators"):
        return {**said, "anyOf": [_text(), _list(_text())]}
    match field.type:
        case "number" | "percent":
            return {**said, **_number()}
        case "date":
            return {**said, **_date()}
        case "dates":
            return {**said, "anyOf": [_date(), _list(_date())]}
        case "yes_no":
            return {**said, **_yes_no()}
        case "choice":
            return {**said, **_choice(field)}
        case "choices":
            return {**said, "anyOf": [_choice(field), _list(_choice(field))]}
        case "file":
            return {**said, "type": ["string", "null"], "pattern": r"^\s*files[/\\]"}
        case "url":
            return {**said, "type": ["string", "null"], "pattern": r"^\s*https?://\S"}
    return {**said, **_text()}


def _text() -> Json:
    return {"type": ["string", "number", "null"]}


def _number() -> Json:
    return {"type": ["number", "string", "null"], "minimum": 0, "pattern": _NUMBER}


def _date() -> Json:
    """Every usual form and both eras are read: all that is certain is that there is a digit."""
    return {"type": ["string", "null"], "pattern": _DATE}


def _yes_no() -> Json:
    return {"enum": [True, False, *_YES_NO, None]}


def _choice(field: FieldType) -> Json:
    words = dict.fromkeys(word for name, text in field.choices.items() for word in (name, text.th, text.en))
    return {"enum": [*words, None]}


# Snippets --------------------------------------------------------------------------------------------------------


def snippets(rubrics: Mapping[str, Rubric], language: Language) -> Json:
    """For VS Code, in Markdown: each kind of evidence and each entry of a register, with a place for every field."""
    found: Json = {}
    for rubric in rubrics.values():
        short = messages.show(rubric.short, language)
        for name, kind in rubric.kinds.items():
            asked = ["title", "date", *kind.fields, "file"]
            fields = {**EVIDENCE_FIELDS, **kind.fields}
            body = [f"- kind: {name}", *_places({field: fields[field] for field in dict.fromkeys(asked)}, language)]
            described = "\n".join(messages.show(text, language) for text in (kind.title, kind.hint) if text)
            found[f"{rubric.id} {name}"] = _snippet(f"{name} ({short})", [name, f"evidence-{name}"], body, described)
        for name in dict.fromkeys(["channels", *rubric.registers]):
            if register := rubric.register(name):
                first, *rest = _places(register.fields, language)
                body = [f"- {first.strip()}", *rest]
                described = messages.show(register.title, language)
                found[f"{rubric.id} {name}"] = _snippet(f"{name} ({short})", [f"entry-{name}"], body, described)
    return found


def _places(fields: Mapping[str, FieldType], language: Language) -> list[str]:
    lines = []
    for number, (name, field) in enumerate(fields.items(), 1):
        if field.choices:
            shown = f"${{{number}|{','.join(field.choices)}|}}"
        elif field.type == "file":
            shown = f"files/${{{number}}}"
        else:
            shown = f"${{{number}}}"
        hint = messages.show(field.title, language).replace("\n", " ")
        lines.append(f"  {name}: {shown} # {_literal(hint)}")
    return lines


def _snippet(label: str, prefix: list[str], body: list[str], description: str) -> Json:
    return {"scope": "markdown", "prefix": prefix, "body": body, "description": f"{label}\n{description}"}


def _literal(text: str) -> str:
    """A text in which a snippet sees no variable."""
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")


# Words -----------------------------------------------------------------------------------------------------------


def _both(text: Text) -> str:
    """A text of a rubric in both languages: schemas are the same for everybody."""
    return text.th if text.th == text.en else f"{text.th} · {text.en}"


def _said(key: str) -> Json:
    return {"description": _line(key)}


def _line(key: str, **args: object) -> str:
    return " · ".join(messages.say(Message(key, args), language) for language in messages.LANGUAGES)
