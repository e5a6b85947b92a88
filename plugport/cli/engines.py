"""Refuse plugins whose `engines` do not fit this machine, or warn with `--ignore-engines`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from plugport.spec.text import quote_text

if TYPE_CHECKING:
    from plugport.cli.output import Output
    from plugport.client import Release
    from plugport.installer.engines import EngineFit


class EngineChecker:
    """Checks the plugins of one command. Prints each message once."""

    def __init__(self, output: Output, *, ignores_misfits: bool, rerun: str) -> None:
        """`rerun` is the command that ignores misfits, for a hint."""
        from plugport.installer.engines import EngineVersions

        self._output = output
        self._ignores_misfits = ignores_misfits
        self._rerun = rerun
        self._versions = EngineVersions()
        self._fits: dict[str, list[EngineFit]] = {}

    def check_release(self, release: Release) -> None:
        """Check a release by what the registry lists. Raises `EngineMismatchError`."""
        from plugport.installer.engines import join_engines

        engines = join_engines(release.data["engine"], release.data["framework"])
        self.check(f"{release.name}@{release.version}", engines)

    def check(self, label: str, engines: Mapping[str, str]) -> None:
        """Check what the plugin `label`, `name@version`, needs. Raises `EngineMismatchError`."""
        from plugport.installer.errors import EngineMismatchError

        if label in self._fits and [(fit.name, fit.requested) for fit in self._fits[label]] == list(
            engines.items()
        ):
            return
        self._fits[label] = fits = self._versions.list_fits(engines)
        misfits = [
            f"{_format_engine(fit)}, not `{fit.version}`" for fit in fits if fit.fits is False
        ]
        reason = f"`{label}` needs {', '.join(misfits)}"
        if misfits and not self._ignores_misfits:
            raise EngineMismatchError(
                reason,
                hint=f"Install a runtime that fits, or run `{self._rerun}`.",
                context={"engines": [_build_row(fit) for fit in fits]},
            )
        if misfits:
            self._output.warn(reason)
        unknown = [_format_engine(fit) for fit in fits if fit.fits is None]
        if unknown:
            listed = ", ".join(unknown)
            self._output.note(f"`{label}` needs {listed}; Plugport cannot check that here")

    def build_rows(self, label: str) -> list[dict[str, Any]]:
        """What was checked for a plugin, as JSON."""
        return [_build_row(fit) for fit in self._fits.get(label, ())]


def _format_engine(fit: EngineFit) -> str:
    return quote_text(f"{fit.name} {fit.requested}")


def _build_row(fit: EngineFit) -> dict[str, Any]:
    return {
        "name": fit.name,
        "range": fit.requested,
        "version": str(fit.version) if fit.version is not None else None,
        "fits": fit.fits,
    }
