"""The MkDocs plugin: pages are generated before each build, and an edit of what they come from starts one.

`mkdocs build` cleans the site's folder first. It is given another one, which becomes the site when all is done.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mkdocs.config.base import Config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.utils import CountHandler

from lakthan import build, diagnostics, forms, messages, publish, signing, writer
from lakthan.model import Message

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
    _dirty = False
    _published = ""
    """The site's folder while another one is built in."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        """What lasts as long as a build: the lock, and the folder that it builds in."""

    def on_startup(self, *, command: str, dirty: bool) -> None:
        self._serving, self._dirty = command == "serve", dirty

    @event_priority(100)
    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        # MkDocs puts a script into each page that it serves; the policy of a published page would not let it run.
        config.extra["serving"] = self._serving
        if self.generated:
            return config
        try:
            self._open.enter_context(publish.lock(_root(config)))
        except publish.Busy as busy:
            raise PluginError(messages.say(busy.message)) from None
        if not self._serving and not self._dirty:  # these write into the folder that is there
            site = config.site_dir
            config.site_dir = str(self._open.enter_context(publish.building(Path(site), _key())))
            self._published = site
        return config

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
            try:
                build.generate(root, examined)
            except (writer.Unmade, forms.Unfit) as mistake:
                if not self._serving:
                    raise PluginError(messages.say(mistake.message)) from None
                log.error(messages.say(mistake.message))
        self._open.enter_context(publish.dated(examined.newest))

    @event_priority(-100)  # when the other plugins have written what they write
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        if config.strict and any(
            isinstance(h, CountHandler) and h.get_counts() for h in logging.getLogger("mkdocs").handlers
        ):
            return  # about to fail
        done, self._open = self._open, contextlib.ExitStack()
        done.close()
        if self._published:
            config.site_dir, self._published = self._published, ""

    @event_priority(-100)
    def on_build_error(self, *, error: Exception, **_: Any) -> None:
        self._abandon(error)
        if isinstance(error, OSError) and not self.generated:
            raise PluginError(messages.say(publish.trouble(error))) from None

    def on_shutdown(self) -> None:
        self._abandon(KeyboardInterrupt())  # nothing is open unless the build was broken off

    def _abandon(self, error: BaseException) -> None:
        broken, self._open = self._open, contextlib.ExitStack()
        broken.__exit__(type(error), error, error.__traceback__)

    def on_serve(self, server: LiveReloadServer, *, config: MkDocsConfig, **_: Any) -> LiveReloadServer:
        # Only what people edit starts a build, not what a build writes.
        server.unwatch(config.docs_dir)
        for name in build.INPUTS:
            folder = _root(config) / name
            if folder.is_dir():
                server.watch(str(folder))
        return server


def _key() -> Ed25519PrivateKey | None:
    try:
        return signing.configured()
    except signing.Unusable:
        raise PluginError(messages.say(Message("publish.no_key", {"name": signing.VARIABLE}))) from None


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent if config.config_file_path else Path.cwd()
