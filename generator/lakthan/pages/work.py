"""The work board of a portfolio: every piece that is missing or unfinished, who sees to it, and by when."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator

from lakthan import thai
from lakthan.exports.documents import anchor
from lakthan.model import Answer, Assessment, Message
from lakthan.pages import answers, menus
from lakthan.pages.site import Json, Page, Plan, Site

STATES = ("missing", "draft", "returned", "ready", "verified")
"""Of a piece of work, from the one that asks most."""


def pages(site: Site) -> Iterator[Plan]:
    """A page for each portfolio."""
    for assessment in site.assessments:
        yield site.plan(f"{assessment.portfolio.id}/board.md", _page, assessment, of=assessment)


def _page(site: Site, assessment: Assessment) -> Page:
    pieces = list(board(assessment))
    open_ = [piece for piece in pieces if piece["state"] not in ("ready", "verified")]
    return site.portfolio_page(
        "work.md.j2",
        assessment,
        "board",
        site.say("work.title"),
        menu=menus.of_portfolio(site, assessment, "board/"),
        hide=["toc"],
        counts=Counter(piece["state"] for piece in pieces),
        states=STATES,
        pieces=open_,
        roles=sorted({piece["who"] for piece in open_ if piece["who"]}, key=thai.sort_key),
    )


def board(assessment: Assessment) -> Iterator[Json]:
    """Every piece of work: what is missing by the advice, answers not finished, and each piece of evidence.

    Whoever is responsible for an answer is so for all that belongs to it. What has no deadline of its own is due when
    the last window ends.
    """
    portfolio = assessment.portfolio
    seen: set[int] = set()
    for name, node in assessment.latest.indicators.items():
        answer = portfolio.answers.get(name)
        if not node.applies or not node.max:
            continue
        own = {"indicator": node.node, "who": answer.responsible if answer else "", "why": (), "due": _end(assessment)}
        if answer is None:
            yield {**own, "state": "missing", "what": Message("pages.work.answer")}
        elif answer.status == "draft":
            yield {**own, "state": "draft", "what": Message("pages.work.answer")}
        said = _said(assessment, name)
        if said.get(None, ("",))[0] == "returned":
            yield {**own, "state": "returned", "what": Message("pages.work.answer"), "why": said[None][1]}
        step = assessment.advice.indicators.get(name)
        for need in step.needs if step else ():
            yield {**own, "state": "missing", "what": need.what, "due": need.by or own["due"]}
        for entry in answers.evidence(assessment, name):
            # What the portfolio lends to several indicators is one piece.
            if id(entry["record"]) in seen:
                continue
            seen.add(id(entry["record"]))
            title = entry["record"].text("title") or Message("pages.word.unnamed")
            ruled = said.get(anchor(entry["record"]))
            if ruled is None and said.get(None, ("",))[0] == "verified":
                ruled = said[None]
            state = _state(answer, entry)
            if ruled and (state == "ready" or ruled[0] == "returned"):
                yield {**own, "state": ruled[0], "what": title, "why": ruled[1]}
            else:
                yield {**own, "state": state, "what": title, "why": tuple(entry["why"])}


def _said(assessment: Assessment, name: str) -> dict[str | None, tuple[str, tuple[Message, ...]]]:
    """What reviewers said of an answer (None) and of its records, by their names: `verified`, or `returned` and why.

    An open question returns a piece as well: it waits for the unit.
    """
    found: dict[str | None, tuple[str, tuple[Message, ...]]] = {}
    for ruling in assessment.reviewed.rulings if assessment.reviewed else ():
        if ruling.indicator != name:
            continue
        left = assessment.latest.indicators[name].points
        against = ruling.rejects or (ruling.limit is not None and ruling.limit < left)
        objections = (*ruling.open, *(ruling.basis if against else ()))
        reasons = dict.fromkeys(one.verdict.reason for one in objections if one.verdict.reason)
        if against or ruling.open:
            why = tuple(Message("pages.work.reviewer", {"reason": reason}) for reason in reasons)
            found[ruling.evidence] = ("returned", why)
        elif ruling.basis:
            found[ruling.evidence] = ("verified", ())
    return found


def _state(answer: Answer | None, entry: Json) -> str:
    """Of a piece of evidence: what does not count yet is no more than a draft."""
    if entry["why"] or (entry["record"].indicator and answer and answer.status == "draft"):
        return "draft"
    return "ready"


def _end(assessment: Assessment) -> datetime.date | None:
    """The last day of the window that the latest score was judged in."""
    rubric = assessment.portfolio.rubric
    ends = [round.to for round in rubric.rounds if round.id == assessment.latest.round]
    return ends[-1] if ends else rubric.period.to if rubric.period else None
