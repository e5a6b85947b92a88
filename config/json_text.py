"""Writing JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dump_json(document: Any) -> bytes:
    """The document as UTF-8 JSON.

    JSON knows no largest integer and authors' manifests may hold any; orjson stops at 64 bits,
    so that what it refuses goes the slow way. Raises `TypeError` for what is not JSON.
    """
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
