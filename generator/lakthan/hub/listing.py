"""The list of portals: one YAML file that says who takes part, where each stands, and how the overview is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

import yaml
from pydantic import Field

from lakthan import load, signing
from lakthan.diagnostics import Diagnostic
from lakthan.model import Place, Site
from lakthan.rubric import Rubric, Strict, Text

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
"""A name in addresses of pages and names of files, the same on every system."""


class PlaceEntry(Strict):
    """Where a unit of a portal belongs, if not where the portal does."""

    ministry: str | None = None
    province: str | None = None


class PortalEntry(Strict):
    """A portal: a site that `lakthan build` published, by its address or as a folder."""

    id: Slug
    address: str | None = None
    """Of its front page, http or https."""
    folder: str | None = None
    """Of the site, or of its open data with its manifest; relative to the list."""
    title: Text | None = None
    """What the portal calls itself, unless said."""
    ministry: str
    province: str | None = None
    """An id of `provinces`; none for an office of the whole country."""
    key: str | None = None
    """The public key of its manifest's signature (`lakthan key` prints it). What is not signed with it is not used."""
    units: dict[str, PlaceEntry] = Field(default_factory=dict)
    """By the unit's id in the portal."""


class ListFile(Strict):
    """The list of `lakthan hub`. docs/hub.md describes it."""

    lakthan: Literal[1]
    title: Text
    description: Text
    publisher: Text
    licence: Text | None = None
    address: str = ""
    """Where the overview is published."""
    digits: Literal["thai", "ascii"] = "thai"
    languages: tuple[Literal["th", "en"], ...] = Field(default=("th", "en"), min_length=1)
    demonstration: bool = False
    """Portfolios that are marked as demonstrations count only in an overview that is one itself."""
    rubrics: str | None = None
    """The folder of the rubrics that are gathered, relative to the list; those that come with Lakthan unless said."""
    ministries: dict[Slug, Text]
    provinces: dict[Slug, Text] = Field(default_factory=dict)
    """Besides the provinces of Thailand, which are known by their English names (chiang-mai)."""
    portals: tuple[PortalEntry, ...]


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal as it is gathered. One of `address` and `folder` is given."""

    id: str
    ministry: str
    province: str | None = None
    address: str = ""
    """With a slash at its end."""
    folder: Path | None = None
    title: Text | None = None
    key: str | None = None
    units: Mapping[str, tuple[str, str | None]] | None = None
    """Unit → ministry and province, where they are not the portal's."""

    @property
    def source(self) -> str:
        """What tells this place from another that the same portal had before."""
        return self.address or str(self.folder)

    def place(self, unit: str) -> tuple[str, str | None]:
        """Ministry and province of a unit."""
        return (self.units or {}).get(unit, (self.ministry, self.province))


class Listing(NamedTuple):
    site: Site
    demonstration: bool
    rubrics: Mapping[str, Rubric]
    ministries: Mapping[str, Text]
    provinces: Mapping[str, Text]
    """Those that somebody is in."""
    portals: tuple[Portal, ...]


def provinces() -> dict[str, Text]:
    """The provinces of Thailand by their ids, in the alphabetical order of English."""
    text = resources.files("lakthan.hub").joinpath("provinces.yml").read_text(encoding="utf-8")
    return {name: Text(th=thai, en=name.replace("-", " ").title()) for name, thai in yaml.safe_load(text).items()}


def read_list(path: Path, shipped: Path) -> tuple[Listing | None, tuple[Diagnostic, ...]]:
    """The list in *path*, and all that is wrong with it: with errors there is none.

    *shipped* is the folder of the rubrics that come with Lakthan.
    """
    problems: list[Diagnostic] = []
    path = path.absolute()
    root = path.parent
    found = load.document(root, path, ListFile, problems)
    if found is None:
        return None, tuple(problems)
    file, given = found
    known = provinces() | given.provinces
    seen: dict[str, int] = {}
    portals = []
    if not given.portals:  # not by the type: an entry with a mistake would leave an empty list behind
        file.report("missing-key", ("portals",), key="portals")
    for n, entry in enumerate(given.portals):
        here = ("portals", n)
        if entry.id in seen:
            file.report("hub-portal-twice", (*here, "id"), name=entry.id, line=seen[entry.id])
        seen.setdefault(entry.id, file.place((*here, "id")).line)
        belongs: dict[tuple[str | int, ...], PlaceEntry | PortalEntry] = {here: entry}
        belongs |= {(*here, "units", name): place for name, place in entry.units.items()}
        for trail, one in belongs.items():
            for key, name, names in (("ministry", one.ministry, given.ministries), ("province", one.province, known)):
                if name is not None and name not in names:
                    close = load.close(name, names)
                    file.report("hub-unknown-place", (*trail, key), at_value=True, name=name, key=key, known=close)
        if (entry.address is None) == (entry.folder is None) or (entry.address and not _is_web(entry.address)):
            file.report("hub-portal-source", (*here, "address") if entry.address else here, name=entry.id)
        if entry.key is not None:
            try:
                signing.public_key(entry.key)
            except signing.Unusable:
                file.report("hub-key", (*here, "key"), name=entry.id)
        portals.append(
            Portal(
                id=entry.id,
                ministry=entry.ministry,
                province=entry.province,
                address=f"{entry.address.rstrip('/')}/" if entry.address else "",
                folder=None if entry.folder is None else root / entry.folder,
                title=entry.title,
                key=entry.key,
                units={
                    name: (place.ministry or entry.ministry, place.province or entry.province)
                    for name, place in entry.units.items()
                },
            )
        )
    folder = shipped if given.rubrics is None else root / given.rubrics
    base = folder if given.rubrics is None else root
    read = [load.rubric_file(base, name, problems) for name in sorted(folder.glob("*.yml"))]
    rubrics = {rubric.id: rubric for rubric in read if rubric}
    if not rubrics:
        file.report("hub-no-rubrics", ("rubrics",), folder=given.rubrics or "rubrics")
    if any(problem.severity == "error" for problem in problems):
        return None, tuple(problems)
    used = {province for p in portals for province in (p.province, *(there for _, there in (p.units or {}).values()))}
    site = Site(
        title=given.title,
        description=given.description,
        publisher=given.publisher,
        licence=given.licence,
        digits=given.digits,
        languages=given.languages,
        address=given.address,
    )
    there = {name: title for name, title in known.items() if name in used}
    return Listing(site, given.demonstration, rubrics, given.ministries, there, tuple(portals)), tuple(problems)


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.username or parts.query)
    except ValueError:
        return False


def place_of(portal: Portal, name: str = "") -> Place:
    """Where something of a portal stands, in what is said of it: the portal, and its file."""
    return Place(f"{portal.id}/{name}" if name else portal.id)
