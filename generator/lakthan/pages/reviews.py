"""What reviewers found in a portfolio: the three scores, questions and answers, differences, and every verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lakthan.model import Assessment, Opinion, Review, Score, Verified
from lakthan.pages import menus, reviewed
from lakthan.pages.site import Json, Page, Plan, Site


def pages(site: Site) -> Iterator[Plan]:
    """A page for each portfolio, reviewed or not."""
    for assessment in site.assessments:
        yield site.plan(f"{assessment.portfolio.id}/reviews.md", _page, assessment, of=assessment)


def _page(site: Site, assessment: Assessment) -> Page:
    found = zip(assessment.scores, assessment.verified, strict=True)
    rounds = [_round(assessment, score, verified) for score, verified in found if verified]
    return site.portfolio_page(
        "reviews.md.j2",
        assessment,
        "reviews",
        site.say("reviews.title"),
        menu=menus.of_portfolio(site, assessment, "reviews/"),
        rounds=rounds[::-1],
    )


def _round(assessment: Assessment, computed: Score, verified: Verified) -> Json:
    """One round: its reviews, the questions (open ones first), what differs, and the verdicts by indicator."""
    questions = [
        {
            "ruling": ruling,
            "opinion": opinion,
            "open": opinion in ruling.open,
            "record": reviewed.record(assessment, ruling),
        }
        for ruling in verified.rulings
        for opinion in ruling.opinions
        if opinion.verdict.verdict == "ask"
    ]
    matters: dict[str, list[Json]] = {}
    for ruling in verified.rulings:
        entry = {"ruling": ruling, "record": reviewed.record(assessment, ruling)}
        matters.setdefault(ruling.indicator, []).append(entry)
    return {
        "score": computed,
        "verified": verified,
        "reviews": [{"review": review, "counts": _counts(review, verified)} for review in verified.reviews],
        "questions": sorted(questions, key=lambda question: not question["open"]),
        "differences": list(reviewed.differences(computed, verified)),
        "matters": matters,
    }


def _counts(review: Review, verified: Verified) -> Counter[str]:
    """How many of a review's verdicts accept, reject and ask, and how many are stale."""
    own: dict[int, Opinion] = {
        id(opinion.verdict): opinion
        for ruling in verified.rulings
        for opinion in ruling.opinions
        if opinion.review.name == review.name
    }
    return Counter([*(o.verdict.verdict for o in own.values()), *("stale" for o in own.values() if o.stale)])
