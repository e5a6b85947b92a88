"""Sign in with a browser on any machine: the device flow of OAuth 2.0 (RFC 8628)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from plugport.client.errors import LoginEndedError, UnexpectedResponseError
from plugport.client.http import HttpSession
from plugport.client.lean_httpx import httpx
from plugport.client.tokens import Token
from plugport.client.urls import RegistryUrl

CLIENT_ID = "plugport-cli"
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
_SLOW_DOWN_SECONDS = 5
# What a registry may prescribe.
_MAX_INTERVAL_SECONDS = 60
_MAX_LIFETIME_SECONDS = 3600
_ENDED = {
    "access_denied": "The sign-in was refused in the browser.",
    "expired_token": "The code has expired.",
    "invalid_grant": "The code has ended.",
}


class StartedLogin(Struct, frozen=True):
    """A sign-in that a person must approve at `page` with `user_code`. `link` has the code in it."""

    device_code: str
    user_code: str
    page: str
    link: str
    lifetime_seconds: int
    interval_seconds: int


class DeviceLoginClient:
    """Both requests of the flow. `sleep` waits between two polls."""

    def __init__(
        self,
        registry: RegistryUrl,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._registry = registry
        self._sleep = sleep
        self._http = HttpSession(registry, transport=transport)

    def start(self, client_name: str, scopes: Sequence[str]) -> StartedLogin:
        """Request the codes. Raises `MissingError` for a registry without this way to sign in."""
        status, document = self._post(
            "code", {"client_name": client_name, "scope": " ".join(scopes)}
        )
        if status != 200:
            raise _build_error(document)
        page = str(document.get("verification_uri", ""))
        return StartedLogin(
            device_code=_require_text(document, "device_code"),
            user_code=_require_text(document, "user_code"),
            page=_require_link(page),
            link=_require_link(str(document.get("verification_uri_complete") or page)),
            lifetime_seconds=_get_seconds(document, "expires_in", 900, _MAX_LIFETIME_SECONDS),
            interval_seconds=_get_seconds(document, "interval", 5, _MAX_INTERVAL_SECONDS),
        )

    def wait(self, login: StartedLogin) -> Token:
        """Poll until a person has decided. Raises `LoginEndedError`."""
        interval = login.interval_seconds
        waited = 0
        while waited < login.lifetime_seconds:
            self._sleep(interval)
            waited += interval
            status, document = self._post(
                "token", {"grant_type": _GRANT_TYPE, "device_code": login.device_code}
            )
            if status == 200:
                return Token.parse(_require_text(document, "access_token"))
            error = document.get("error")
            if error == "slow_down":
                interval = min(interval + _SLOW_DOWN_SECONDS, _MAX_INTERVAL_SECONDS)
            elif error != "authorization_pending":
                raise _build_error(document)
        raise _build_error({"error": "expired_token"})

    def _post(self, endpoint: str, fields: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        url = f"{self._registry.text}/login/program/{endpoint}"
        return self._http.post_form(url, {"client_id": CLIENT_ID, **fields})

    def close(self) -> None:
        """End the connections."""
        self._http.close()


def _build_error(document: Mapping[str, Any]) -> LoginEndedError:
    code = str(document.get("error", ""))[:40]
    described = str(document.get("error_description", ""))[:200]
    return LoginEndedError(
        _ENDED.get(code)
        or described
        or f"The registry refused the sign-in: {code or 'no reason'}.",
        hint="Run `plugport login` again, or create a token on your account page and run"
        " `plugport login --token`.",
        context={"error": code},
    )


def _require_text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise UnexpectedResponseError(f"The registry returned no `{key}`.")
    return value


def _require_link(text: str) -> str:
    # It is opened in a browser: other schemes start programs.
    if urlsplit(text).scheme not in ("http", "https"):
        raise UnexpectedResponseError("The registry returned no web address for the sign-in.")
    return text


def _get_seconds(document: Mapping[str, Any], key: str, default: int, limit: int) -> int:
    value = document.get(key)
    number = value if isinstance(value, int) and not isinstance(value, bool) else default
    return max(1, min(number, limit))
