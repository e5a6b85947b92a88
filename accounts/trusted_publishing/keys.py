"""The public keys of issuers: fetched with the SSRF-safe client, stored, and fetched again in time."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog
from django.conf import settings
from django.utils import timezone

from accounts.errors import IssuerUnavailableError, IssuerUrlError
from accounts.models import IssuerKeys
from accounts.models.identity import ISSUER_CHARS
from common.http.safe import Fetcher, FetchFailedError, FetchRefusedError, PrivateHosts
from plugport.spec.errors import PlugportError

_log = structlog.get_logger("plugport.identity")

# How long a key is used after its issuer has withdrawn it, at most.
MAX_AGE = dt.timedelta(hours=1)
# While the issuer cannot be reached, its keys are used for longer.
MAX_AGE_WITHOUT_ISSUER = dt.timedelta(hours=24)
# Between two fetches of one issuer. Tokens with unknown keys can be made by everyone.
FETCH_INTERVAL = dt.timedelta(seconds=60)
MAX_DOCUMENT_BYTES = 64 * 1024
MAX_KEYS = 50
_FETCH_SECONDS = 5.0
# In one process: each fetch occupies a thread for seconds, and everybody can register slow issuers.
fetch_slots = threading.BoundedSemaphore(2)
_DISCOVERY_PATH = "/.well-known/openid-configuration"
# The public parts only: a key that is published with its private part must not be stored with it.
_MEMBERS = ("kty", "kid", "use", "alg", "key_ops", "n", "e", "crv", "x", "y")
_MAX_MEMBER_CHARS = 1_400  # an RSA modulus of 8,192 bits


def require_issuer_url(url: str) -> str:
    """Return the URL of an issuer. Raises `IssuerUrlError`.

    https is required, because keys that were changed on the way would accept everything. The host of
    a server on this machine, if the operator allows it, is the exception.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    is_local = parts.scheme == "http" and _get_private_hosts().names_loopback(host)
    is_plain = not (parts.query or parts.fragment or parts.username is not None)
    if not (host and is_plain and (parts.scheme == "https" or is_local)):
        raise IssuerUrlError(
            "The issuer must be an https URL without user name, query and fragment.",
            hint="Copy the `iss` claim of an identity token: `https://ci.example.com`.",
        )
    if len(url) > ISSUER_CHARS:
        raise IssuerUrlError(f"The URL of an issuer has at most {ISSUER_CHARS} characters.")
    return url


def list_issuer_keys(issuer: str, kid: str) -> Sequence[Mapping[str, Any]]:
    """The keys of the issuer with that id, or all of them without an id.

    Fetches them if none of the stored ones has the id or they are old, but each issuer at most once
    in `FETCH_INTERVAL`. 1 query, 3 with a fetch. Raises `IssuerUnavailableError`.
    """
    stored, _ = IssuerKeys.objects.get_or_create(issuer=issuer)
    now = timezone.now()
    found = _select(stored.keys, kid)
    age = now - stored.fetched_at if stored.fetched_at else None
    if found and age is not None and age < MAX_AGE:
        return found
    with _take_slot() as may_fetch:
        if may_fetch and _claim_fetch(stored, now):
            try:
                return _select(_fetch_and_store(stored), kid)
            except PlugportError as error:
                _log.warning("issuer_unavailable", issuer=issuer, reason=error.detail)
                if not found:
                    raise IssuerUnavailableError(
                        f"The keys of `{issuer}` cannot be fetched: {error.detail}",
                        hint="Try again in a minute. The operator of this registry may have to allow"
                        " the host: PLUGPORT_CI_ISSUER_PRIVATE_HOSTS.",
                    ) from error
    if age is None:
        raise IssuerUnavailableError(
            f"The keys of `{issuer}` are not known yet.", hint="Try again in a minute."
        )
    # Old keys, or no key of that id: the issuer was asked a moment ago.
    return found if age < MAX_AGE_WITHOUT_ISSUER else ()


