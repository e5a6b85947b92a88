"""What is raised about manifests. Faults inside one document come as its `fields`."""

from __future__ import annotations

from collections.abc import Sequence

from plugport.spec.errors import FieldError, InvalidError
from plugport.spec.text import show

SHOWN_HINTS = 3


class ManifestError(InvalidError):
    """A manifest cannot be accepted; `fields` lists every fault that was found."""

    code, title = "invalid-manifest", "Invalid manifest"


class NoManifestError(InvalidError):
    """A package has no manifest at its root."""

    code, title = "no-manifest", "No manifest"


class LossyManifestError(InvalidError):
    """A manifest cannot be written in a dialect without losing the named fields."""

    code, title = "lossy-manifest", "Manifest would lose fields"


class UnknownDialectError(InvalidError):
    """There is no manifest dialect of that name."""

    code, title = "unknown-dialect", "Unknown manifest dialect"


def build_manifest_error(
    file: str, faults: Sequence[FieldError], hints: Sequence[str] = ()
) -> ManifestError:
    """One error for all faults of a document: the first in words, the rest in `fields`."""
    first = ": ".join(part for part in (faults[0].field, faults[0].detail) if part)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    hint = " ".join(list(dict.fromkeys(hints))[:SHOWN_HINTS]) or None
    return ManifestError(f"{show(file)}: {first}{more}", hint=hint, fields=faults)
