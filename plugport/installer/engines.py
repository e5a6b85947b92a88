"""Whether the runtimes on this machine fit the `engines` of a plugin.

Only the version of known runtimes can be found. A plugin names them; it never names the program that
is run, and a program in the current folder is never run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from plugport.environment.variables import build_runtime_environment
from plugport.spec.errors import PlugportError
from plugport.spec.ranges import Range
from plugport.spec.versions import InvalidVersionError, Version

# The programs that print the version of a runtime, the first that exists.
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "node": ("node",),
    "bun": ("bun",),
    "deno": ("deno",),
    "python": ("python3", "python"),
}
TIMEOUT_SECONDS = 10.0
_MAX_OUTPUT_CHARS = 1_000
_VERSION = re.compile(r"(?<![\w.])v?([0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(?:-[0-9A-Za-z.-]{1,60})?)")


class EngineFit(Struct, frozen=True):
    """A runtime or host that a plugin needs, and its version on this machine, None if not known."""

    name: str
    requested: str
    version: Version | None

    @property
    def fits(self) -> bool | None:
        """Whether the version is in the requested range; None if that cannot be known."""
        try:
            # As npm does: a prerelease of a runtime has what its release will have.
            requested = Range.parse(self.requested, include_prerelease=True)
        except PlugportError:
            return None
        return None if self.version is None else self.version in requested


def join_engines(engines: Mapping[str, str], framework: str | None) -> dict[str, str]:
    """All that a manifest requires of its host. No program tells the version of a framework."""
    return {**engines, **({"framework": framework} if framework else {})}


class EngineVersions:
    """The versions of the runtimes on this machine. Each is found once."""

    def __init__(self) -> None:
        self._versions: dict[str, Version | None] = {}

    def list_fits(self, engines: Mapping[str, str]) -> list[EngineFit]:
        """Compare what a plugin needs with this machine."""
        return [EngineFit(name, text, self._find(name)) for name, text in engines.items()]

    def _find(self, name: str) -> Version | None:
        if name not in self._versions:
            self._versions[name] = find_engine_version(name)
        return self._versions[name]


def find_engine_version(name: str) -> Version | None:
    """The version of a runtime that is in PATH, or None. Runs its program with `--version`."""
    # Imported here: most plugins name no runtime.
    import shutil
    import subprocess

    for program in PROGRAMS.get(name, ()):
        path = shutil.which(program)
        # A relative folder in PATH would run a program of a cloned project (CWE-426).
        if path is None or not Path(path).is_absolute():
            continue
        try:
            result = subprocess.run(  # noqa: S603 -- a program of `PROGRAMS`, found in PATH
                [path, "--version"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
                env=build_runtime_environment(),
            )
        except (OSError, subprocess.SubprocessError):
            continue
        text = result.stdout[:_MAX_OUTPUT_CHARS].decode("utf-8", "replace")
        match = _VERSION.search(text) if result.returncode == 0 else None
        if match is not None:
            try:
                return Version.parse(match[1])
            except InvalidVersionError:
                continue
    return None
