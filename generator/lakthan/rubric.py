"""The rubric language: what is asked, as data.

A rubric is a tree. *Areas* hold areas or indicators, an *indicator* is what a unit answers with one file, and its
leaves are *criteria* with points. Every inner node says how its children count (`award`); every leaf says what must
hold (`when`). The classes below are the whole language: they validate a rubric file, they are the nouns that scoring
reads, and the JSON Schema in `schemas/` is generated from them.

Numbers are exact (`fractions.Fraction`), dates are `datetime.date` (common era), texts are bilingual.
"""

from __future__ import annotations

import datetime
import weakref
from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    model_validator,
)
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from lakthan import thai

LANGUAGE = 1
"""Version of the rubric language that this code reads (`lakthan:` in a rubric file)."""

Source = Literal["printed", "derived", "assumed"]


def _not_negative(value: Fraction) -> Fraction:
    if value < 0:
        raise thai.Unreadable("number", "a number of at least 0 is wanted")
    return value


def _date_text(value: datetime.date) -> str:
    return value.isoformat()


Exact = Annotated[
    Fraction,
    BeforeValidator(thai.parse_number),
    PlainSerializer(lambda value: int(value) if value.denominator == 1 else float(value), return_type=int | float),
    WithJsonSchema({"type": ["number", "string"], "description": "an exact number, in ASCII or Thai digits"}),
]
NotNegative = Annotated[Exact, AfterValidator(_not_negative)]
Day = Annotated[
    datetime.date,
    BeforeValidator(thai.parse_date),
    PlainSerializer(_date_text, return_type=str),
    WithJsonSchema({"type": "string", "description": "a date, e.g. 2024-02-28, 2567-02-28 or 28 ก.พ. 67"}),
]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
"""What a rubric calls its kinds, facts, registers, sets and fields; also the keys in a unit's front matter."""


class Strict(BaseModel):
    """Frozen, and refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class Text(Strict):
    """One text in Thai and English; a plain string stands for both."""

    th: str
    en: str

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"th": value, "en": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> Any:
        return {"anyOf": [{"type": "string"}, handler(core_schema)]}

    def __str__(self) -> str:
        return self.th


class Note(Strict):
    """A doubt about the source document: what is unclear there, and which reading was chosen."""

    id: Id
    text: Text
    source: Source = "assumed"


# What units show and state ---------------------------------------------------------------------------------------


class FieldType(Strict):
    """A field of a record. `dates` is a list of dates and compares as the number of them inside the window."""

    title: Text
    type: Literal["text", "number", "percent", "date", "dates", "yes_no", "choice", "choices", "file", "url"] = "text"
    choices: dict[Id, Text] = {}
    required: bool = False

    @model_validator(mode="after")
    def _choices_where_chosen(self) -> FieldType:
        if (self.type in ("choice", "choices")) != bool(self.choices):
            raise PydanticCustomError("choices", "`choices` goes with type `choice` or `choices`, and only there")
        return self


def _with_consent(value: Any) -> Any:
    """What is sensitive has two more fields: the consent, and whether persons are named at all."""
    if isinstance(value, dict) and value.get("sensitive"):
        own = value.get("fields") or {}
        return {**value, "fields": {**own, **CONSENT_FIELDS}} if isinstance(own, dict) else value
    return value


CONSENT_FIELDS: dict[str, Any] = {
    "consent": {"title": {"th": "เลขที่หรือที่เก็บหนังสือยินยอม", "en": "Consent: reference or where it is kept"}},
    "names": {"title": {"th": "เผยแพร่ชื่อบุคคล", "en": "Publishes names of persons"}, "type": "yes_no"},
}
"""Consent is a text, never a file: an attached form would publish the names."""


class Kind(Strict):
    """A kind of evidence: one sort of document. `fields` adds to those that all evidence has (`EVIDENCE_FIELDS`)."""

    title: Text
    hint: Text | None = None
    sensitive: Text | None = None
    """Why naming persons here is sensitive; their consent is then asked for (Personal Data Protection Act)."""
    fields: dict[Name, FieldType] = {}

    @model_validator(mode="before")
    @classmethod
    def _consent(cls, value: Any) -> Any:
        return _with_consent(value)


class Fact(Strict):
    """A number that a unit states. It counts only while evidence of one of the kinds in `proof` counts."""

    title: Text
    unit: Text | None = None
    type: Literal["number", "percent"] = "number"
    proof: list[Name] = []
    at_most: Name | None = None
    """Another fact that this one cannot exceed (signatories, staff)."""


class Register(Strict):
    """A list of records that a unit keeps. With `proof`, a record counts only if one of those fields is filled."""

    title: Text
    unit: Text | None = None
    sensitive: Text | None = None
    fields: dict[Name, FieldType]
    proof: list[Name] = []

    @model_validator(mode="before")
    @classmethod
    def _consent(cls, value: Any) -> Any:
        return _with_consent(value)


class Test(Strict):
    """What the value of a field must be; several at once must all hold."""

    at_least: Exact | None = None
    more_than: Exact | None = None
    at_most: Exact | None = None
    less_than: Exact | None = None
    filled: bool | None = None


def _test_or_scalar(value: Any) -> str:
    return "test" if isinstance(value, dict | Test) else "list" if isinstance(value, list | tuple) else "scalar"


def _scalar(value: Any) -> Any:
    return value if isinstance(value, bool | str) else thai.parse_number(value)


WhereScalar = Annotated[str | bool | Exact, BeforeValidator(_scalar)]
Where = dict[
    Name,
    Annotated[
        Annotated[Test, Tag("test")]
        | Annotated[tuple[WhereScalar, ...], Tag("list")]
        | Annotated[WhereScalar, Tag("scalar")],
        Discriminator(_test_or_scalar),
    ],
]
"""Which records are meant: each field equals the value, is one of a list, or passes a test."""


class Set(Strict):
    """A named selection of evidence or records: what a condition counts. `distinct` counts equal values once."""

    title: Text
    unit: Text | None = None
    from_: Annotated[
        tuple[Name, ...],
        BeforeValidator(lambda v: (v,) if isinstance(v, str) else v),
        WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
    ] = Field(alias="from")
    where: Where = {}
    distinct: Name | None = None


# Conditions ------------------------------------------------------------------------------------------------------


class Condition(Strict):
    """What must hold for points. `source` and `note` mark a condition that is not printed like the rest."""

    source: Source | None = None
    note: Id | None = None


class Comparison(Condition):
    at_least: Exact | None = None
    more_than: Exact | None = None
    at_most: Exact | None = None
    less_than: Exact | None = None

    @model_validator(mode="after")
    def _compares(self) -> Comparison:
        if all(limit is None for limit in (self.at_least, self.more_than, self.at_most, self.less_than)):
            raise PydanticCustomError("comparison", "say how much: `at_least`, `more_than`, `at_most` or `less_than`")
        return self


class Has(Condition):
    """At least one: `{has: appointment_order}`. `before` is a deadline of its own, in place of the window's end."""

    has: Name
    where: Where = {}
    before: Day | None = None


