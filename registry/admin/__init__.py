"""The registry in Django's admin: view everything, decide on releases.

Nothing is edited in place. Releases and plugins change through actions only, so that state,
journal and audit log stay consistent.
"""

from __future__ import annotations

# Importing registers the pages.
from registry.admin import prefixes, records, releases

__all__ = ["prefixes", "records", "releases"]
