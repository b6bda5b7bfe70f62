"""Signed manifests: only who has the key can make them, and OpenSSL reads them too."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from lakthan import publish, signing, verify
from tests.conftest import Sandbox


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("27", encoding="utf-8")
    return tmp_path / "site"


def codes(site: Path, key: str) -> set[str]:
    """What is said of the site's seal; that such a site has no scores is another matter."""
    return {p.code for p in verify.verify(site, signing.public_key(key)).problems} - {"published-missing"}


def test_a_signature_is_of_these_files_and_this_key(site: Path) -> None:
    key, other = (signing.private_key(signing.new_key().decode()) for _ in range(2))
    publish.seal(site, key)
    assert codes(site, signing.public(key)) == set()
    assert codes(site, signing.public(other)) == {"published-signature"}
    (site / "index.html").write_text("28", encoding="utf-8")
    (site / "manifest.json").write_bytes(publish.manifest(site))
    assert codes(site, signing.public(key)) == {"published-signature"}
    (site / "manifest.sig").unlink()
    assert codes(site, signing.public(key)) == {"published-signature"}


def test_a_signature_is_the_same_each_time_and_not_listed(site: Path) -> None:
    key = signing.private_key(signing.new_key().decode())
    publish.seal(site, key)
    before = (site / "manifest.sig").read_bytes()
    publish.seal(site, key)
    assert (site / "manifest.sig").read_bytes() == before
    assert list(json.loads((site / "manifest.json").read_bytes())["files"]) == ["index.html"]


def test_openssl_checks_a_signature(site: Path, tmp_path: Path) -> None:
    private = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True)
    publish.seal(site, signing.private_key(str(private)))
    public = subprocess.run(["openssl", "pkey", "-in", private, "-pubout"], check=True, capture_output=True).stdout
    (tmp_path / "public.pem").write_bytes(public)
    asked: list[str | Path] = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "public.pem", "-rawin"]
    asked += ["-in", site / "manifest.json", "-sigfile", site / "manifest.sig"]
    assert subprocess.run(asked, check=False, capture_output=True).returncode == 0
    assert codes(site, public.decode()) == set()


def test_the_commands(small: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    private = small.path("office.pem")
    public = small.run("key", str(private)).stdout.strip()
    assert small.run("key", str(private)).stdout.strip() == public
    if os.name == "posix":
        assert private.stat().st_mode & 0o077 == 0
    site = small.write("site/index.html", "27").parent
    publish.seal(site, signing.private_key(str(private)))
    assert "published-signature" not in small.run("verify", str(site), "--key", public, status=1).output
    assert "published-signature" in small.run("verify", str(site), "--key", "A" * 43 + "=", status=1).output
    assert "no public key" in small.run("verify", str(site), "--key", "office.pem", status=2).output
    refused = small.run("build", "--sign", str(small.write("no.pem", "secret words")), status=2).output
    assert "no private Ed25519 key" in refused
    assert "secret" not in refused
    monkeypatch.setenv(signing.VARIABLE, "-----BEGIN nothing")
    assert "BEGIN" not in small.run("build", status=2).output