class Count(Comparison):
    """How many: `{count: external_channels, distinct: kind, at_least: 2}`."""

    count: Name
    where: Where = {}
    distinct: Name | None = None
    before: Day | None = None


class Percent(Comparison):
    """A share: `{percent: signed, of: staff, at_least: 80}` of two facts, or the records of a set that pass `where`.

    `of` is the whole: a fact, or by default all records of the set. A share of nothing never holds.
    """

    percent: Name
    of: Name | None = None
    where: Where = {}

    @model_validator(mode="after")
    def _has_a_whole(self) -> Percent:
        if not self.where and self.of is None:
            raise PydanticCustomError("of_what", "say of what: `of` (a fact), or `where` (a share of the records)")
        return self


class Value(Comparison):
    """A stated number: `{value: books, at_least: 1}`."""

    value: Name


class Every(Condition):
    """All records of a set pass `where`; false for an empty set.

    `of` names the fact that says how many there must be, so that leaving records out does not help.
    """

    every: Name
    where: Where
    of: Name | None = None


class Covers(Condition):
    """Each month or fiscal quarter that ends inside the window has one: `{covers: budget_report, each: quarter}`.

    `from` narrows it to the periods that end on or after that date.
    """

    covers: Name
    each: Literal["month", "quarter"]
    where: Where = {}
    from_: Day | None = Field(default=None, alias="from")


class AnyOf(Condition):
    """At least one of these."""

    any: tuple[AnyCondition, ...] = Field(min_length=1)


class AllOf(Condition):
    """All of these."""

    all: tuple[AnyCondition, ...] = Field(min_length=1)


CONDITIONS: dict[str, type[Condition]] = {
    "has": Has,
    "count": Count,
    "percent": Percent,
    "value": Value,
    "every": Every,
    "covers": Covers,
    "any": AnyOf,
    "all": AllOf,
}
"""The operators, by the key that names them. How each is judged: `rules.RULES`."""


