"""The manual of the diagnostics in docs/ is what the catalogue says today."""

from __future__ import annotations

from lakthan import diagnostics
from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "diagnostics"


def test_the_manual_is_current() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert written == dict(diagnostics.manual()), "write it again: make docs"


def test_a_page_says_what_is_wrong_in_both_languages() -> None:
    page = dict(diagnostics.manual())["evidence-after-signature.md"]
    assert "หลังวัน" in page.split("## English")[0]
    assert "after" in page.split("## English")[1]
