"""The MkDocs plugin: pages are generated before each build, and an edit of what they come from starts one."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.config.base import Config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin

from lakthan import build, diagnostics

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer

log = logging.getLogger("mkdocs.plugins.lakthan")


class NoOptions(Config):
    """What there is to choose stands in content/site.yml, for every front door alike."""


class LakthanPlugin(BasePlugin[NoOptions]):
    """`plugins: [lakthan]` in mkdocs.yml."""

    generated = False
    """Set by `lakthan build`, which has generated the pages already."""
    _serving = False

    def on_startup(self, *, command: str, dirty: bool) -> None:  # noqa: ARG002  (MkDocs passes it)
        self._serving = command == "serve"

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        if self.generated:
            return
        root = _root(config)
        examined = build.examine(root)
        for problem in examined.problems:
            # Never as a warning: `mkdocs build --strict` counts those, and ours are for `lakthan check --strict`.
            log.log(logging.ERROR if problem.severity == "error" else logging.INFO, diagnostics.concise(problem, "th"))
        if examined.errors and not self._serving:
            raise PluginError(f"lakthan: {len(examined.errors)} error(s), nothing is published; see `lakthan check`")
        if not examined.errors:  # while serving, the last good pages stay until the mistake is mended
            build.generate(root, examined)

    def on_serve(self, server: LiveReloadServer, *, config: MkDocsConfig, **_: Any) -> LiveReloadServer:
        # Only what people edit starts a build, not what a build writes.
        server.unwatch(config.docs_dir)
        for name in build.INPUTS:
            folder = _root(config) / name
            if folder.is_dir():
                server.watch(str(folder))
        return server


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent if config.config_file_path else Path.cwd()
