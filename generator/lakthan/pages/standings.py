"""Portfolios side by side: what each scored in every column, and in what state it is. Shared by several pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from lakthan import thai
from lakthan.model import Assessment, NodeScore
from lakthan.pages.site import Json, Site
from lakthan.rubric import Rubric


def ordered(site: Site, rubric: Rubric) -> list[Assessment]:
    """The portfolios that answer a rubric, by the name of the unit."""
    return site.once(_ordered).get(rubric.id, [])


def _ordered(site: Site) -> dict[str, list[Assessment]]:
    found: dict[str, list[Assessment]] = {}
    for a in sorted(
        site.assessments, key=lambda a: (thai.sort_key(site.unit_name(a.portfolio.unit)), a.portfolio.unit)
    ):
        found.setdefault(a.portfolio.rubric.id, []).append(a)
    return found


def beside(site: Site) -> Mapping[str, tuple[str | None, str | None]]:
    """The units before and after that of each portfolio, among those that answer its rubric."""
    return site.once(_beside) if site.beside is None else site.beside


def _beside(site: Site) -> dict[str, tuple[str | None, str | None]]:
    found: dict[str, tuple[str | None, str | None]] = {}
    for rubric in site.project.rubrics.values():
        portfolios = [assessment.portfolio for assessment in ordered(site, rubric)]
        units = [None, *(portfolio.unit for portfolio in portfolios), None]
        found |= {p.id: (units[at], units[at + 2]) for at, p in enumerate(portfolios)}
    return found


def board(site: Site, rubric: Rubric, columns: Sequence[Any]) -> Json:
    """The rows of a heat map: a cell for each of *columns*, which are indicators or areas of the rubric."""
    rows = [row(site, assessment, columns) for assessment in ordered(site, rubric)]
    parents = {name: site.short_name(name) for one in rows if (name := one["parent"])}
    return {
        "rubric": rubric,
        "columns": columns,
        "rows": rows,
        "parents": sorted(parents.items(), key=lambda entry: (thai.sort_key(entry[1]), entry[0])),
        "states": [name for name in STATES if any(name in one["states"] for one in rows)],
    }


STATES = ("signed", "unsigned", "reviewed", "changed", "asked", "differs", "unanswered", "draft")
"""What may be said of a portfolio beside its points; all but the first three are said of single answers."""


def row(site: Site, assessment: Assessment, columns: Sequence[Any]) -> Json:
    """One portfolio: its cells, and its states, each with how many indicators it is true of (None: of the whole)."""
    portfolio, latest = assessment.portfolio, assessment.latest
    nodes = {node.path: node for node in latest.root.walk()}
    unit = site.project.units.get(portfolio.unit)
    states: dict[str, int | None] = {"signed" if portfolio.signed else "unsigned": None}
    if assessment.reviewed:
        states["reviewed"] = None
    found = [state for name in latest.indicators for state in states_of(assessment, name)]
    states |= {name: found.count(name) for name in STATES if name in found}
    return {
        "assessment": assessment,
        "parent": unit.parent if unit else None,
        "rank": 1 + max((n for n, level in enumerate(portfolio.rubric.levels) if level.id == latest.level), default=-1),
        "cells": [cell(site, assessment, nodes[column.id]) for column in columns],
        "states": states,
    }


def states_of(assessment: Assessment, name: str) -> tuple[str, ...]:
    """What is to be said of the answer to one indicator: those of `STATES` that are of single answers."""
    node, answer = assessment.latest.indicators[name], assessment.portfolio.answers.get(name)
    if not node.applies:
        return ()
    if answer is None:
        return ("unanswered",)
    found = ["draft"] if answer.status == "draft" else []
    if (left := verified(assessment, name)) is not None and left != node.points:
        found.append("changed")
    if assessment.reviewed and any(r.open for r in assessment.reviewed.rulings if r.indicator == name):
        found.append("asked")
    if answer.self_score and answer.self_score.value != node.points:
        found.append("differs")
    return tuple(found)


def verified(assessment: Assessment, name: str) -> Fraction | None:
    """The points that reviewers left an indicator; None where nobody reviewed it."""
    found = assessment.reviewed
    return found.score.indicators[name].points if found and name in found.reviewed else None


def cell(site: Site, assessment: Assessment, node: NodeScore) -> Json:
    """The points of a node: its tint, its digits, and the self-assessed and verified points where they differ."""
    answer = assessment.portfolio.answers.get(node.path)
    states = states_of(assessment, node.path) if node.path in assessment.latest.indicators else ()
    left = verified(assessment, node.path) if "changed" in states else None
    return {
        "heat": heat(node),
        "points": site.show(node.points) if node.applies and node.max else "–",
        "self": site.show(answer.self_score.value) if "differs" in states and answer and answer.self_score else "",
        "verified": "" if left is None else site.show(left),
    }


def heat(node: NodeScore) -> str:
    """How warm a score is: `0` nothing, `1` less than half, `2` half or more, `3` all; `x` nothing was to be had."""
    if not (node.applies and node.max):
        return "x"
    if node.points >= node.max:
        return "3"
    return "2" if 2 * node.points >= node.max else "1" if node.points > 0 else "0"
