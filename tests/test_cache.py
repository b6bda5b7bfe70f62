"""The cache of heavy files: made once, made again where anything is wrong with what was kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakthan import cache
from lakthan.cache import Cache


class Maker:
    """Counts how often it was asked to make something."""

    def __init__(self, content: bytes = b"%PDF") -> None:
        self.content, self.times = content, 0

    def __call__(self) -> bytes:
        self.times += 1
        return self.content


def test_made_once_for_the_same_source(tmp_path: Path) -> None:
    make = Maker()
    for _ in range(2):  # the second time as in another process
        assert Cache(tmp_path / "cache").get("form.pdf", b"content", make) == b"%PDF"
    assert make.times == 1


@pytest.mark.parametrize(
    ("kind", "source"), [("card.png", b"content"), ("form.pdf", b"contenu"), ("form.pdfc", b"ontent")]
)
def test_anything_else_is_made_for_itself(tmp_path: Path, kind: str, source: bytes) -> None:
    store = Cache(tmp_path)
    store.get("form.pdf", b"content", Maker())
    assert store.get(kind, source, Maker(b"other")) == b"other"


def test_another_program_makes_it_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Cache(tmp_path).get("form.pdf", b"content", Maker(b"old"))
    monkeypatch.setattr(cache, "program", lambda: b"another")
    assert Cache(tmp_path).get("form.pdf", b"content", Maker(b"new")) == b"new"


@pytest.mark.parametrize("damaged", [b"", b"short", b"x" * 40])
def test_a_damaged_entry_is_made_again_and_mended(tmp_path: Path, damaged: bytes) -> None:
    Cache(tmp_path).get("form.pdf", b"content", Maker())
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(damaged)
    make = Maker()
    for _ in range(2):
        assert Cache(tmp_path).get("form.pdf", b"content", make) == b"%PDF"
    assert make.times == 1


def test_a_flipped_bit_is_seen(tmp_path: Path) -> None:
    Cache(tmp_path).get("form.pdf", b"content", Maker())
    (entry,) = tmp_path.iterdir()
    kept = bytearray(entry.read_bytes())
    kept[-1] ^= 1
    entry.write_bytes(kept)
    assert Cache(tmp_path).get("form.pdf", b"content", Maker()) == b"%PDF"


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    make, store = Maker(), Cache(tmp_path / "file" / "cache")
    assert store.get("form.pdf", b"content", make) == store.get("form.pdf", b"content", make) == b"%PDF"
    store.prune()
    assert make.times == 2


def test_a_failed_make_leaves_nothing(tmp_path: Path) -> None:
    def fails() -> bytes:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 (our own)
        Cache(tmp_path).get("form.pdf", b"content", fails)
    assert not [*tmp_path.iterdir()]


def test_prune_keeps_what_this_build_used(tmp_path: Path) -> None:
    Cache(tmp_path).get("form.pdf", b"old", Maker())
    store = Cache(tmp_path)
    store.get("form.pdf", b"new", Maker())
    store.prune()
    kept, gone = Maker(), Maker()
    Cache(tmp_path).get("form.pdf", b"new", kept)
    Cache(tmp_path).get("form.pdf", b"old", gone)
    assert (kept.times, gone.times) == (0, 1)
