"""One GET of an address that a stranger chose, with its redirects."""

from __future__ import annotations

from dataclasses import dataclass

import httpcore
import httpx

from registry.fetching.errors import FetchFailedError, FetchRefusedError
from registry.fetching.network import CheckedBackend, CheckedTransport, Deadline
from registry.fetching.resolving import Resolver, resolve

MAX_URL_CHARS = 2_000
MAX_REDIRECTS = 3
_DEFAULT_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "User-Agent": "Plugport",
    # What is packed could become a thousand times its size.
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: where from in the end, what the other side calls it, and the bytes."""

    url: str
    media_type: str
    body: bytes


class Fetcher:
    """Fetches from public addresses only.

    `allow_loopback` is for tests: they have a server on this machine, on a port of its own.
    No setting leads to it.
    """

    def __init__(self, *, resolver: Resolver = resolve, allow_loopback: bool = False) -> None:
        self._resolver = resolver
        self._allow_loopback = allow_loopback

    def fetch(self, url: str, *, max_bytes: int, seconds: float, accept: str = "*/*") -> Fetched:
        """The body of the address, at most so many bytes, after at most so many seconds.

        Follows 3 redirects, each checked as if it were the first address. Raises
        `FetchRefusedError` for an address that is not asked, `FetchFailedError` for the rest.
        """
        deadline = Deadline(seconds)
        target = self._parse(url)
        try:
            for _ in range(MAX_REDIRECTS + 1):
                found = self._ask(target, deadline, max_bytes, accept)
                if isinstance(found, Fetched):
                    return found
                target = found
        except (httpx.HTTPError, httpx.StreamError, httpcore.TimeoutException) as error:
            raise FetchFailedError("The answer broke off.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise FetchFailedError("The other side does not speak HTTP.") from error
        raise FetchFailedError(f"There are more than {MAX_REDIRECTS} redirects.")

    def _parse(self, url: str | httpx.URL) -> httpx.URL:
        """The address, if it is one that is asked. The client connects to what is read here."""
        try:
            if len(str(url)) > MAX_URL_CHARS:
                raise FetchRefusedError("The address is too long.")
            parsed = httpx.URL(url).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError) as error:
            raise FetchRefusedError("The address cannot be read.") from error
        if parsed.scheme not in _DEFAULT_PORTS or not parsed.host:
            raise FetchRefusedError("Only http and https are asked.")
        if parsed.userinfo:
            raise FetchRefusedError("Addresses with a name or password in them are not asked.")
        if parsed.port not in (None, _DEFAULT_PORTS[parsed.scheme]) and not self._allow_loopback:
            raise FetchRefusedError("Only the default ports are asked.")
        return parsed

    def _ask(
        self, url: httpx.URL, deadline: Deadline, max_bytes: int, accept: str
    ) -> Fetched | httpx.URL:
        """What is there, or where it has moved to. A client that remembers nothing asks."""
        backend = CheckedBackend(self._resolver, deadline, allow_loopback=self._allow_loopback)
        with (
            httpx.Client(transport=CheckedTransport(backend), trust_env=False) as client,
            client.stream("GET", url, headers={**_HEADERS, "Accept": accept}) as answer,
        ):
            if answer.status_code in _REDIRECTS:
                return self._parse(_read_location(url, answer))
            return Fetched(str(url), *_read(answer, max_bytes))


def _read_location(url: httpx.URL, answer: httpx.Response) -> httpx.URL:
    try:
        return url.join(answer.headers["Location"])
    except (KeyError, httpx.InvalidURL, ValueError) as error:
        raise FetchFailedError("A redirect leads nowhere.") from error


def _read(answer: httpx.Response, max_bytes: int) -> tuple[str, bytes]:
    """Media type and body. Raises `FetchFailedError`."""
    if answer.status_code != 200:
        raise FetchFailedError(f"The answer is {answer.status_code}.")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchFailedError("The answer is packed, which was not asked for.")
    length = answer.headers.get("Content-Length", "0")
    parts, size = [], int(length) if length.isdecimal() and len(length) < 20 else 0
    if size > max_bytes:
        raise FetchFailedError(f"It has {size} bytes; at most {max_bytes} are taken.")
    size = 0
    for part in answer.iter_raw():
        size += len(part)
        if size > max_bytes:
            raise FetchFailedError(f"It has more than {max_bytes} bytes.")
        parts.append(part)
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type, b"".join(parts)
