"""The interface of checks: pure functions from a package to findings.

Checks report; policy decides. A finding has a rule and a severity, and the registry maps them to
publish, hold or reject (`registry.publishing.decide`). The same checks run on the author's machine
(`plugport validate`) and in the registry.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from plugport.spec.archive.model import Package
from plugport.spec.errors import FieldError
from plugport.spec.manifest.model import Manifest


class Severity(StrEnum):
    """`error` rejects the release, `warning` should be reviewed, `note` is informational."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Finding(Struct, frozen=True):
    """A result of a check: the stable id of the rule, the location, and a hint for the author."""

    rule: str
    severity: Severity
    message: str
    hint: str | None = None
    path: str | None = None
    line: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready values. Members without a value are left out."""
        pairs = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {name: str(v) if name == "severity" else v for name, v in pairs if v is not None}


class Subject(Struct, frozen=True):
    """The input of a check: the archive, its parsed content, and its unpacked files.

    `tree` is a private temporary folder with the files of the package (no links, no devices).
    `warnings` are the warnings of the manifest parser.
    """

    archive: Path
    package: Package
    manifest: Manifest
    manifest_path: str
    tree: Path
    warnings: tuple[FieldError, ...] = ()


class Check(Protocol):
    """A check. `name` is a stable id, `title` is shown to users, `run` has no side effects."""

    name: str
    title: str

    def run(self, subject: Subject) -> list[Finding]:
        """The findings; an empty list means that the check passed. Raises only on internal errors."""
        ...
