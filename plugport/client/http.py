"""One HTTP conversation with one registry: who is told the token, which redirects are followed.

Every request goes through `HttpSession.open`, so these rules hold everywhere: the token is sent
to the registry's own origin alone; redirects are followed for reads only, at most five, never
from https down to http; reads that fail in passing are tried again; nothing waits forever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx

from plugport import __version__
from plugport.client.answers import raise_for_problem, read_json
from plugport.client.errors import (
    InvalidUrlError,
    RegistryUnreachableError,
    TransferCutError,
    UnsafeRedirectError,
)
from plugport.client.tokens import Token
from plugport.client.transport import make_transport
from plugport.client.urls import Origin, RegistryUrl

# Per step, not per request: a large package may take long, but never be silent for a minute.
TIMEOUTS = httpx.Timeout(30.0, connect=10.0, read=60.0, write=60.0)
USER_AGENT = f"plugport/{__version__}"
REDIRECTS = 5
READ_ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 0.2
_REDIRECT_STATUS = frozenset({301, 302, 303, 307, 308})
# 503 is left out: a registry says it on purpose, with a reason that the user should see at once.
_PASSING_STATUS = frozenset({502, 504})

Sleep = Callable[[float], None]
Params = Mapping[str, str | int]


class HttpSession:
    """Connections to a registry and, without its token, to wherever its packages are stored."""

    def __init__(
        self,
        registry: RegistryUrl,
        *,
        token: Token | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.registry = registry
        self.has_token = token is not None
        self._token = token
        self._sleep = sleep
        self._http = httpx.Client(
            transport=transport if transport is not None else make_transport(),
            timeout=TIMEOUTS,
            # Redirects are followed below, where each hop is judged anew.
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get_json(self, url: str, params: Params | None = None) -> Any:
        """The JSON of a read, tried up to `READ_ATTEMPTS` times."""
        with self.open("GET", url, params=params, headers={"Accept": _JSON}) as response:
            return read_json(response)

    def post_json(self, url: str, document: Any) -> Any:
        """Send JSON once and return the JSON answered."""
        headers = {"Accept": _JSON}
        with self.open("POST", url, json=document, headers=headers) as response:
            return read_json(response)

    @contextmanager
    def open(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **body: Any
    ) -> Iterator[httpx.Response]:
        """A streamed answer below 400; its body is unread.

        Raises the reported error for 400 and above, `RegistryUnreachableError` without
        connection, `TransferCutError` if the body ends early, `UnsafeRedirectError`.
        """
        response = self._send_patiently(method, url, headers or {}, body)
        try:
            raise_for_problem(response)
            yield response
        except (httpx.TransportError, httpx.StreamError) as error:
            raise TransferCutError(
                f"`{_show_url(response.url)}` stopped sending: {_say(error)}"
            ) from error
        finally:
            response.close()

    def _send_patiently(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response:
        pause_seconds = FIRST_PAUSE_SECONDS
        # A write may have happened although its answer was lost, so only reads are repeated.
        for _ in range(READ_ATTEMPTS - 1 if method == "GET" else 0):
            try:
                response = self._send_and_follow(method, url, headers, body)
            except httpx.RemoteProtocolError:
                pass  # The server hung up on a kept connection: what a restart looks like.
            else:
                if response.status_code not in _PASSING_STATUS:
                    return response
                response.close()
            self._sleep(pause_seconds)
            pause_seconds *= 4
        try:
            return self._send_and_follow(method, url, headers, body)
        except httpx.RemoteProtocolError as error:
            raise _make_unreachable(url, error) from error

    def _send_and_follow(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response:
        response = self._send(method, url, headers, body)
        for _ in range(REDIRECTS):
            if response.status_code not in _REDIRECT_STATUS:
                return response
            try:
                target = self._check_redirect(method, response)
            finally:
                response.close()
            # The target carries its own query; parameters of the first request are not repeated.
            response = self._send(method, target, headers, {})
        if response.status_code not in _REDIRECT_STATUS:
            return response
        response.close()
        raise UnsafeRedirectError(f"`{url}` redirects more than {REDIRECTS} times")

    def _check_redirect(self, method: str, response: httpx.Response) -> str:
        source = str(response.url)
        target = urljoin(source, str(response.headers.get("location", "")))
        origin = Origin.of(target)
        if method != "GET":
            raise UnsafeRedirectError(
                f"`{source}` answers a {method} with a redirect to `{target}`",
                hint="If the registry has moved, give its new address with --registry.",
            )
        # What began encrypted must not end in the open.
        if response.url.scheme == "https" and origin.scheme != "https":
            raise UnsafeRedirectError(f"`{source}` redirects from https to `{target}`")
        return target

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response:
        # By where this very request goes, so that neither redirects nor links in answers leak it.
        credentials = {}
        if self._token is not None and Origin.of(url) == self.registry.origin:
            credentials["Authorization"] = f"Bearer {self._token.reveal()}"
        try:
            request = self._http.build_request(
                method, url, headers={**headers, **credentials}, **body
            )
            return self._http.send(request, stream=True)
        except httpx.RemoteProtocolError:
            raise
        except httpx.TransportError as error:
            raise _make_unreachable(url, error) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise InvalidUrlError(f"`{url[:200]}` is not an address: {error}") from error


_JSON = "application/json, application/problem+json"


def _make_unreachable(url: str, error: httpx.TransportError) -> RegistryUnreachableError:
    return RegistryUnreachableError(
        f"`{_show_url(httpx.URL(url))}` cannot be reached: {_say(error)}",
        hint="Is the registry running? --registry or PLUGPORT_REGISTRY chooses another.",
    )


def _show_url(url: httpx.URL) -> str:
    """An address without its query: stored packages may carry a signature there."""
    return str(url.copy_with(query=None, fragment=None))


def _say(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__
