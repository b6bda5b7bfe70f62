"""What reviewers said, ready for templates: of an indicator and its records, and why points differ."""

from __future__ import annotations

from collections.abc import Iterator

from lakthan import exports, verdicts
from lakthan.model import Assessment, Record, Ruling, Score, Verified
from lakthan.pages.site import Json


def record(assessment: Assessment, ruling: Ruling) -> Record | None:
    """The record that a ruling is on, where it is still there."""
    nodes = {node.id: node for node in assessment.portfolio.rubric.every_indicator()}
    node = nodes.get(ruling.indicator)
    shown = verdicts.records(assessment.portfolio, node) if node and ruling.evidence else ()
    return next((record for record in shown if record.name == ruling.evidence), None)


def differences(computed: Score, verified: Verified) -> Iterator[Json]:
    """The indicators whose verified points are others than computed: by whom, and which conditions are why."""
    for name, before in computed.indicators.items():
        after = verified.score.indicators[name]
        if (before.points, before.applies) != (after.points, after.applies):
            yield difference(computed, verified, name)


def difference(computed: Score, verified: Verified, name: str) -> Json:
    """Why the verified points of an indicator are what they are."""
    before, after = computed.indicators[name], verified.score.indicators[name]
    ruling = verified.of(name)
    return {
        "name": name,
        "before": before,
        "after": after,
        "changes": verdicts.changes(before, after),
        "refused": tuple(verdicts.refused(verified.rulings, name).values()),
        "opinions": ruling.basis if ruling and after.decided else (),
    }


def of_indicator(assessment: Assessment, name: str) -> Json:
    """What reviewers said of an indicator in the latest round, for its own page: by record, and of itself."""
    verified = assessment.reviewed
    if verified is None:
        return {"ruling": None, "records": {}, "others": [], "after": None, "difference": None}
    shown = {one.name for one in exports.evidence(assessment.portfolio, name)}
    own = [ruling for ruling in verified.rulings if ruling.indicator == name]
    after = verified.score.indicators[name]
    return {
        "ruling": verified.of(name),
        "records": {ruling.evidence: ruling for ruling in own if ruling.evidence in shown},
        "others": [
            {"ruling": ruling, "record": record(assessment, ruling)}
            for ruling in own
            if ruling.evidence and ruling.evidence not in shown
        ],
        "after": after,
        "difference": difference(assessment.latest, verified, name)
        if after.points != assessment.latest.indicators[name].points
        else None,
    }
