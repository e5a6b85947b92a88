"""Addresses of remote pictures at this registry.

`/images/<signature>/<payload>`: the payload is the picture's own address and its label, the
signature says that this registry wrote it. So nobody can have other addresses fetched, or put
words of theirs into a placeholder.
"""

from __future__ import annotations

import base64
import binascii

from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from marketplace.images.errors import UnknownImageError
from registry.fetching.fetcher import MAX_URL_CHARS

MAX_LABEL_CHARS = 80
_SALT = "marketplace.images"


def make_path(url: str, label: str) -> str | None:
    """The path of the picture at `url` here; None for an address too long to be asked.

    `label` stands in its place if it cannot be shown.
    """
    if len(url) > MAX_URL_CHARS:
        return None
    text = f"{url}\n{' '.join(label.split())[:MAX_LABEL_CHARS]}"
    payload = _encode(text.encode("utf-8", errors="replace"))
    return reverse("image", args=[_sign(payload), payload])


def read_path(signature: str, payload: str) -> tuple[str, str]:
    """Address and label of a path that `make_path` made. Raises `UnknownImageError`."""
    if not constant_time_compare(signature, _sign(payload)):
        raise UnknownImageError("No README of this registry shows this picture.")
    try:
        text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise UnknownImageError("This address cannot be read.") from error
    url, _, label = text.partition("\n")
    return url, label


def get_key_print() -> str:
    """Names the key without telling it: what was signed with another one is of no use."""
    return salted_hmac(f"{_SALT}.print", "", algorithm="sha256").hexdigest()[:16]


def _sign(payload: str) -> str:
    return _encode(salted_hmac(_SALT, payload, algorithm="sha256").digest()[:16])


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
