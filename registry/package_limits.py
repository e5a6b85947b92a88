"""The limits on packages and on the fields of a publish form (`docs/limits.md`)."""

from __future__ import annotations

from django.conf import settings

from plugport.spec.archive.model import ArchiveLimits

TAG_CHARS = 64
CHANGELOG_CHARS = 65_536
# Of all license files of a release, as JSON. Their names are stored in any case.
LICENSE_BYTES = 1 << 20
MAX_TAGS = 100
# In lists of releases. A plugin may have hundreds.
LISTED_CHANGELOG_CHARS = 1_000


def get_archive_limits() -> ArchiveLimits:
    """The limits on archives: `settings.ARCHIVE_LIMITS`, else the specification's defaults."""
    return getattr(settings, "ARCHIVE_LIMITS", None) or ArchiveLimits()
