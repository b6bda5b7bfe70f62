"""Reviews: what verdicts may do to a score, what became of them on the site, and that nobody can forge one there."""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from lakthan import build, exports, load, publish, score, verdicts, verify
from lakthan.model import Answer, Place, Portfolio, Record, Review, Verdict
from tests import randoms
from tests.conftest import Sandbox

OAE = "oae-demo/oae-unit-2567"
PLACE = Place("content/office/demo/reviews/group.yml")


def with_seen(portfolio: Portfolio) -> Portfolio:
    """A random portfolio with what of each record is seen, as reading it from files gives."""

    def one(record: Record) -> Record:
        return replace(record, seen=verdicts.seen(record.register, record.values, {}))

    def of(answer: Answer) -> Answer:
        registers = {name: tuple(map(one, found)) for name, found in answer.registers.items()}
        return replace(answer, evidence=tuple(map(one, answer.evidence)), registers=registers)

    answers = {name: of(answer) for name, answer in portfolio.answers.items()}
    return replace(portfolio, shared=of(portfolio.shared), answers=answers)


def review(portfolio: Portfolio, found: list[Verdict], **more: Any) -> Review:
    given: dict[str, Any] = {"name": "group", "role": "Group", "date": datetime.date(2024, 9, 1), "final": False}
    round = verdicts.round_of(portfolio.rubric, None)
    return Review(**{**given, "round": round, "verdicts": tuple(found), "place": PLACE, **more})


def matters(portfolio: Portfolio) -> Iterator[Verdict]:
    """A verdict on each indicator and on each record that it shows: all is accepted."""
    for node in portfolio.rubric.every_indicator():
        yield Verdict(node.id, None, verdicts.seen_of(portfolio, node), "accept", PLACE)
        for record in verdicts.records(portfolio, node):
            yield Verdict(node.id, record.name, record.seen, "accept", PLACE)


def cases(count: int, *, tame: bool = False) -> Iterator[tuple[random.Random, Portfolio]]:
    for seed in range(count):
        rng = random.Random(seed)
        rubric = randoms.random_rubric(rng, tame=tame)
        yield rng, with_seen(randoms.random_portfolio(rng, rubric))


def left(portfolio: Portfolio, *reviews: Review) -> Any:
    found = score.verified(score.score(replace(portfolio, reviews=reviews)))
    assert found is not None
    return found.score


def test_accepting_everything_is_the_computed_score() -> None:
    for _, portfolio in cases(80):
        everything = review(portfolio, list(matters(portfolio)))
        after = score.verified(score.score(replace(portfolio, reviews=(everything,))))
        assert after is not None
        assert (after.stale, after.disputed, after.open) == (0, 0, 0)
        assert after.score.root == score.score(portfolio).root


def test_rejecting_evidence_never_raises_a_monotone_score() -> None:
    lowered = 0
    for rng, portfolio in cases(120, tame=True):
        if not randoms.monotone(portfolio.rubric):
            continue
        before = score.score(portfolio)
        records = [one for one in matters(portfolio) if one.evidence]
        rejected = [replace(one, verdict="reject", reason="x") for one in records if rng.random() < 0.5]
        if not rejected:
            continue
        after = left(portfolio, review(portfolio, rejected))
        assert all(after.indicators[name].points <= node.points for name, node in before.indicators.items())
        lowered += after.points < before.points
    assert lowered > 10


def test_points_of_a_verdict_are_those_of_the_indicator_and_of_all_above() -> None:
    for rng, portfolio in cases(40):
        node = rng.choice(list(portfolio.rubric.every_indicator()))
        most = verdicts.most(portfolio.rubric, node, verdicts.round_of(portfolio.rubric, None))
        given = Fraction(rng.randint(0, 6), 6) * most
        seen = verdicts.seen_of(portfolio, node)
        verdict = Verdict(node.id, None, seen, "accept", PLACE, points=given, reason="x")
        after = left(portfolio, review(portfolio, [verdict]))
        if after.indicators[node.id].applies:
            assert after.indicators[node.id].points == given
            assert after.indicators[node.id].decided
        stale = replace(verdict, seen="0" * 16)
        assert left(portfolio, review(portfolio, [stale])).root == score.score(portfolio).root


