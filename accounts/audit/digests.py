"""The bytes that the chain covers. They never change: all stored digests depend on them.

An entry is the JSON array of `ENTRY_COLUMNS`, preceded by the number of the format.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import orjson

_FORMAT = 1
# In this order. `at` is in UTC with microseconds.
ENTRY_COLUMNS = (
    *("id", "at", "action", "actor_kind", "actor_id", "identity_digest", "subject_id"),
    *("target_kind", "target_name", "target_id", "container", "owner_id"),
    *("via", "credential", "before", "after", "details"),
)
_AT = 1
# Before the first entry.
START = "0" * 64


def _encode(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Integers of more than 64 bits.
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "surrogatepass")


def format_digest_time(at: dt.datetime) -> str:
    """The time in UTC, always with six digits after the second."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def digest_entry(columns: Sequence[Any]) -> bytes:
    """The SHA-256 of the values of `ENTRY_COLUMNS`."""
    values = [_FORMAT, *columns]
    values[_AT + 1] = format_digest_time(columns[_AT])
    return hashlib.sha256(_encode(values)).digest()


def digest_link(previous: str, sequence: int, sealed_at: dt.datetime, entry: bytes) -> str:
    """The digest of a place in the chain: of the one before, and of what is there."""
    place = f"{previous}\n{sequence}\n{format_digest_time(sealed_at)}\n".encode("ascii")
    return hashlib.sha256(place + entry).hexdigest()


def digest_identity(
    salt: str, account_id: int | None, name: str, address: str, user_agent: str
) -> str:
    """The digest that stands for the personal data of an entry."""
    return hashlib.sha256(
        _encode([_FORMAT, salt, account_id, name, address, user_agent])
    ).hexdigest()
