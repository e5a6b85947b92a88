"""Encode the JSON of responses."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dump_json(document: Any) -> bytes:
    """Return the document as UTF-8 JSON. Raises `TypeError` for values that are not JSON."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        # JSON has no largest integer, and manifests may contain any. orjson stops at 64 bits.
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
