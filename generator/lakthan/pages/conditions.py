"""What a condition asks, said without any portfolio."""

from __future__ import annotations

from lakthan import rules
from lakthan.model import Answer, Place, Portfolio, Window
from lakthan.pages.words import Words
from lakthan.rubric import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Count,
    Covers,
    Every,
    Has,
    Percent,
    Rubric,
    Value,
    follows,
)


def asked(words: Words, rubric: Rubric, condition: Condition) -> str:
    """What *condition* of *rubric* asks, as its page says it and as a criterion without a text of its own does."""
    known = follows(rubric)  # every portfolio shows it on several pages
    key = ("asked", words.language, words.digits, id(condition))
    if key not in known:
        nobody = Portfolio("", rubric, "", Answer(None, Place("")), {})
        said = _asked(words, rules.Scope(nobody, rubric, "", Window(None, None)), condition)
        known[key] = said, condition  # which lives as long as this: no other is ever known by its number
    found: str = known[key][0]
    return found


def _asked(words: Words, scope: rules.Scope, condition: Condition) -> str:
    def limit(of: Comparison) -> str:
        return words.show(rules.limits(of))

    match condition:
        case Has():
            said = words.say("condition.has", what=rules.named(scope, condition.has, condition.where))
        case Count():
            unit, what = rules.unit(scope, condition.count), rules.named(scope, condition.count, condition.where)
            chosen = scope.rubric.sets.get(condition.count)
            name = condition.distinct or (chosen.distinct if chosen else None)
            kind = rules.field_type(scope, condition.count, name) if name else None
            said = words.say("condition.count", what=what, limit=limit(condition), unit=unit)
            said += " " + words.say("condition.distinct", field=kind.title) if kind else ""
        case Percent() if condition.where:
            which = rules.describe(scope, condition.percent, condition.where)
            said = words.say(
                "condition.share", what=rules.title(scope, condition.percent), where=which, limit=limit(condition)
            )
        case Percent():
            part, whole = rules.title(scope, condition.percent), rules.title(scope, condition.of or "")
            said = words.say("condition.percent", part=part, whole=whole, limit=limit(condition))
        case Value():
            unit = rules.unit(scope, condition.value)
            said = words.say(
                "condition.value", what=rules.title(scope, condition.value), limit=limit(condition), unit=unit
            )
        case Every():
            which = rules.describe(scope, condition.every, condition.where)
            said = words.say("condition.every", what=rules.title(scope, condition.every), where=which)
        case Covers():
            said = words.say(
                f"condition.covers_{condition.each}", what=rules.named(scope, condition.covers, condition.where)
            )
        case AnyOf():
            return words.say("condition.any", parts=tuple(_asked(words, scope, part) for part in condition.any))
        case AllOf():
            return words.say("condition.all", parts=tuple(_asked(words, scope, part) for part in condition.all))
        case _:
            raise AssertionError(f"{condition!r} is not in the language")
    before = condition.before if isinstance(condition, Has | Count) else None
    return f"{said} {words.say('condition.before', date=before)}" if before else said