def test_the_order_of_reviews_and_verdicts_is_irrelevant() -> None:
    for rng, portfolio in cases(60):
        found = [
            replace(one, verdict=rng.choice(["accept", "reject", "ask"]), reason="x", place=Place(PLACE.file, n))
            for n, one in enumerate(matters(portfolio))
            if rng.random() < 0.7
        ]
        names = ["a", "b", "c"]
        parts = {name: [one for one in found if rng.random() < 0.6] for name in names}
        reviews = [review(portfolio, parts[name], name=name, final=name == "c") for name in names]
        mixed = [replace(one, verdicts=tuple(rng.sample(one.verdicts, len(one.verdicts)))) for one in reviews]
        rng.shuffle(mixed)
        portfolios = (replace(portfolio, reviews=tuple(order)) for order in (reviews, mixed))
        first, second = (score.verified(score.score(one)) for one in portfolios)
        if first is None or second is None:
            assert first is second is None
            continue
        assert first.score.root == second.score.root
        assert [(r.indicator, r.evidence, r.rejects, r.limit, r.disputed, len(r.open)) for r in first.rulings] == [
            (r.indicator, r.evidence, r.rejects, r.limit, r.disputed, len(r.open)) for r in second.rulings
        ]


def test_what_was_seen_changes_with_every_field_and_every_byte(small: Sandbox) -> None:
    name = "content/unit-a/mean-2570/1.md"
    small.path("content/unit-a/mean-2570/files").mkdir()
    attachment = small.write("content/unit-a/mean-2570/files/plan.txt", "แผน")
    small.replace(name, "reference: ที่ ๑/๒๕๗๐", "file: files/plan.txt")

    def seen() -> tuple[str, str]:
        (portfolio,) = load.load(small.root).project.portfolios
        indicator = next(iter(portfolio.rubric.every_indicator()))
        return portfolio.answers["1"].evidence[0].seen, verdicts.seen_of(portfolio, indicator)

    known = {seen()}
    attachment.write_text("แผน ", encoding="utf-8")
    known.add(seen())
    small.replace(name, "แผนงาน", "แผนการ")
    known.add(seen())
    assert len(known) == len({record for record, _ in known}) == len({whole for _, whole in known}) == 3
    small.replace(name, "self_score: 10", "self_score: 9")
    small.write(name, f"{small.read(name)}เรื่องเล่าใหม่\n")
    assert seen() in known  # neither the self score nor the account


def test_a_new_review_says_nothing_until_it_is_filled_in(sample: Sandbox) -> None:
    sample.run("new", "review", "dip-ict", "moi-moral-2569", "--name", "group-1", "--today", "2569-10-01")
    path = "content/dip-ict/moi-moral-2569/reviews/group-1.yml"
    before = build.examine(sample.root)
    assert not [p for p in before.problems if p.place.file == path]
    (assessment,) = (a for a in before.assessments if a.portfolio.unit == "dip-ict")
    assert assessment.reviewed is None
    # The skeleton has been filled in: everything is accepted, nothing is stale.
    lines = sample.read(path).split("\n")
    sample.write(path, "\n".join("  verdict: accept" if line.startswith("  verdict:") else line for line in lines))
    after = build.examine(sample.root)
    assert not [p for p in after.problems if p.place.file == path]
    (assessment,) = (a for a in after.assessments if a.portfolio.unit == "dip-ict")
    assert assessment.reviewed is not None
    assert assessment.reviewed.score.points == 27
    assert assessment.reviewed.score.level == "level-3"
    assert (len(assessment.reviewed.reviewed), assessment.reviewed.stale) == (9, 0)
    sample.run("new", "review", "dip-ict", "moi-moral-2569")
    assert sample.path("content/dip-ict/moi-moral-2569/reviews/review-1.yml").is_file()
    for wrong in (["--name", "ชุดที่ 1"], ["--round", "first"]):
        sample.run("new", "review", "dip-ict", "moi-moral-2569", *wrong, status=2)
    sample.run("new", "review", "dip-ict", "oae-unit-2567", status=2)


