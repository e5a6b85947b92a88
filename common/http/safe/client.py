"""One GET request to a URL that a user supplied, with its redirects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpcore
import httpx

from common.http.private_hosts import NO_PRIVATE_HOSTS, PrivateHosts
from common.http.safe.errors import FetchFailedError, FetchRefusedError
from common.http.safe.network import CheckedBackend, CheckedTransport, Deadline
from common.http.safe.resolver import Resolver, resolve

MAX_URL_CHARS = 2_000
MAX_REDIRECTS = 3
_DEFAULT_PORTS = {"http": 80, "https": 443}
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "User-Agent": "Plugport",
    # A compressed body could expand to a thousand times its size (CWE-409).
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class FetchedResource:
    """The response: the final URL, its media type, and the body."""

    url: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """The response to a request that `Fetcher.send` sent, whatever its status."""

    status: int
    media_type: str
    body: bytes


class Fetcher:
    """Fetches from public addresses, and from the private hosts that the operator allows.

    `allow_loopback` is for tests, whose server runs on this machine and on any port. No setting
    enables it.
    """

    def __init__(
        self,
        *,
        resolver: Resolver = resolve,
        allow_loopback: bool = False,
        private_hosts: PrivateHosts = NO_PRIVATE_HOSTS,
    ) -> None:
        self._resolver = resolver
        self._allow_loopback = allow_loopback
        self._private_hosts = private_hosts

    def fetch(
        self,
        url: str,
        *,
        max_bytes: int,
        seconds: float,
        accept: str = "*/*",
        max_redirects: int = MAX_REDIRECTS,
    ) -> FetchedResource:
        """Fetch the URL; at most `max_bytes` in at most `seconds`, redirects included.

        Follows up to 3 redirects, or fewer. Raises `FetchRefusedError` for a URL that is not allowed, and
        `FetchFailedError` for every other failure.
        """
        deadline = Deadline(seconds)
        target = self._parse_url(url)
        try:
            for _ in range(max_redirects + 1):
                result = self._send_request(target, deadline, max_bytes, accept)
                if isinstance(result, FetchedResource):
                    return result
                target = result
        except (httpx.HTTPError, httpx.StreamError, httpcore.TimeoutException) as error:
            raise FetchFailedError("The response ended early.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise FetchFailedError("The server did not send a valid HTTP response.") from error
        if not max_redirects:
            raise FetchFailedError("The server redirects, which is not followed here.")
        raise FetchFailedError(f"The server redirects more than {max_redirects} times.")

    def send(
        self,
        method: str,
        url: str,
        *,
        max_bytes: int,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Send one request, which may have credentials, and return the response with any status.

        Redirects are not followed: credentials must not go where a server sends them. Raises
        `FetchRefusedError` for a URL that is not allowed, and `FetchFailedError` without a response.
        """
        target = self._parse_url(url)
        try:
            with (
                self._build_client(Deadline(seconds)) as client,
                client.stream(
                    method, target, headers={**(headers or {}), **_HEADERS}, content=body
                ) as response,
            ):
                return Reply(response.status_code, *_read_body(response, max_bytes))
        except (httpx.HTTPError, httpx.StreamError, httpcore.TimeoutException) as error:
            raise FetchFailedError("The response ended early.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise FetchFailedError("The server did not send a valid HTTP response.") from error

    def _parse_url(self, url: str | httpx.URL) -> httpx.URL:
        """The parsed URL if it is allowed. Raises `FetchRefusedError`.

        httpx connects to this parsed object: two parsers that disagree on the host of one URL
        would let a URL pass the check and lead somewhere else.
        """
        try:
            if len(str(url)) > MAX_URL_CHARS:
                raise FetchRefusedError(f"The URL is longer than {MAX_URL_CHARS} characters.")
            parsed = httpx.URL(url).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError) as error:
            raise FetchRefusedError("The URL is not valid.") from error
        if parsed.scheme not in _DEFAULT_PORTS or not parsed.host:
            raise FetchRefusedError("Only http and https URLs are allowed.")
        # httpx would send them as credentials (RFC 9110, section 4.2.4 deprecates them in URLs).
        if parsed.userinfo:
            raise FetchRefusedError("URLs with a user name or password are not allowed.")
        # Other ports would allow port scans and requests to services other than web servers
        # (CWE-918).
        port = parsed.port
        if not (
            port in (None, _DEFAULT_PORTS[parsed.scheme])
            or self._allow_loopback
            or self._private_hosts.allows_port(parsed.host, port)
        ):
            raise FetchRefusedError("Only the default ports are allowed.")
        return parsed

    def _send_request(
        self, url: httpx.URL, deadline: Deadline, max_bytes: int, accept: str
    ) -> FetchedResource | httpx.URL:
        """The resource, or the URL that the response redirects to."""
        # A redirect is parsed, resolved and checked like the first URL.
        with (
            self._build_client(deadline) as client,
            client.stream("GET", url, headers={**_HEADERS, "Accept": accept}) as response,
        ):
            if response.status_code in _REDIRECT_STATUSES:
                return self._parse_url(_get_redirect_url(url, response))
            if response.status_code != 200:
                raise FetchFailedError(f"The server returned status {response.status_code}.")
            return FetchedResource(str(url), *_read_body(response, max_bytes))

    def _build_client(self, deadline: Deadline) -> httpx.Client:
        """A new client each time: no cookie and no connection of an earlier request is reused."""
        backend = CheckedBackend(
            self._resolver,
            deadline,
            allow_loopback=self._allow_loopback,
            private_hosts=self._private_hosts,
        )
        return httpx.Client(transport=CheckedTransport(backend), trust_env=False)


def _get_redirect_url(url: httpx.URL, response: httpx.Response) -> httpx.URL:
    try:
        return url.join(response.headers["Location"])
    except (KeyError, httpx.InvalidURL, ValueError) as error:
        raise FetchFailedError("A redirect has no valid target.") from error


def _read_body(response: httpx.Response, max_bytes: int) -> tuple[str, bytes]:
    """Media type and body. Raises `FetchFailedError`."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchFailedError("The response is compressed, which was not requested.")
    # At most 19 digits: `int` takes quadratic time for long text (CVE-2020-10735).
    length = response.headers.get("Content-Length", "0")
    parts, size = [], int(length) if length.isdecimal() and len(length) < 20 else 0
    if size > max_bytes:
        raise FetchFailedError(f"The response has {size} bytes; {max_bytes} are allowed.")
    # The header is only a claim (CWE-770): count what arrives.
    size = 0
    for part in response.iter_raw():
        size += len(part)
        if size > max_bytes:
            raise FetchFailedError(f"The response has more than {max_bytes} bytes.")
        parts.append(part)
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type, b"".join(parts)
