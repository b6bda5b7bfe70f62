"""The JSON Schema of the rubric language is that of the code, and holds for the rubrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from lakthan import strictyaml
from lakthan.load import ReviewFile
from lakthan.rubric import CONDITIONS, Rubric
from tests.conftest import MEAN, ROOT

SCHEMA = ROOT / "schemas" / "rubric.schema.json"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_bytes()) == Rubric.model_json_schema(), "to renew it: make schemas"


@pytest.mark.parametrize("path", sorted((ROOT / "rubrics").glob("*.yml")), ids=lambda path: path.stem)
def test_each_rubric_is_valid(validator: jsonschema.Draft202012Validator, path: Path) -> None:
    rubric = strictyaml.load(path.read_text(encoding="utf-8")).value
    assert [error.message for error in validator.iter_errors(rubric)] == []


def test_the_schema_of_reviews_is_current() -> None:
    schema = json.loads((ROOT / "schemas" / "review.schema.json").read_bytes())
    assert schema == ReviewFile.model_json_schema(), "to renew it: make schemas"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", sorted((ROOT / "content").rglob("reviews/*.yml")), ids=lambda path: path.stem)
def test_each_review_is_valid(path: Path) -> None:
    schema = json.loads((ROOT / "schemas" / "review.schema.json").read_bytes())
    review = strictyaml.load(path.read_text(encoding="utf-8")).value
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(review)] == []


def set_unknown(rubric: dict[str, Any]) -> None:
    rubric["unknown"] = 1


def leave_out_the_title(rubric: dict[str, Any]) -> None:
    del rubric["title"]


def misname_a_condition(rubric: dict[str, Any]) -> None:
    rubric["indicators"][0]["when"] = [{"having": "plan"}]


def misname_an_award(rubric: dict[str, Any]) -> None:
    rubric["award"] = "average"


@pytest.mark.parametrize("spoil", [set_unknown, leave_out_the_title, misname_a_condition, misname_an_award])
def test_an_editor_is_told_of_a_mistake(
    validator: jsonschema.Draft202012Validator, spoil: Callable[[dict[str, Any]], None]
) -> None:
    rubric = yaml.safe_load(MEAN)
    assert validator.is_valid(rubric)
    spoil(rubric)
    assert not validator.is_valid(rubric)


def test_every_condition_is_in_the_schema() -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    for name, condition in CONDITIONS.items():
        definition = json.loads(text)["$defs"][condition.__name__]
        assert name in definition["properties"]
        assert name in definition["required"]