def test_the_sample_shows_three_scores(as_it_is: Sandbox) -> None:
    first, second = as_it_is.scores("oae-demo")
    assert (second["points"], second["verified"]["points"]) == (100.5, 96)
    counts = ("reviewed", "open", "stale", "disputed", "final")
    assert [second["verified"][key] for key in counts] == [8, 1, 1, 1, False]
    assert (first["verified"]["final"], first["verified"]["points"]) == (True, 56)
    one = next(one for one in second["indicators"] if one["id"] == "1.1.4")
    assert (one["points"], one["verified"]["points"], one["verified"]["decided"]) == (4, 1, False)
    (change,) = one["verified"]["changes"]
    assert not change["met"]
    assert "rejected by" in json.dumps(change, ensure_ascii=False)
    assert as_it_is.score("dip-ict")["verified"] is None
    words = as_it_is.words(f"{OAE}/index.md")
    assert all(number in words for number in ("101.5", "100.5", "96"))
    said = as_it_is.run("score", "oae-demo", "--round", "12m").stdout
    assert "verified: 96 (8 of 41 indicators looked at, not final)" in said


def test_pages_show_verdicts_questions_and_answers(as_it_is: Sandbox) -> None:
    words = as_it_is.words(f"en/{OAE}/reviews.md")
    assert "waits for an answer" in words
    assert "Reviewers differ" in words
    assert "changed since" in words
    assert "The unit answers" in words
    assert words.index("Indicator 3.1") < words.index("Indicator 5.4")  # the open question comes first
    assert "rejected" in as_it_is.words(f"en/{OAE}/1.1.4.md")
    assert "4 by the evidence, 1 after the review" in as_it_is.words(f"en/{OAE}/1.1.4.md")
    assert "ยังไม่มีผลการตรวจ" in as_it_is.words("dip-ict/moi-moral-2569/reviews.md")


def test_what_a_reviewer_wrote_never_comes_alive(small: Sandbox) -> None:
    evil = '<script>alert(1)</script> {{ 7*7 }} [x](javascript:alert(1)) "onload=x'
    small.run("new", "review", "unit-a", "mean-2570", "--name", "group", "--today", "2570-01-01")
    name = "content/unit-a/mean-2570/reviews/group.yml"
    quoted = json.dumps(evil)
    text = small.read(name).replace("  verdict:", f"  verdict: ask\n  reason: {quoted}\n  answer: {quoted} #", 2)
    lines = [f"role: {quoted}\nnote: {quoted}" if one.startswith("role:") else one for one in text.split("\n")]
    small.write(name, "\n".join(lines))
    small.generate()
    for page in ("reviews", "1", "index", "evidence"):
        text = (small.docs / f"unit-a/mean-2570/{page}.md").read_text(encoding="utf-8")
        assert "<script>" not in text
        assert 'href="javascript' not in text
        assert '"onload' not in text
    assert small.words("unit-a/mean-2570/reviews.md").count("7*7") >= 4


@pytest.fixture
def published(sample: Sandbox) -> Sandbox:
    examined = build.examine(sample.root)
    site = sample.path("site")
    for name, content in exports.files(examined.project, examined.assessments):
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (site / "manifest.json").write_bytes(publish.manifest(site))
    return sample


def test_a_verdict_changed_on_the_site_is_found(published: Sandbox) -> None:
    site = published.path("site")
    assert verify.verify(site).problems == ()
    inputs = site / OAE / "inputs.json"
    document = json.loads(inputs.read_bytes())
    (group,) = (one for one in document["reviews"] if one["name"] == "group-1")
    rejected = next(one for one in group["verdicts"] if one["indicator"] == "1.1.4")
    rejected["verdict"] = "accept"
    inputs.write_bytes(exports.encode(document))
    (site / "manifest.json").write_bytes(publish.manifest(site))
    codes = {(one.code, str(one.args.get("indicator"))) for one in verify.verify(site).problems}
    assert ("published-score", "1.1.4") in codes
