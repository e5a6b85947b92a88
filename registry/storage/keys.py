"""Keys of stored objects: packages by digest, undecided uploads by id."""

from __future__ import annotations

import uuid

from plugport.spec.digest import Digest

QUARANTINE = "quarantine/"


def build_quarantine_key(upload_id: uuid.UUID) -> str:
    """The key of an upload until its release is decided."""
    return f"{QUARANTINE}{upload_id.hex}"


def build_package_key(digest: Digest) -> str:
    """The key of a published package. It contains the SHA-256, so its content never changes."""
    return f"packages/{digest.hex[:2]}/{digest.hex[2:4]}/{digest.hex}.tar.gz"
