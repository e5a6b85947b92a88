"""Packages of folders, and running the registry's checks on them here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from plugport.spec.errors import InvalidError, MissingError

if TYPE_CHECKING:
    from plugport.checks.base import Check, Finding, Subject
    from plugport.cli.output import Output
    from plugport.spec.manifest.model import Manifest


class NoSuchPackageError(MissingError):
    """The folder or package file named on the command line is not there."""

    code, title = "no-such-package", "No such folder or package"


class ValidationFailedError(InvalidError):
    """Checks found errors; they were printed before."""

    code, title = "validation-failed", "Validation failed"


@contextmanager
def open_package(path: Path) -> Iterator[Path]:
    """The package file at `path`, or one made of the folder there, which goes afterwards.

    Raises `NoSuchPackageError`, `ArchiveError`, `PackError`.
    """
    from plugport.spec.archive.packer import pack_tree

    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise NoSuchPackageError(
            f"there is no folder or package `{path}`",
            hint="Name the plugin's folder, or a `.tgz` made by `plugport pack`.",
        )
    # Not beside the plugin: a package in its folder would be packed the next time.
    with tempfile.TemporaryDirectory(prefix="plugport-") as folder:
        package = Path(folder) / "package.tgz"
        with package.open("wb") as file:
            pack_tree(path, file)
        yield package


def read_package_manifest(package: Path) -> Manifest:
    """The manifest inside a package. Raises `ArchiveError`, `ManifestError`."""
    from plugport.spec.archive.reader import read_package
    from plugport.spec.manifest.reading import read_manifest

    read = read_package(package)
    return read_manifest(read.texts, [entry.path for entry in read.files]).manifest


def name_package(manifest: Manifest) -> str:
    """The file name of a package: `scope-name-1.0.0.tgz`."""
    name = manifest.name
    scope = f"{name.scope}-" if name.scope is not None else ""
    return f"{scope}{name.name}-{manifest.version}.tgz"


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What all checks said about one package."""

    subject: Subject
    results: tuple[tuple[Check, list[Finding]], ...]

    @property
    def count_errors(self) -> int:
        """How many findings refuse the release."""
        from plugport.checks.base import Severity

        findings = [finding for _, found in self.results for finding in found]
        return sum(finding.severity is Severity.ERROR for finding in findings)

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON, in the form of the registry's publish status."""
        from plugport.checks.registry import has_errors

        manifest = self.subject.manifest
        return {
            "name": str(manifest.name),
            "version": str(manifest.version),
            "dialect": manifest.dialect,
            "kind": manifest.kind,
            "manifestPath": self.subject.manifest_path,
            "verdict": "failed" if self.count_errors else "passed",
            "checks": [
                {
                    "name": check.name,
                    "title": check.title,
                    "state": "failed" if has_errors(found) else "passed",
                    "findings": [finding.as_dict() for finding in found],
                }
                for check, found in self.results
            ],
        }


def run_checks(package: Path) -> CheckRun:
    """Run every check that a registry runs and that needs no server.

    Raises `ArchiveError` and `ManifestError` where there is nothing to check.
    """
    from plugport.checks.registry import CHECKS, run_check
    from plugport.checks.subject import make_subject

    with tempfile.TemporaryDirectory(prefix="plugport-") as scratch:
        subject = make_subject(package, Path(scratch))
        return CheckRun(subject, tuple((check, run_check(check, subject)) for check in CHECKS))


def show_check(output: Output, title: str, state: str, findings: list[dict[str, Any]]) -> None:
    """Print one check's verdict in words, its findings beneath."""
    output.show(f"{_WORDS.get(state, state):<8} {title}")
    for finding in findings:
        place = ":".join(str(finding[key]) for key in ("path", "line") if finding.get(key))
        where = f"{place}: " if place else ""
        message = f"{where}{finding.get('message', '')} [{finding.get('rule', '')}]"
        output.show(f"  {finding.get('severity', ''):<8} {message}")
        if finding.get("hint"):
            output.show(f"           {finding['hint']}")


_WORDS = {"passed": "passed", "failed": "FAILED", "errored": "ERRORED"}


def as_binary(file: Any) -> BinaryIO:
    """A temporary file as what it is, which its wrapper's type does not say."""
    return cast("BinaryIO", file)
