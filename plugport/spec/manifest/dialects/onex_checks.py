"""Checks of the fields that only OmniBase has, and its `source_repository`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot, read_line, read_mapping, read_path
from plugport.spec.manifest.links import read_url
from plugport.spec.manifest.model import JsonValue, Manifest, Repository
from plugport.spec.text import show

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")
_SCHEMA = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}\Z")


def _make_check(pattern: re.Pattern[str], wanted: str) -> Callable[[Spot], None]:
    def check(spot: Spot) -> None:
        if not isinstance(spot.value, str):
            spot.expect(wanted)
        elif not pattern.match(spot.value):
            spot.fail(f"{show(spot.value)} is not {wanted}", "not-allowed-value", allowed=wanted)

    return check


def _check_time(spot: Spot) -> None:
    wanted = "a time such as `2025-05-17T10:05:00Z`"
    try:
        is_time = isinstance(spot.value, str) and "T" in spot.value
        datetime.fromisoformat(spot.value if isinstance(spot.value, str) else "")
    except ValueError:
        is_time = False
    if not is_time:
        spot.fail(f"must be {wanted}", "not-allowed-value", allowed=wanted)


def _check_hash(spot: Spot) -> None:
    # It covers the manifest's own text and is often left for a tool to fill in. The registry
    # computes what it needs itself, so a placeholder does no harm.
    if not isinstance(spot.value, str) or not _SHA256.match(spot.value):
        spot.warn("is not a SHA-256 in hexadecimal", "hash-not-computed", allowed="64 digits")


def _check_text(spot: Spot) -> None:
    read_line(spot)


_CHECKS: Mapping[str, Callable[[Spot], None]] = {
    "schema_version": _make_check(_SCHEMA, "a version such as `0.1.0`"),
    "uuid": _make_check(_UUID, "a UUID"),
    "created_at": _check_time,
    "last_modified_at": _check_time,
    "hash": _check_hash,
    "state_contract": _check_text,
}


def check_fields(root: Spot) -> None:
    """Check what the framework relies on; all of these may be absent."""
    assert isinstance(root.value, dict)
    for name, check in _CHECKS.items():
        if root.value.get(name) is not None:
            check(root.child(name, root.value[name]))


def read_source(spot: Spot, draft: Draft) -> None:
    """Read where the source lives; a commit is kept beside it."""
    members = read_mapping(spot)
    if members is None:
        return
    url = read_url(spot.child("url", members.get("url")))
    path = members.get("path")
    directory = read_path(spot.child("path", path)) if path is not None else None
    if url:
        draft.repository = Repository(url, directory=directory)
    if set(members) - {"url", "path"}:
        draft.extra["source_repository"] = spot.value


def write_source(manifest: Manifest) -> JsonValue:
    """Write where the source lives."""
    repository = manifest.repository
    if repository is None:
        return None
    pairs = {"url": repository.url, "path": repository.directory}
    return {key: value for key, value in pairs.items() if value}