def _operator(value: Any) -> str | None:
    if isinstance(value, Condition):
        return next(name for name, kind in CONDITIONS.items() if type(value) is kind)
    if isinstance(value, dict):
        return next((name for name in CONDITIONS if name in value), None)
    return None


AnyCondition = Annotated[
    Annotated[Has, Tag("has")]
    | Annotated[Count, Tag("count")]
    | Annotated[Percent, Tag("percent")]
    | Annotated[Value, Tag("value")]
    | Annotated[Every, Tag("every")]
    | Annotated[Covers, Tag("covers")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[AllOf, Tag("all")],
    Discriminator(_operator),
]


# The tree --------------------------------------------------------------------------------------------------------


class Branch(Strict):
    """What areas, indicators and criteria share."""

    title: Text | None = None
    text: Text | None = None
    """What the source asks, in our words."""
    max: NotNegative | None = None
    """The maximum that the source states; `lakthan check` compares it with what the tree adds up to."""
    weight: NotNegative = Fraction(1)
    """Share in a parent that awards the `mean`."""
    source: Source = "printed"
    cite: Text | None = None
    """Where in the source document."""
    notes: tuple[Note, ...] = ()

    @property
    def children(self) -> tuple[Branch, ...]:
        return ()


class Criterion(Branch):
    """Points for something shown (a leaf: `points`, `when`), or several of these (`award`, `criteria`)."""

    id: Id | None = None
    points: NotNegative | None = None
    round: Id | None = None
    when: tuple[AnyCondition, ...] = ()
    requires: tuple[Id, ...] = ()
    """Other criteria of the same indicator that must hold too."""
    award: Literal["highest", "sum", "mean"] | None = None
    criteria: tuple[Criterion, ...] = ()

    @property
    def children(self) -> tuple[Criterion, ...]:
        return self.criteria

    @model_validator(mode="after")
    def _leaf_or_group(self) -> Criterion:
        if self.criteria:
            if self.award is None:
                raise PydanticCustomError("award", "say how the criteria count: `award: highest`, `sum` or `mean`")
            if self.points is not None or self.when or self.requires:
                raise PydanticCustomError(
                    "leaf_keys", "`points`, `when` and `requires` belong to a criterion without criteria of its own"
                )
        elif self.points is None:
            raise PydanticCustomError("leaf", "a criterion needs `points` (and `when`), or `award` and `criteria`")
        return self


class Indicator(Criterion):
    """What a unit answers with one file. A leaf, or a ladder (`award: highest`), or steps (`award: sum`)."""

    id: Id
    title: Text
    may_not_apply: bool = False
    """A unit may declare this not applicable, with a reason; it then leaves total and maximum alike."""
    publication: bool = False
    """What it asks is part of publishing: the portfolio shows these together, met or not."""
    continues: tuple[str, ...] = ()
    """`rubric:indicator` of earlier editions that asked the same."""


class Area(Branch):
    """A group of areas or of indicators."""

    id: Id
    title: Text
    award: Literal["highest", "sum", "mean"] = "sum"
    areas: tuple[Area, ...] = ()
    indicators: tuple[Indicator, ...] = ()

    @property
    def children(self) -> tuple[Area, ...] | tuple[Indicator, ...]:
        return self.areas or self.indicators

    @model_validator(mode="after")
    def _one_sort_of_children(self) -> Area:
        if bool(self.areas) == bool(self.indicators):
            raise PydanticCustomError("children", "an area holds either `areas` or `indicators`")
        return self


class Round(Strict):
    """A stretch of the year that is scored. `max` is what it adds to the rounds before it, as the source states it."""

    id: Id
    title: Text
    from_: Day = Field(alias="from")
    to: Day
    max: NotNegative | None = None
    source: Source = "printed"
    notes: tuple[Note, ...] = ()


class Period(Strict):
    """The window of evidence where a rubric has no rounds."""

    from_: Day = Field(alias="from")
    to: Day
    source: Source = "printed"
    notes: tuple[Note, ...] = ()


class Level(Strict):
    """A gate or a grade band: what must be reached for the title.

    Levels stand from low to high. Each is judged as printed, the highest one met is awarded, and a lower one that fails
    is shown; where a higher one presupposes a lower, `requires` says so.
    """

    id: Id
    title: Text
    nodes: tuple[Id, ...] = ()
    """Areas or indicators that count; none means all indicators, and the total of the whole rubric."""
    each_at_least: NotNegative | None = None
    total_at_least: NotNegative | None = None
    percent_at_least: NotNegative | None = None
    """Of the maximum of what applies."""
    requires: tuple[Id, ...] = ()
    source: Source = "printed"
    cite: Text | None = None
    notes: tuple[Note, ...] = ()


class Subtotal(Strict):
    """A sum that the official form shows."""

    id: Id
    title: Text
    nodes: tuple[Id, ...] = Field(min_length=1)


class Handling(Strict):
    """How dates are treated where the source leaves it open."""

    carry_over: bool = True
    """A point missed in its round can still be earned in a later one."""
    undated: Literal["reject", "at_signature"] = "reject"
    """Evidence without a date: not counted, or taken as dated when the form was signed."""
    after_signature: Literal["count", "reject"] = "count"
    """Evidence dated after the form was signed; counted or not, it is always reported."""


class Reading(Strict):
    """Another defensible way to read the source: replaces some sets, conditions or the handling of dates."""

    id: Id
    title: Text
    why: Text
    notes: tuple[Id, ...] = ()
    sets: dict[Name, Set] = {}
    when: dict[str, tuple[AnyCondition, ...]] = {}
    """New conditions by the path of a criterion (`2/3`: the third criterion of indicator 2)."""
    handling: dict[Literal["carry_over", "undated", "after_signature"], bool | str] = {}


class Document(Strict):
    """The source document of a rubric."""

    title: Text
    issuer: Text
    licence: Text | None = None
    url: str | None = None
    submission: Text | None = None
    """How and to whom the result is sent."""


class Rubric(Strict):
    """One edition of a rubric: `rubrics/<id>.yml`."""

    lakthan: Literal[1]
    id: Id
    title: Text
    short: Text
    year: int
    """Fiscal year, Buddhist era."""
    document: Document
    notes: tuple[Note, ...] = ()
    period: Period | None = None
    rounds: tuple[Round, ...] = ()
    handling: Handling = Handling()
    kinds: dict[Name, Kind] = {}
    facts: dict[Name, Fact] = {}
    registers: dict[Name, Register] = {}
    sets: dict[Name, Set] = {}
    readings: tuple[Reading, ...] = ()
    levels: tuple[Level, ...] = ()
    subtotals: tuple[Subtotal, ...] = ()
    max: NotNegative | None = None
    award: Literal["highest", "sum", "mean"] = "sum"
    areas: tuple[Area, ...] = ()
    indicators: tuple[Indicator, ...] = ()

    @property
    def children(self) -> tuple[Area, ...] | tuple[Indicator, ...]:
        return self.areas or self.indicators

    @model_validator(mode="after")
    def _one_sort_of_children(self) -> Rubric:
        if bool(self.areas) == bool(self.indicators):
            raise PydanticCustomError("children", "a rubric holds either `areas` or `indicators`")
        if self.period and self.rounds:
            raise PydanticCustomError("period_and_rounds", "a rubric has either a `period` or `rounds`")
        return self

    def every_indicator(self) -> Iterator[Indicator]:
        """All indicators, in the order of the rubric."""

        def walk(node: Area | Rubric) -> Iterator[Indicator]:
            for area in node.areas:
                yield from walk(area)
            yield from node.indicators

        known = follows(self)
        if "indicators" not in known:
            known["indicators"] = tuple(walk(self))
        found: tuple[Indicator, ...] = known["indicators"]
        return iter(found)

    def register(self, name: str) -> Register | None:
        """A register by name; `channels` exists in every rubric, with the rubric's own fields added."""
        own = self.registers.get(name)
        if name == "channels":
            known = follows(self)
            if name not in known:
                extra = own.fields if own else {}
                known[name] = CHANNELS.model_copy(update={"fields": {**CHANNELS.fields, **extra}})
            found: Register = known[name]
            return found
        return own


_FOLLOWS: dict[int, tuple[weakref.ref[Rubric], dict[Any, Any]]] = {}


def follows(rubric: Rubric) -> dict[Any, Any]:
    """A place for what follows from this very rubric and nothing else, so that it is worked out once."""
    key = id(rubric)
    found = _FOLLOWS.get(key)
    if found is None or found[0]() is not rubric:
        # Called with the dead reference, which is the default of `pop` then.
        forget: Callable[[Any], Any] = partial(_FOLLOWS.pop, key)
        found = _FOLLOWS[key] = (weakref.ref(rubric, forget), {})
    return found[1]


def path_of(parent: str, position: int, criterion: Criterion) -> str:
    """The address of a criterion inside its indicator: `2/3`, or `2/report` where it has an id; *position* from 1."""
    return f"{parent}/{criterion.id or position}"


def maximum(node: Rubric | Area | Criterion, rounds: Collection[str] | None = None) -> Fraction:
    """What the tree adds up to at best, with the leaves of *rounds* only (None: all), if everything applies."""
    if isinstance(node, Criterion) and not node.criteria:
        asked = rounds is None or node.round is None or node.round in rounds
        return (node.points or Fraction(0)) if asked else Fraction(0)
    most = [maximum(child, rounds) for child in node.children]
    if node.award == "highest":
        return max(most)
    if node.award == "mean":
        weights = [child.weight for child in node.children]
        return sum((w * m for w, m in zip(weights, most, strict=True)), Fraction(0)) / (sum(weights) or 1)
    return sum(most, Fraction(0))


# What every rubric has -------------------------------------------------------------------------------------------


def _field(th: str, en: str, **more: Any) -> FieldType:
    return FieldType(title=Text(th=th, en=en), **more)


EVIDENCE_FIELDS: dict[str, FieldType] = {
    "kind": _field("ชนิดหลักฐาน", "Kind of evidence", required=True),
    "title": _field("ชื่อเอกสาร", "Title", required=True),
    "date": _field("วันที่ของเอกสาร", "Date of the document", type="date"),
    "reference": _field("เลขที่หนังสือ", "Reference number"),
    "file": _field("ไฟล์แนบ", "Attachment", type="file"),
    "url": _field("ลิงก์", "Link", type="url"),
    "covers": _field("เดือนหรือไตรมาสที่รายงาน", "Months or quarters reported on"),
    "note": _field("หมายเหตุ", "Note"),
    "indicators": _field("ใช้กับตัวชี้วัด (เฉพาะใน portfolio.md)", "Indicators it serves (in portfolio.md only)"),
}
"""Fields of every piece of evidence. It needs one of `PROOF` to count: a yes is a document."""

PROOF = ("file", "url", "reference")

CHANNELS = Register(
    title=Text(th="ช่องทางเผยแพร่", en="Publication channels"),
    unit=Text(th="ช่องทาง", en="channel"),
    proof=list(PROOF),
    fields={
        "kind": _field(
            "ชนิดช่องทาง",
            "Kind of channel",
            type="choice",
            required=True,
            choices={
                "website": Text(th="เว็บไซต์", en="website"),
                "facebook": Text(th="เฟซบุ๊ก", en="Facebook page"),
                "line_group": Text(th="ไลน์กลุ่ม", en="LINE group"),
                "line_oa": Text(th="ไลน์ทางการ", en="LINE official account"),
                "youtube": Text(th="ยูทูบ", en="YouTube"),
                "other_social": Text(th="สื่อสังคมออนไลน์อื่น", en="other social media"),
                "app": Text(th="แอปพลิเคชัน", en="application"),
                "email": Text(th="อีเมล", en="e-mail"),
                "circular": Text(th="หนังสือเวียน", en="circular"),
                "meeting": Text(th="การประชุม", en="meeting"),
                "board": Text(th="บอร์ดประชาสัมพันธ์", en="notice board"),
                "print": Text(th="สิ่งพิมพ์", en="print"),
                "letter": Text(th="จดหมาย", en="letter box"),
                "phone": Text(th="โทรศัพท์", en="telephone"),
                "counter": Text(th="จุดบริการ", en="service counter"),
            },
        ),
        "name": _field("ชื่อช่องทาง", "Name", required=True),
        "scope": _field(
            "ภายใน/ภายนอก",
            "Inside or outside the unit",
            type="choice",
            required=True,
            choices={"internal": Text(th="ภายใน", en="internal"), "external": Text(th="ภายนอก", en="external")},
        ),
        "audience": _field("กลุ่มเป้าหมาย", "Audience"),
        "public": _field("บุคคลทั่วไปเข้าถึงได้", "Open to the public", type="yes_no"),
        "url": _field("ที่อยู่", "Address", type="url"),
        "reference": _field("เลขที่หนังสือ", "Reference number"),
        "file": _field("ภาพหรือไฟล์แสดง", "Screenshot or file", type="file"),
        "date": _field("วันที่เผยแพร่", "Date published", type="date"),
        "note": _field("หมายเหตุ", "Note"),
    },
)
"""The register `channels`. Its records have one more field, `place`: two pages of one site are one place."""
