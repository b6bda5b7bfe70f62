"""What is doubtful in a portfolio, beyond what could not be read: one function a check, named for what is wrong.

`CHECKS` lists them. Each yields diagnostics; none changes a score.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from fractions import Fraction

from lakthan import rules, verdicts
from lakthan.diagnostics import Diagnostic
from lakthan.model import Answer, Assessment, Finding, Message, NodeScore, Place, Record, Ruling, Use, Window
from lakthan.rubric import PROOF, Count, Has, Indicator, Rubric, follows, maximum

Check = Callable[[Assessment], Iterator[Diagnostic]]

NEAR = datetime.timedelta(days=30)
"""How long before its last day a deadline is near."""


def indicator_without_file(assessment: Assessment) -> Iterator[Diagnostic]:
    """The rubric asks for an indicator that no file answers."""
    portfolio = assessment.portfolio
    for name, node in assessment.latest.indicators.items():
        if name not in portfolio.answers and isinstance(node.node, Indicator):
            yield Diagnostic(
                "indicator-without-file",
                Place(f"{portfolio.folder}/{name}.md"),
                "warning",
                {"name": name, "title": node.node.title},
            )


def self_score_differs(assessment: Assessment) -> Iterator[Diagnostic]:
    """The unit gave itself other points than its evidence supports."""
    for name, answer in assessment.portfolio.answers.items():
        stated, node = answer.self_score, assessment.latest.indicators[name]
        if stated is None:
            continue
        # Of all rounds: who looks back at an early one is no reason to call the year's points impossible.
        most = _most(assessment, name)
        if stated.value > most:
            args = {"name": name, "stated": stated.value, "max": most}
            yield Diagnostic("self-score-impossible", stated.place, "error", args)
        elif stated.value != node.points:
            args = {"name": name, "stated": stated.value, "computed": node.points}
            yield Diagnostic("self-score-differs", stated.place, "warning", args)


def self_level_differs(assessment: Assessment) -> Iterator[Diagnostic]:
    """The unit claims another level than its evidence supports."""
    portfolio, level = assessment.portfolio, assessment.latest.level
    place = portfolio.shared.places.get("self_level", portfolio.shared.place)
    known = [found.id for found in portfolio.rubric.levels]
    if portfolio.self_level is None:
        return
    if portfolio.self_level not in known:
        yield Diagnostic("unknown-level", place, "error", {"name": portfolio.self_level, "known": tuple(known)})
    elif portfolio.self_level != level:
        titles = {found.id: found.title for found in portfolio.rubric.levels}
        computed = titles[level] if level else Message("level.none")
        args = {"stated": titles[portfolio.self_level], "computed": computed}
        yield Diagnostic("self-level-differs", place, "warning", args)


_OBJECTIONS = {
    "use.no_document": "evidence-without-document",
    "use.undated": "evidence-undated",
    "use.too_early": "evidence-outside-window",
    "use.too_late": "evidence-outside-window",
    "use.past_deadline": "evidence-outside-window",
    "use.after_signature": "evidence-after-signature",
}


def evidence_not_counted(assessment: Assessment) -> Iterator[Diagnostic]:
    """Evidence was shown that no condition can count, for the reason given."""
    for use in _uses(assessment):
        if use.record.register == "evidence" and not any(map(use.record.values.get, ("title", "date"))):
            continue  # a skeleton lists what is asked for before there is anything to show
        if use.why and use.why.key in _OBJECTIONS and use.why.key != "use.after_signature":
            args = {"title": _title(use.record), "why": use.why}
            yield Diagnostic(_OBJECTIONS[use.why.key], use.record.place, "warning", args)


def evidence_after_signature(assessment: Assessment) -> Iterator[Diagnostic]:
    """Something is dated after the form was signed, which the signer cannot have seen."""
    signed = assessment.portfolio.signed
    for record in _records(assessment):
        if signed and record.date and record.date > signed:
            args = {"title": _title(record), "date": record.date, "signed": signed}
            yield Diagnostic("evidence-after-signature", record.place, "warning", args)


def evidence_taken_as_signed(assessment: Assessment) -> Iterator[Diagnostic]:
    """Evidence has no date and is taken as dated on the day of the signature."""
    portfolio = assessment.portfolio
    shown = [r for answer in portfolio.all_answers() for r in answer.evidence if any(map(r.values.get, PROOF))]
    undated = [record for record in shown if record.date is None]
    if undated and portfolio.rubric.handling.undated == "at_signature":
        if portfolio.signed:
            args = {"n": len(undated), "signed": portfolio.signed}
            yield Diagnostic("evidence-taken-as-signed", undated[0].place, "note", args)
        else:
            yield Diagnostic("not-signed", portfolio.shared.place, "warning", {"n": len(undated)})


def number_without_evidence(assessment: Assessment) -> Iterator[Diagnostic]:
    """A number is stated that no evidence backs, so it does not count."""
    for answer in assessment.portfolio.all_answers():
        for name, stated in answer.facts.items():
            for scope in _scopes(assessment, answer, name):
                why = rules.fact(scope, name).why
                if why and why.key == "reason.unproven":
                    yield Diagnostic("number-without-evidence", stated.place, "warning", {"why": why})
                    break


def number_exceeds(assessment: Assessment) -> Iterator[Diagnostic]:
    """A number is larger than the whole that it is part of."""
    for answer in assessment.portfolio.all_answers():
        for name, stated in answer.facts.items():
            fact = assessment.portfolio.rubric.facts[name]
            if fact.at_most is None:
                continue
            whole = answer.facts.get(fact.at_most) or assessment.portfolio.shared.facts.get(fact.at_most)
            if whole and stated.value > whole.value:
                title = assessment.portfolio.rubric.facts[fact.at_most].title
                args = {"what": fact.title, "value": stated.value, "whole": title, "limit": whole.value}
                yield Diagnostic("number-exceeds", stated.place, "error", args)


def evidence_not_asked(assessment: Assessment) -> Iterator[Diagnostic]:
    """Evidence of a kind that no condition of its indicator reads."""
    rubric = assessment.portfolio.rubric
    for name, answer in assessment.portfolio.answers.items():
        if not answer.evidence:
            continue
        wanted = rules.kinds_asked(rubric, _indicator(assessment, name))
        for record in answer.evidence:
            if record.kind not in wanted:
                args = {"title": _title(record), "kind": rubric.kinds[record.kind].title, "name": name}
                yield Diagnostic("evidence-not-asked", record.place, "note", args)


def evidence_twice(assessment: Assessment) -> Iterator[Diagnostic]:
    """The same document stands twice under the same kind in one file."""
    for answer in assessment.portfolio.all_answers():
        shown = answer.evidence
        # Most titles stand once, and what has another title is another document.
        if len({record.values.get("title") for record in shown}) == len(shown):
            continue
        seen: Counter[tuple[object, ...]] = Counter()
        for record in shown:
            key = (record.kind, *map(record.values.get, ("file", "url", "reference", "date", "title")))
            seen[key] += 1
            if seen[key] == 2:
                yield Diagnostic("evidence-twice", record.place, "warning", {"title": _title(record)})


def not_applicable_refused(assessment: Assessment) -> Iterator[Diagnostic]:
    """An indicator is declared not applicable that the rubric does not let go."""
    for name, answer in assessment.portfolio.answers.items():
        node = assessment.latest.indicators[name].node
        if answer.not_applicable and isinstance(node, Indicator) and not node.may_not_apply:
            place = answer.places.get("not_applicable", answer.place)
            yield Diagnostic("not-applicable-refused", place, "error", {"name": name})


def shared_with_unknown(assessment: Assessment) -> Iterator[Diagnostic]:
    """Evidence in `portfolio.md` does not say which indicators it serves, or names one that is not there."""
    known = tuple(assessment.latest.indicators)
    for record in assessment.portfolio.shared.evidence:
        listed = record.values.get("indicators")
        named = [str(item) for item in listed] if isinstance(listed, tuple) else []
        if not named:
            yield Diagnostic("shared-with-none", record.place, "warning", {"title": _title(record)})
        for name in named:
            if name not in known:
                yield Diagnostic("shared-with-unknown", record.place, "error", {"name": name})


def review_stale(assessment: Assessment) -> Iterator[Diagnostic]:
    """What a verdict is on has changed since, or is gone."""
    nodes = {node.id: node for node in assessment.portfolio.rubric.every_indicator()}
    for ruling in _rulings(assessment):
        node = nodes.get(ruling.indicator)
        shown = {r.name for r in verdicts.records(assessment.portfolio, node)} if node else set()
        gone = ruling.evidence is not None and ruling.evidence not in shown
        for opinion in ruling.opinions:
            if opinion.stale:
                code = "review-evidence-gone" if gone else "review-stale"
                yield Diagnostic(code, opinion.verdict.place, "warning", {"what": verdicts.matter(ruling)})


def review_disputed(assessment: Assessment) -> Iterator[Diagnostic]:
    """Two reviews differ on the same matter, and no final decision settles it."""
    for ruling in _rulings(assessment):
        if ruling.disputed:
            roles = tuple(dict.fromkeys(opinion.review.role for opinion in ruling.basis))
            args = {"what": verdicts.matter(ruling), "roles": roles}
            yield Diagnostic("review-disputed", ruling.basis[-1].verdict.place, "warning", args)


def review_question_open(assessment: Assessment) -> Iterator[Diagnostic]:
    """A reviewer asked, and the unit has not answered."""
    for ruling in _rulings(assessment):
        for opinion in ruling.open:
            args = {"what": verdicts.matter(ruling), "question": opinion.verdict.reason}
            yield Diagnostic("review-question-open", opinion.verdict.place, "note", args)


def review_too_early(assessment: Assessment) -> Iterator[Diagnostic]:
    """A review is of a round that the portfolio has not reached, so that nothing comes of it yet."""
    reviews = assessment.portfolio.reviews
    reached = {score.round for score in assessment.scores} if reviews else set()
    for review in reviews:
        if review.round not in reached and review.verdicts and assessment.latest.as_of is None:
            title = next(r.title for r in assessment.portfolio.rubric.rounds if r.id == review.round)
            yield Diagnostic("review-too-early", review.place, "warning", {"round": title})


CHECKS: tuple[Check, ...] = (
    indicator_without_file,
    self_score_differs,
    self_level_differs,
    evidence_not_counted,
    evidence_after_signature,
    evidence_taken_as_signed,
    number_without_evidence,
    number_exceeds,
    evidence_not_asked,
    evidence_twice,
    not_applicable_refused,
    shared_with_unknown,
    review_stale,
    review_disputed,
    review_question_open,
    review_too_early,
)


def check(assessment: Assessment) -> Iterator[Diagnostic]:
    """Everything doubtful in one portfolio."""
    for one in CHECKS:
        yield from one(assessment)


def deadlines(assessment: Assessment, today: datetime.date) -> Iterator[Diagnostic]:
    """What is missing and falls due within `NEAR` of *today*."""
    portfolio = assessment.portfolio
    if not any(today <= last <= today + NEAR for last in _last_days(assessment.latest.rubric)):
        return  # what is missing need not be worked out
    for name, step in assessment.advice.indicators.items():
        for need in step.needs:
            if need.by and today <= need.by <= today + NEAR:
                answer = portfolio.answers.get(name)
                place = answer.place if answer else Place(f"{portfolio.folder}/{name}.md")
                yield Diagnostic("deadline-near", place, "note", {"name": name, "what": need.what, "by": need.by})


def _last_days(rubric: Rubric) -> Collection[datetime.date]:
    """Every day that a rubric sets as the last one for anything."""
    known = follows(rubric)
    if "last days" not in known:
        windows = {one.to for one in (*rubric.rounds, *([rubric.period] if rubric.period else ()))}
        asked = (condition for node in rubric.every_indicator() for condition in rules.conditions(node))
        before = {one.before for one in asked if isinstance(one, Has | Count) and one.before}
        known["last days"] = windows | {day - datetime.timedelta(days=1) for day in before}
    found: Collection[datetime.date] = known["last days"]
    return found


# What the checks go through --------------------------------------------------------------------------------------


def _title(record: Record) -> str:
    return record.text("title") or record.text("name") or record.kind


def _records(assessment: Assessment) -> Iterator[Record]:
    for answer in assessment.portfolio.all_answers():
        yield from answer.evidence
        for found in answer.registers.values():
            yield from found


def _rulings(assessment: Assessment) -> Iterator[Ruling]:
    for verified in assessment.verified if assessment.portfolio.reviews else ():
        yield from verified.rulings if verified else ()


def _below(one: NodeScore | Finding) -> Iterator[Finding]:
    """The findings of a leaf, each followed by its parts."""
    for finding in one.findings if isinstance(one, NodeScore) else one.parts:
        yield finding
        if finding.parts:
            yield from _below(finding)


def _indicator(assessment: Assessment, name: str) -> Indicator:
    node = assessment.latest.indicators[name].node
    assert isinstance(node, Indicator)  # what `indicators` lists
    return node


def _most(assessment: Assessment, name: str) -> Fraction:
    known = follows(assessment.portfolio.rubric)
    if ("most", name) not in known:
        known["most", name] = maximum(_indicator(assessment, name))
    found: Fraction = known["most", name]
    return found


def _uses(assessment: Assessment) -> Iterator[Use]:
    """Each record that some condition looked at and none counted, with one objection to it."""
    rejected: dict[Place, Use] = {}
    counted: list[Record] = []
    now = next(_scopes(assessment, assessment.portfolio.shared))
    for node in assessment.latest.indicators.values():
        for leaf in node.leaves():
            # A point earned early was judged in the early window: what is dated after it is not at fault there.
            early = leaf.earned_in not in (None, assessment.latest.round)
            for finding in _below(leaf):
                for use in finding.uses:
                    if use.why is None:
                        counted.append(use.record)
                    elif not early or use.why.key == "use.past_deadline" or rules.objection(use.record, now):
                        rejected.setdefault(use.record.place, use)
    if rejected:
        places = {record.place for record in counted}
        yield from (use for place, use in rejected.items() if place not in places)


def _scopes(assessment: Assessment, answer: Answer, fact: str = "") -> Iterator[rules.Scope]:
    """The scope of the indicator that *answer* is for; for the shared one, of each indicator, that asks for *fact*."""
    score = assessment.latest
    found = next((r for r in score.rubric.rounds if r.id == score.round), score.rubric.period)
    window = Window(found.from_, found.to) if found else Window(None, None)
    asking = _asking(assessment, fact) if fact else score.indicators
    for name in (answer.indicator,) if answer.indicator else asking:
        if name in asking:
            yield rules.Scope(assessment.portfolio, score.rubric, name, window, score.as_of)


def _asking(assessment: Assessment, fact: str) -> Collection[str]:
    """The indicators that ask for a fact, in the order of the rubric."""
    rubric = assessment.portfolio.rubric
    known = follows(assessment.latest.rubric)  # as read
    if ("asking", fact) not in known:
        known["asking", fact] = tuple(
            name
            for name in assessment.latest.indicators
            if fact in rules.facts_asked(rubric, _indicator(assessment, name))
        )
    found: Collection[str] = known["asking", fact]
    return found
