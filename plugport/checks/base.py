"""What a check is: a pure look at one package that returns findings and decides nothing.

Checks report, policy decides: a finding has a rule and a severity, and the registry's rules map
them to publish, hold or reject (`registry.publishing.decide`). The same checks run on an
author's machine (`plugport validate`) and in the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from plugport.spec.archive.model import Package
from plugport.spec.errors import FieldError
from plugport.spec.manifest.model import Manifest


class Severity(StrEnum):
    """How bad a finding is: an `error` refuses, a `warning` asks for a look, a `note` informs."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: the rule's stable id, where, and what the author can do about it."""

    rule: str
    severity: Severity
    message: str
    hint: str | None = None
    path: str | None = None
    line: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready values without the members that are not known."""
        pairs = ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        return {name: str(v) if name == "severity" else v for name, v in pairs if v is not None}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a check may look at: the archive, what was read from it, and its unpacked tree.

    `tree` is a private scratch folder with the package's files (no links, no devices).
    `warnings` is what the manifest's reader accepted but wants the author to know.
    """

    archive: Path
    package: Package
    manifest: Manifest
    manifest_path: str
    tree: Path
    warnings: tuple[FieldError, ...] = ()


class Check(Protocol):
    """One verification. `name` is stable; `title` is for people; `run` has no side effects."""

    name: str
    title: str

    def run(self, subject: Subject) -> list[Finding]:
        """Everything found, worst first; an empty list passes. May raise only on its own faults."""
        ...
