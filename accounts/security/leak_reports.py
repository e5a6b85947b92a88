"""Reports of leaked tokens, in the format of GitHub's secret scanning partner program.

A report is a JSON list in the body, signed with ECDSA over P-256 with SHA-256. Two headers have the id of the key and
the signature in base 64. The accepted keys are files: `SOURCE.json` has the keys of one source as GitHub
publishes its own.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings

from accounts.errors import LeakReportDeniedError, LeakReportError

_MAX_KEY_FILE_BYTES = 64 << 10
_MAX_ID_CHARS = 100
MAX_LEAKS = 1000
_MAX_TEXT_CHARS = 1000
_log = structlog.get_logger("plugport.leaks")


@dataclass(frozen=True, slots=True)
class Leak:
    """One entry of a report: a text that looks like a token, and where it was found."""

    text: str
    kind: str
    url: str
    found_in: str


def verify_report(body: bytes, key_id: str, signature: str) -> str:
    """The source whose key signed the body. Raises `LeakReportDeniedError`."""
    if not key_id or not signature:
        raise LeakReportDeniedError("The report is not signed.")
    for source, key in _list_keys(key_id[:_MAX_ID_CHARS]):
        if _is_signed(body, signature, key):
            return source
    raise LeakReportDeniedError(
        "The report is not signed with an accepted key.",
        hint="The operator of the registry adds the public key of the reporter.",
    )


def _is_signed(body: bytes, signature: str, key: ec.EllipticCurvePublicKey) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), body, ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _list_keys(key_id: str) -> list[tuple[str, ec.EllipticCurvePublicKey]]:
    """The keys with that id and their sources. Files that cannot be used are logged."""
    found = []
    for file in sorted(Path(settings.LEAK_REPORT_KEYS_DIR).glob("*.json")):
        try:
            found += [(file.stem, key) for key in _load_keys(file, key_id)]
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            _log.warning("leak_keys_not_usable", file=file.name, error=type(error).__name__)
    return found


def _load_keys(file: Path, key_id: str) -> list[ec.EllipticCurvePublicKey]:
    with file.open("rb") as opened:
        document = json.loads(opened.read(_MAX_KEY_FILE_BYTES))
    keys = []
    for row in document["public_keys"]:
        if row["key_identifier"] != key_id:
            continue
        key = load_pem_public_key(row["key"].encode())
        # Another curve or algorithm would verify signatures that the format does not have.
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise ValueError("not a P-256 key")
        keys.append(key)
    return keys


def parse_report(body: bytes) -> list[Leak]:
    """The entries of a verified report. Raises `LeakReportError`."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise LeakReportError("The body is not JSON.") from None
    if not isinstance(document, list) or len(document) > MAX_LEAKS:
        raise LeakReportError(f"The body is not a list of at most {MAX_LEAKS} leaks.")
    return [_parse_leak(row) for row in document]


def _parse_leak(row: Any) -> Leak:
    values = row if isinstance(row, dict) else {}
    text = values.get("token")
    if not isinstance(text, str):
        # Without the entry, which may contain a token under another name.
        raise LeakReportError("An entry of the list has no `token`.")

    text = _clean(text)

    def get(name: str) -> str:
        # The place must not repeat the token: it goes to the audit log and to a mail.
        value = _clean(str(values.get(name) or ""))
        return (value.replace(text, "…") if text else value)[:_MAX_TEXT_CHARS]

    return Leak(text, kind=get("type"), url=get("url"), found_in=get("source"))


def _clean(text: str) -> str:
    """The text without what no database stores: lone surrogates, which JSON can escape, and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
