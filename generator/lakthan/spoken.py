"""Help in the language of whoever asks.

English stands beside each command, in its docstring and options. Thai stands in `help/th.yml`: of commands by their
name, of options by their English sentence, since many share one. A test finds what has none.
"""

from __future__ import annotations

import contextlib
import locale
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import BrokenExecutor
from functools import cache
from importlib import resources
from typing import Any

import click
import yaml

from lakthan import messages, strictyaml
from lakthan.messages import Language
from lakthan.model import Message


def system_language() -> Language:
    """The language of the locale; Thai where it says nothing."""
    found = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    if not found:
        with contextlib.suppress(ValueError, TypeError):
            found = locale.getlocale()[0] or ""
    return "en" if found.lower().startswith(("en", "english")) else "th"


HELP = ["-h", "--help"]


class Commands(click.Group):
    """The commands of Lakthan, which say what they do in the language of the locale, or that of `--lang`."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        finally:
            speak(self, "en")  # as it stands in the code, for whoever reads it there

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="replace")
        if extra.get("resilient_parsing") or self._asked_for_help(args):
            speak(self, system_language())
        return super().make_context(info_name, args, parent, **extra)

    def _asked_for_help(self, args: list[str]) -> bool:
        """Whether anything may be shown of it: reading it in Thai is a tenth of what a command takes to start."""
        command: click.Command = self
        for one in args:
            command = getattr(command, "commands", {}).get(one, command)
        return isinstance(command, click.Group) or not {*HELP}.isdisjoint(args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenExecutor:
            raise click.ClickException(messages.say(Message("command.process_lost"), ctx.obj["language"])) from None


def chosen(ctx: click.Context, _param: click.Parameter, value: Language | None) -> Language | None:
    """What `--lang` does before anything else is looked at."""
    if value and isinstance(ctx.command, click.Group):
        speak(ctx.command, value)
    return value


def speak(group: click.Group, language: Language) -> None:
    """Let *group* and all below it say what they do in *language*."""
    thai = _thai() if language == "th" else {"commands": {}, "options": {}}
    for path, command in below("", group):
        english = _english(command)
        command.help = thai["commands"].get(path, english)
        # The list of commands would cut a line at spaces, which Thai has few of.
        command.short_help = (command.help or "").splitlines()[0] if path in thai["commands"] else None
        asked = command.get_help_option(click.Context(command, help_option_names=HELP))
        for option in (*command.params, asked):
            if isinstance(option, click.Option):
                english = _english(option)
                option.help = thai["options"].get(english, english)


def below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and all inside it, each with its name: `new unit`, and nothing for the outermost."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from below(f"{path} {name}".strip(), inner)


_ENGLISH: dict[int, str | None] = {}


def _english(said: click.Command | click.Option) -> str | None:
    return _ENGLISH.setdefault(id(said), said.help)


@cache
def _thai() -> Mapping[str, Mapping[str | None, str]]:
    text = resources.files("lakthan").joinpath("help", "th.yml").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str | None, str]] = yaml.load(text, strictyaml.LOADER)  # noqa: S506 (a safe one)
    return found
