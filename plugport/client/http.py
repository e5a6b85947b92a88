"""HTTP sessions with a registry.

Every request goes through `HttpSession.open`, which sends the token to the registry's own origin
alone, follows at most five redirects of reads and none from https to http, and repeats reads after
temporary failures. Every step has a timeout.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

from plugport import __version__
from plugport.client.addresses import Resolver, resolve
from plugport.client.destinations import Destinations
from plugport.client.errors import (
    InvalidUrlError,
    RegistryUnreachableError,
    TransferInterruptedError,
    UnsafeRedirectError,
)
from plugport.client.lean_httpx import httpx
from plugport.client.responses import raise_for_problem, read_json
from plugport.client.tokens import Token
from plugport.client.transport import EnvironmentTransport, is_certificate_error
from plugport.client.urls import Origin, RegistryUrl
from plugport.spec.api.instance import Instance
from plugport.spec.api.reading import parse_leniently
from plugport.spec.errors import MissingError

# Timeouts are per step and not per request: a large package may take hours, but no step a minute.
TIMEOUTS = httpx.Timeout(30.0, connect=10.0, read=60.0, write=60.0)
USER_AGENT = f"plugport/{__version__}"
MAX_REDIRECTS = 5
READ_ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 0.2
_REDIRECT_STATUS = frozenset({301, 302, 303, 307, 308})
# Not 503: registries send it deliberately, with a reason that the user should see at once.
_RETRY_STATUS = frozenset({502, 504})
# The server closed the connection before it responded, for example because it restarted, or because
# the connection was idle. Which of the errors follows depends on what has arrived by then.
_LOST_CONNECTION = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)

Sleep = Callable[[float], None]
Params = Mapping[str, str | int]


class HttpSession:
    """HTTP connections to a registry, and to other hosts that store its packages.

    The token is sent to the registry's own origin alone. Other hosts are those that the registry
    lists for downloads and those that the user trusts or, with `allows_public_hosts`, all hosts with
    public addresses.
    """

    def __init__(
        self,
        registry: RegistryUrl,
        *,
        token: Token | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
        resolver: Resolver = resolve,
        allows_public_hosts: bool = False,
    ) -> None:
        self.registry = registry
        self._destinations = Destinations(
            registry.origin, None if allows_public_hosts else self._list_download_hosts
        )
        self.has_token = token is not None
        self._token = token
        self._sleep = sleep
        self._http = httpx.Client(
            transport=transport
            if transport is not None
            else EnvironmentTransport(self._destinations, resolver=resolver),
            timeout=TIMEOUTS,
            # Without a check of its values; the transport reads the environment instead.
            trust_env=False,
            # `_send_and_follow` follows redirects, because it has to check each one.
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
        """End the idle connections to the registry. Responses must be closed before."""
        self._http.close()

    def get_json(self, url: str, params: Params | None = None) -> Any:
        """Return the JSON of a GET request, which is sent up to `READ_ATTEMPTS` times."""
        with self.open("GET", url, params=params, headers={"Accept": _JSON}) as response:
            return read_json(response)

    def post_json(self, url: str, document: Any) -> Any:
        """Send JSON once and return the JSON of the response."""
        return self.send_json("POST", url, document)

    def send_json(self, method: str, url: str, document: Any = None) -> Any:
        """Send a request once, with JSON if there is a document; return the JSON of the response."""
        body = {} if document is None else {"json": document}
        with self.open(method, url, headers={"Accept": _JSON}, **body) as response:
            return read_json(response)

    def post_form(self, url: str, fields: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        """Send a form once; return the status and the JSON, also of an OAuth error (RFC 6749).

        Raises the errors of `open` for other statuses than 200, 400 and 429.
        """
        response = self._send_with_retries("POST", url, {"Accept": _JSON}, {"data": fields})
        try:
            if response.status_code not in (200, 400, 429):
                raise_for_problem(response)
            document = read_json(response)
        finally:
            response.close()
        return response.status_code, document if isinstance(document, dict) else {}

    @contextmanager
    def open(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **body: Any
    ) -> Iterator[httpx.Response]:
        """Open a response with a status below 400; read its body inside the `with` block.

        Raises the reported error for status 400 and above, `RegistryUnreachableError` without a
        connection, `TransferInterruptedError` if the body ends early, and `UnsafeRedirectError`.
        """
        response = self._send_with_retries(method, url, headers or {}, body)
        try:
            raise_for_problem(response)
            yield response
        except (httpx.TransportError, httpx.StreamError) as error:
            raise TransferInterruptedError(
                f"`{_format_url(response.url)}` stopped sending: {_format_error(error)}."
            ) from error
        finally:
            response.close()

    def _list_download_hosts(self) -> list[str]:
        try:
            document = self.get_json(self.registry.api("/instance"))
        except MissingError:
            # A registry of an earlier version lists none.
            return []
        return parse_leniently(Instance, document if isinstance(document, dict) else {})[
            "downloadHosts"
        ]

    def _send_with_retries(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response:
        pause_seconds = FIRST_PAUSE_SECONDS
        # Only reads are repeated: a write may have succeeded although its response was lost.
        for _ in range(READ_ATTEMPTS - 1 if method == "GET" else 0):
            try:
                response = self._send_and_follow(method, url, headers, body)
            except _LOST_CONNECTION:
                pass
            else:
                if response.status_code not in _RETRY_STATUS:
                    return response
                response.close()
            self._sleep(pause_seconds)
            pause_seconds *= 4
        try:
            return self._send_and_follow(method, url, headers, body)
        except _LOST_CONNECTION as error:
            raise _build_unreachable_error(url, error) from error

    def _send_and_follow(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response:
        response = self._send(method, url, headers, body)
        for _ in range(MAX_REDIRECTS):
            if response.status_code not in _REDIRECT_STATUS:
                return response
            try:
                target = self._get_redirect_target(method, response)
            finally:
                response.close()
            # The target has its own query; the parameters of the first request are not added.
            response = self._send(method, target, headers, {})
        if response.status_code not in _REDIRECT_STATUS:
            return response
        response.close()
        raise UnsafeRedirectError(f"`{url}` redirects more than {MAX_REDIRECTS} times.")

    def _get_redirect_target(self, method: str, response: httpx.Response) -> str:
        source = str(response.url)
        target = urljoin(source, str(response.headers.get("location", "")))
        origin = Origin.of(target)
        # Following it would send the body to another server or, for 301 to 303, turn the request
        # into a GET (RFC 9110, section 15.4).
        if method != "GET":
            raise UnsafeRedirectError(
                f"`{source}` redirects a {method} request to `{target}`.",
                hint="If the registry has moved, set its new URL with --registry.",
            )
        # A downgrade would let others on the network read and change the response (CWE-319).
        if response.url.scheme == "https" and origin.scheme != "https":
            raise UnsafeRedirectError(f"`{source}` redirects from https to `{target}`.")
        return target

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response:
        # Decided for each request by its own URL, so that neither redirects nor URLs in responses can
        # send the token elsewhere (CVE-2018-18074 was such a leak).
        credentials = {}
        self._destinations.check_url(url)
        if self._token is not None and Origin.of(url) == self.registry.origin:
            credentials["Authorization"] = f"Bearer {self._token.reveal()}"
        try:
            request = self._http.build_request(
                method, url, headers={**headers, **credentials}, **body
            )
            return self._http.send(request, stream=True)
        except _LOST_CONNECTION:
            raise
        except httpx.TransportError as error:
            raise _build_unreachable_error(url, error) from error
        except UnicodeEncodeError:
            # A parameter from the command line, in another encoding than that of the locale.
            raise
        except (httpx.InvalidURL, UnicodeError) as error:
            raise InvalidUrlError(f"`{url[:200]}` is not a URL: {error}.") from error


_JSON = "application/json, application/problem+json"


def _build_unreachable_error(url: str, error: httpx.TransportError) -> RegistryUnreachableError:
    hint = "Check that the registry is running, or choose another with --registry."
    if is_certificate_error(error):
        hint = "If the server's certificate is from an authority of your own, set SSL_CERT_FILE."
    return RegistryUnreachableError(
        f"`{_format_url(httpx.URL(url))}` cannot be reached: {_format_error(error).rstrip('.')}.",
        hint=hint,
    )


def _format_url(url: httpx.URL) -> str:
    """Return a URL without its query, which may contain the signature of a storage service."""
    return str(url.copy_with(query=None, fragment=None))


def _format_error(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no response in time"
    return str(error) or type(error).__name__
