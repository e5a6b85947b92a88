"""Where objects lie: packages under their digest, uploads under an id until they are decided."""

from __future__ import annotations

import uuid

from plugport.spec.digest import Digest

QUARANTINE = "quarantine/"


def make_quarantine_key(upload_id: uuid.UUID) -> str:
    """The key of an upload that is not decided yet."""
    return f"{QUARANTINE}{upload_id.hex}"


def make_package_key(digest: Digest) -> str:
    """The key of a published package: its own SHA-256, so it can be written once only."""
    return f"packages/{digest.hex[:2]}/{digest.hex[2:4]}/{digest.hex}.tar.gz"
