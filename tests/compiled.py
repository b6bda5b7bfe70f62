"""Importing this compiles the templates of the site: processes forked afterwards need not do it again."""

from __future__ import annotations

from lakthan import build, load
from lakthan.pages.site import Site
from tests.conftest import ROOT

_project = load.load(ROOT)[0]
_site = Site(
    language="th",
    digits="thai",
    project=_project,
    assessments=(),
    templates=build.templates(ROOT),
    problems=(),
    sizes={},
    previews={},
    searched={},
    ledger={},
    data=tuple,
)
for _name in _site.env.list_templates(extensions=["j2"]):
    _site.env.get_template(_name)
