"""The registry's limits, in one place (`docs/limits.md`)."""

from __future__ import annotations

from django.conf import settings

from plugport.spec.archive.model import ArchiveLimits

TAG_CHARS = 64
CHANGELOG_CHARS = 65_536


def get_archive_limits() -> ArchiveLimits:
    """The bounds on packages: the defaults of the specification, or what the operator set."""
    return getattr(settings, "ARCHIVE_LIMITS", None) or ArchiveLimits()
