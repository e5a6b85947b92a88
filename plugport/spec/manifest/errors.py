"""Errors of manifests. Their `fields` list the problems of a document."""

from __future__ import annotations

from collections.abc import Sequence

from plugport.spec.errors import FieldError, InvalidError
from plugport.spec.text import quote_text

# More hints than this make the one-line error message hard to read.
MAX_HINTS = 3


class ManifestError(InvalidError):
    """The manifest is invalid; `fields` lists every problem that was found."""

    code, title = "invalid-manifest", "Invalid manifest"


class NoManifestError(InvalidError):
    """The package has no manifest at its root."""

    code, title = "no-manifest", "No manifest"


class LossyManifestError(InvalidError):
    """The manifest format cannot hold some fields of the manifest; `fields` names them."""

    code, title = "lossy-manifest", "Manifest would lose fields"


class UnknownManifestFormatError(InvalidError):
    """No manifest format has this name."""

    code, title = "unknown-dialect", "Unknown manifest format"


def build_manifest_error(
    file: str, problems: Sequence[FieldError], hints: Sequence[str] = ()
) -> ManifestError:
    """Return one error for all problems of a document: its detail is the first, `fields` has them all."""
    first = ": ".join(part for part in (problems[0].field, problems[0].detail) if part)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    hint = " ".join(list(dict.fromkeys(hints))[:MAX_HINTS]) or None
    return ManifestError(f"{quote_text(file)}: {first}{more}", hint=hint, fields=problems)
