"""The list of units, and each unit's own page."""

from __future__ import annotations

from collections.abc import Iterator

from lakthan import thai
from lakthan.model import Unit
from lakthan.pages import menus
from lakthan.pages.site import Page, Plan, Site


def pages(site: Site) -> Iterator[Plan]:
    """The list of units, and a page for each."""
    yield site.plan("units/index.md", _every)
    for unit in site.project.units.values():
        yield site.plan(f"{unit.id}/index.md", _page, unit, of=unit)
        if unit.profile:
            yield site.plan(f"{unit.id}/profile.md", _profile, unit, of=unit)


def _children(site: Site) -> dict[str | None, list[Unit]]:
    """The units below each unit, by name."""
    ordered = sorted(
        site.project.units.values(), key=lambda unit: (unit.id.count("/"), thai.sort_key(site.text(unit.name)))
    )
    children: dict[str | None, list[Unit]] = {}
    for unit in ordered:
        children.setdefault(unit.parent, []).append(unit)
    return children


def _every(site: Site) -> Page:
    children = site.once(_children)

    def walk(parent: str | None, depth: int) -> Iterator[tuple[Unit, int]]:
        for unit in children.get(parent, ()):
            yield unit, depth
            yield from walk(unit.id, depth + 1)

    entries = [{"unit": unit, "depth": depth, "portfolios": site.of_unit(unit)} for unit, depth in walk(None, 0)]
    return site.page("units.md.j2", "units/index.md", site.say("units.title"), site.say("units.lead"), entries=entries)


def _page(site: Site, unit: Unit) -> Page:
    return site.page(
        "unit.md.j2",
        f"{unit.id}/index.md",
        site.text(unit.name),
        site.text(unit.about) or site.say("unit.description", name=unit.name),
        menu=menus.of_unit(site, unit, ""),
        hide=["toc"],
        unit=unit,
        parents=_parents(site, unit),
        parts=site.once(_children).get(unit.id, []),
        portfolios=site.of_unit(unit),
    )


def _profile(site: Site, unit: Unit) -> Page:
    return site.page(
        "profile.md.j2",
        f"{unit.id}/profile.md",
        site.say("profile.title"),
        site.say("profile.description", name=unit.name),
        menu=menus.of_unit(site, unit, "profile/"),
        unit=unit,
        profile=unit.profile,
        parents=[*_parents(site, unit), unit],
        parts=site.once(_children).get(unit.id, []),
    )


def _parents(site: Site, unit: Unit) -> list[Unit]:
    found: list[Unit] = []
    name = unit.parent
    while name and name in site.project.units and site.project.units[name] not in found:
        found.insert(0, site.project.units[name])
        name = site.project.units[name].parent
    return found
