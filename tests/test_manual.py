"""The manual of the diagnostics in docs/ is what the catalogue says today."""

from __future__ import annotations

import re

import markdown
import pytest

from lakthan import diagnostics
from tests.conftest import ROOT, Sandbox, words

FOLDER = ROOT / "docs" / "diagnostics"


def test_the_manual_is_current() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert written == dict(diagnostics.manual()), "write it again: make docs"


def test_a_page_says_what_is_wrong_in_both_languages() -> None:
    page = dict(diagnostics.manual())["evidence-after-signature.md"]
    assert "หลังวัน" in page.split("## English")[0]
    assert "after" in page.split("## English")[1]


@pytest.mark.parametrize("folder", ["", "en/"])
def test_the_site_carries_the_same_manual(as_it_is: Sandbox, folder: str) -> None:
    page = as_it_is.docs.joinpath(folder, "diagnostics.md").read_text(encoding="utf-8")
    assert re.findall(r"\{ #([a-z0-9-]+) \}", page) == ["top", *diagnostics.codes()]
    said = diagnostics.explain("evidence-after-signature", "en" if folder else "th")
    assert said is not None
    assert "".join(words(markdown.markdown(said)).split()) in "".join(words(page).split())


def test_a_problem_on_a_page_leads_to_its_manual(as_it_is: Sandbox) -> None:
    page = as_it_is.docs.joinpath("dip-ict/moi-moral-2569/index.md").read_text(encoding="utf-8")
    assert '<a href="../../diagnostics/#evidence-after-signature">' in page
