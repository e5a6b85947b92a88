"""Commands in hints, completed so that they do what they say when they are copied."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_COMMAND = re.compile(r"`plugport ([a-z]+)((?: [^`]*)?)`")
_REGISTRY, _TARGET, _INSTALLED, _HELP = "--registry", "--target", "--installed", "--help"
_OFFLINE_VERBS = frozenset(
    {"init", "validate", "pack", "remove", "uninstall", "help", "completion"}
)
_PROJECT_VERBS = frozenset({"install", "remove", "uninstall", "doctor"})


@dataclass(slots=True)
class CommandHints:
    """The options of this run that also select the registry and the folder of suggested commands."""

    registry: str | None = None
    target: str | None = None

    def complete(self, text: str) -> str:
        """The text with these options added to the commands in it that have them."""
        return _COMMAND.sub(self._complete_command, text)

    def _complete_command(self, match: re.Match[str]) -> str:
        verb = match[1]
        try:
            words = shlex.split(match[2])
        except ValueError:
            # A part of a longer command, whose quoted words contain a backtick.
            return match[0]
        if _HELP in words or "--" in words:
            return match[0]
        is_local = verb == "list" and _INSTALLED in words
        added = []
        if self.registry is not None and verb not in _OFFLINE_VERBS and not is_local:
            added += [] if _REGISTRY in words else [_REGISTRY, self.registry]
        if self.target is not None and (verb in _PROJECT_VERBS or is_local):
            added += [] if _TARGET in words else [_TARGET, self.target]
        return f"`plugport {verb}{match[2]} {shlex.join(added)}`" if added else match[0]