@contextlib.contextmanager
def _take_slot() -> Iterator[bool]:
    is_free = fetch_slots.acquire(blocking=False)
    try:
        yield is_free
    finally:
        if is_free:
            fetch_slots.release()


def _select(keys: Sequence[Mapping[str, Any]], kid: str) -> list[Mapping[str, Any]]:
    return [key for key in keys if not kid or key.get("kid") == kid]


def _claim_fetch(stored: IssuerKeys, now: dt.datetime) -> bool:
    """Whether this process may fetch now. Compare and swap: of several, one gets True."""
    rows = IssuerKeys.objects.filter(
        pk=stored.pk, next_fetch_at=stored.next_fetch_at, next_fetch_at__lte=now
    )
    return bool(rows.update(next_fetch_at=now + FETCH_INTERVAL))


def _fetch_and_store(stored: IssuerKeys) -> list[dict[str, Any]]:
    keys = fetch_issuer_keys(stored.issuer)
    now = timezone.now()
    IssuerKeys.objects.filter(pk=stored.pk).update(keys=keys, fetched_at=now)
    return keys


def fetch_issuer_keys(issuer: str) -> list[dict[str, Any]]:
    """Fetch the keys of the issuer by discovery (OpenID Connect Discovery 1.0, section 4).

    Raises `IssuerUrlError`, `IssuerUnavailableError`, `FetchFailedError` and `FetchRefusedError`.
    """
    document = fetch_json(require_issuer_url(issuer).rstrip("/") + _DISCOVERY_PATH)
    # Section 4.3: otherwise one issuer could speak for another.
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise IssuerUnavailableError("The issuer's discovery document is that of another issuer.")
    keys_url = document.get("jwks_uri")
    if not isinstance(keys_url, str):
        raise IssuerUnavailableError("The issuer's discovery document names no keys.")
    if urlsplit(issuer).scheme == "https" and not keys_url.startswith("https://"):
        raise IssuerUnavailableError("The issuer's keys are not served over https.")
    document = fetch_json(keys_url)
    rows = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(rows, list) or len(rows) > MAX_KEYS:
        raise IssuerUnavailableError(f"The issuer's keys are not a list of at most {MAX_KEYS}.")
    keys = [_clean_key(row) for row in rows if isinstance(row, dict)]
    if not any(keys):
        raise IssuerUnavailableError("The issuer publishes no public key.")
    return [key for key in keys if key]


def _clean_key(row: Mapping[str, Any]) -> dict[str, Any]:
    """The public members of a key; nothing for a kind of key that is not used here."""
    if row.get("kty") not in ("RSA", "EC", "OKP"):
        return {}
    members = {name: row[name] for name in _MEMBERS if name in row}
    operations = members.pop("key_ops", None)
    if isinstance(operations, list) and "verify" not in operations:
        return {}
    is_text = all(
        isinstance(value, str) and len(value) <= _MAX_MEMBER_CHARS for value in members.values()
    )
    return members if is_text and members.get("use", "sig") == "sig" else {}


def fetch_json(url: str) -> Any:
    """Fetch a JSON document from a CI system. Raises `FetchFailedError` and `FetchRefusedError`.

    Redirects are not followed: neither discovery nor the APIs that are used here need them, and one
    could lead to plain http.
    """
    fetcher = Fetcher(private_hosts=_get_private_hosts())
    try:
        resource = fetcher.fetch(
            url,
            max_bytes=MAX_DOCUMENT_BYTES,
            seconds=_FETCH_SECONDS,
            accept="application/json",
            max_redirects=0,
        )
        return orjson.loads(resource.body)
    except orjson.JSONDecodeError as error:
        raise FetchFailedError("The response is not valid JSON.") from error
    except FetchRefusedError as error:
        _log.warning("fetch_refused", host=urlsplit(url).hostname, reason=error.detail)
        raise


def _get_private_hosts() -> PrivateHosts:
    hosts: PrivateHosts = settings.CI_ISSUER_PRIVATE_HOSTS
    return hosts
