"""Requests to identity providers, all with the SSRF-safe client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from django.conf import settings

from accounts.sso.errors import ConnectionSettingsError, SsoRefusedError
from common.http.safe import Fetcher, FetchFailedError, FetchRefusedError, PrivateHosts, Reply

_MAX_BYTES = 256 * 1024
_SECONDS = 8.0
_MAX_URL_CHARS = 2_000


def require_provider_url(url: object, what: str) -> str:
    """Return the URL of a provider. Raises `ConnectionSettingsError`.

    https is required: an answer that was changed on the way could be anybody's. A provider on this
    machine, if the operator allows it by name, is the exception.
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    hosts: PrivateHosts = settings.SSO_PRIVATE_HOSTS
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and hosts.names_loopback(host))
    is_plain = not (parts.fragment or parts.username is not None)
    if not (isinstance(url, str) and host and is_safe and is_plain and len(url) <= _MAX_URL_CHARS):
        raise ConnectionSettingsError(
            f"The {what} must be an https URL without user name and fragment.",
            hint="Copy it from the settings of your identity provider.",
        )
    return url


def send_request(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Reply:
    """Send one request. Raises `SsoRefusedError` with the reason `provider-unavailable`."""
    fetcher = Fetcher(private_hosts=settings.SSO_PRIVATE_HOSTS)
    try:
        return fetcher.send(
            method, url, headers=headers, body=body, max_bytes=_MAX_BYTES, seconds=_SECONDS
        )
    except (FetchFailedError, FetchRefusedError) as error:
        raise SsoRefusedError(
            "provider-unavailable",
            f"The identity provider at {urlsplit(url).hostname} cannot be reached: {error.detail}",
            hint="The operator of this registry may have to allow the host:"
            " PLUGPORT_SSO_PRIVATE_HOSTS.",
        ) from error


def fetch_text(url: str) -> bytes:
    """Fetch a document. Raises `SsoRefusedError`."""
    reply = send_request("GET", url)
    if reply.status != 200:
        raise _build_error(url, f"it answered with status {reply.status}")
    return reply.body


def fetch_json(url: str, *, access_token: str = "") -> dict[str, Any]:
    """Fetch a JSON object. Raises `SsoRefusedError`."""
    headers = {"Accept": "application/json"}
    if access_token:
        headers["Authorization"] = f"Bearer {access_token}"
    return _parse_object(url, send_request("GET", url, headers=headers))


def post_form(url: str, values: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
    """Send a form, and return the JSON object of the answer. Raises `SsoRefusedError`."""
    all_headers = {
        **headers,
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    reply = send_request("POST", url, headers=all_headers, body=urlencode(values).encode())
    return _parse_object(url, reply)


def _parse_object(url: str, reply: Reply) -> dict[str, Any]:
    try:
        value = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        value = None
    if reply.status != 200:
        # A fixed vocabulary (RFC 6749, section 5.2). Descriptions are for people of the provider.
        code = value.get("error") if isinstance(value, dict) else None
        detail = f" and the error `{code[:60]}`" if isinstance(code, str) else ""
        raise _build_error(url, f"it answered with status {reply.status}{detail}")
    if not isinstance(value, dict):
        raise _build_error(url, "it did not answer with a JSON object")
    return value


def _build_error(url: str, detail: str) -> SsoRefusedError:
    host = urlsplit(url).hostname
    return SsoRefusedError(
        "provider-error", f"The identity provider at {host} cannot be used: {detail}."
    )
