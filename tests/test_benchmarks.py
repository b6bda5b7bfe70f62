"""The projects that benchmarks measure: the same from the same seed, and as sound or as doubtful as was asked for."""

from __future__ import annotations

from pathlib import Path

from benchmarks import portfolios
from lakthan import build


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_seed_decides_every_byte(tmp_path: Path) -> None:
    assert portfolios.write(tmp_path / "a", 2) == portfolios.write(tmp_path / "b", 2) == 2 * (41 + 1)
    portfolios.write(tmp_path / "c", 2, seed=2)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b") != _bytes(tmp_path / "c")
    # A part is what it is in the whole.
    portfolios.write(tmp_path / "d", 2, only=(2,))
    whole = _bytes(tmp_path / "a")
    assert {name: whole.get(name) for name in _bytes(tmp_path / "d")} == _bytes(tmp_path / "d")


def test_units_score_apart_and_are_as_doubtful_as_asked(tmp_path: Path) -> None:
    portfolios.write(tmp_path / "sound", 3, defects=0)
    portfolios.write(tmp_path / "doubtful", 3, defects=0.5, errors=2)
    sound, doubtful = build.examine(tmp_path / "sound"), build.examine(tmp_path / "doubtful")
    assert not sound.errors
    assert len({assessment.latest.points for assessment in sound.assessments}) == 3
    slips = {"placeholder-text", "sara-am-decomposed", "placeholder-link"}
    assert slips.isdisjoint(problem.code for problem in sound.problems)
    assert slips <= {problem.code for problem in doubtful.problems}
    assert [problem.code for problem in doubtful.errors] == ["unknown-kind", "unknown-kind"]


def test_accounts_are_as_long_as_the_peers_pages(tmp_path: Path) -> None:
    portfolios.write(tmp_path, 1)
    (portfolio,) = build.examine(tmp_path).project.portfolios
    assert len(portfolio.answers) == portfolios.INDICATORS
    assert all(2_000 <= len(answer.body.encode()) <= 4_200 for answer in portfolio.answers.values())
