"""Signed URLs for remote images.

`/images/<signature>/<payload>`: the payload has the URL of the image and its label. Only this registry
can create the signature, so nobody can use the proxy for other URLs (CWE-918, SSRF), or show other
text in a placeholder.
"""

from __future__ import annotations

import base64
import binascii

from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from marketplace.images.errors import UnknownImageError

MAX_LABEL_CHARS = 80
_SALT = "marketplace.images"


def build_path(url: str, label: str) -> str | None:
    """The path of the image at `url` on this registry; None if the URL is too long.

    `label` is shown if the image cannot be loaded.
    """
    # Every process imports this module, and the HTTP client takes a tenth of its start.
    from common.http.safe.client import MAX_URL_CHARS

    if len(url) > MAX_URL_CHARS:
        return None
    text = f"{url}\n{' '.join(label.split())[:MAX_LABEL_CHARS]}"
    payload = _encode(text.encode("utf-8", errors="replace"))
    return reverse("remote-image", args=[_sign(payload), payload])


def parse_path(signature: str, payload: str) -> tuple[str, str]:
    """The URL and label of a path from `build_path`. Raises `UnknownImageError`."""
    # Constant time, so that response times reveal nothing about the signature (CWE-208).
    if not constant_time_compare(signature, _sign(payload)):
        raise UnknownImageError("No README of this registry shows this image.")
    try:
        text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise UnknownImageError("The URL is malformed.") from error
    url, _, label = text.partition("\n")
    return url, label


def get_key_fingerprint() -> str:
    """Identifies the signing key without revealing it. Signatures of other keys are invalid."""
    return salted_hmac(f"{_SALT}.print", "", algorithm="sha256").hexdigest()[:16]


def _sign(payload: str) -> str:
    # Half of the HMAC keeps URLs short and is still 128 bits (RFC 2104, section 5).
    return _encode(salted_hmac(_SALT, payload, algorithm="sha256").digest()[:16])


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
