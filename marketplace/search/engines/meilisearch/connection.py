"""The HTTP connection to a Meilisearch server: kept connections, deadlines, and errors with hints."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import urlsplit

import certifi
import urllib3
from meilisearch import Client
from meilisearch._httprequests import HttpRequests
from meilisearch.config import Config
from meilisearch.index import Index
from meilisearch.models.task import TaskInfo
from requests.utils import get_environ_proxies, select_proxy

from marketplace.search.errors import (
    EngineTooOldError,
    IndexMissingError,
    SearchUnavailableError,
)

# Older servers have no `localizedAttributes` and no `locales`.
MIN_VERSION = (1, 10)
TESTED_VERSION = "1.50.0"
# As many as the threads that `circuit_breaker` searches with.
_MAX_KEPT_CONNECTIONS = 16
# Safe to send again, unlike a swap.
_REPEATABLE_PATHS = ("search", "documents/fetch")
_KEY_CODES = ("invalid_api_key", "missing_authorization_header")
_SPACE_CODES = ("no_space_left_on_device", "database_size_limit_reached")
_KEY_HINT = (
    "Check PLUGPORT_MEILI_KEY: it must be the master key of the server, or a key with the actions and"
    " indexes that docs/search.md lists."
)
_URL_HINT = "Check that the server is running and that PLUGPORT_MEILI_URL is its address."
_OTHER_SERVER_HINT = "Check that PLUGPORT_MEILI_URL is the address of a Meilisearch server."
_SPACE_HINT = "Free space on the disk of the Meilisearch server."


def build_pool(url: str) -> urllib3.PoolManager:
    """A pool of connections to the server, with the proxies and certificates of the environment."""
    options: dict[str, Any] = {
        "maxsize": _MAX_KEPT_CONNECTIONS,
        "ca_certs": os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where(),
    }
    # Read once: `requests` reads the environment for every request, which costs half a millisecond.
    # A URL that cannot be parsed is reported by each request.
    with contextlib.suppress(ValueError):
        if proxy := select_proxy(url, get_environ_proxies(url)):
            return urllib3.ProxyManager(proxy, **options)
    return urllib3.PoolManager(**options)


class PooledHttp(HttpRequests):
    """Sends the requests of the official client over kept connections. Thread-safe.

    The client's own class opens a connection for each request, and changes headers that threads
    would share. Raises `SearchUnavailableError` or a subclass.
    """

    def __init__(self, config: Config, pool: urllib3.PoolManager) -> None:
        super().__init__(config)
        self._pool = pool

    def send_request(
        self,
        http_method: Callable[..., Any],
        path: str,
        body: Any = None,
        content_type: str | None = None,
        *,
        serializer: type[json.JSONEncoder] | None = None,
    ) -> Any:
        """Send a request and return its JSON; the client passes a function of `requests`."""
        key = self.config.api_key or ""
        _check_settings(self.config.url, key)
        method, headers, data = http_method.__name__.upper(), dict(self.headers), None
        if not key:
            del headers["Authorization"]
        if body is not None:
            headers["Content-Type"] = content_type or "application/json"
            data = json.dumps(body, cls=serializer).encode()
        response = self._send(method, path, headers, data)
        try:
            answer = json.loads(response.data) if response.data else None
        except ValueError:
            answer = None
        if response.status >= 300:
            _raise_refusal(response.status, answer if isinstance(answer, dict) else {})
        if answer is None and response.status != 204:
            raise SearchUnavailableError(
                "Meilisearch sent a response that is not JSON.", hint=_OTHER_SERVER_HINT
            )
        return answer

    def _send(
        self, method: str, path: str, headers: dict[str, str], data: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        def send() -> urllib3.BaseHTTPResponse:
            return self._pool.request(
                method,
                f"{self.config.url}/{path}",
                body=data,
                headers=headers,
                timeout=urllib3.Timeout(total=self.config.timeout),
                retries=False,
                redirect=False,
            )

        try:
            try:
                return send()
            except urllib3.exceptions.ProtocolError:
                # The server may close a kept connection in the moment in which it is used again.
                if method != "GET" and not path.endswith(_REPEATABLE_PATHS):
                    raise
                return send()
        # ValueError: the URL cannot be parsed.
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise SearchUnavailableError(
                f"Meilisearch{_describe_server(self.config.url)} does not respond:"
                f" {_describe(error)}.",
                hint=_URL_HINT,
            ) from error


class PooledClient(Client):
    """The official client on a pool of kept connections. Thread-safe."""

    def __init__(self, url: str, key: str, *, pool: urllib3.PoolManager, seconds: int) -> None:
        super().__init__(url, key or None, timeout=seconds)
        self.http = self.task_handler.http = PooledHttp(self.config, pool)

    def index(self, uid: str) -> Index:
        """The index, on the same connections."""
        index = super().index(uid)
        index.http = index.task_handler.http = self.http
        return index

    def create_index_with_ids(self, uid: str) -> TaskInfo:
        """Create an index whose documents are identified by `id`."""
        # `Client.create_index` opens a connection of its own.
        return TaskInfo(**self.http.post("indexes", {"uid": uid, "primaryKey": "id"}))


def check_version(client: Client) -> None:
    """Raise `EngineTooOldError` if the server is older than `MIN_VERSION`."""
    version = str(client.get_version()["pkgVersion"])
    if tuple(int(number) for number in version.split(".")[:2]) < MIN_VERSION:
        oldest = ".".join(map(str, MIN_VERSION))
        raise EngineTooOldError(
            f"The server is Meilisearch {version}, but {oldest} or later is required.",
            hint=f"Install a newer Meilisearch. {TESTED_VERSION} was tested with this registry.",
        )


def _check_settings(url: str, key: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise SearchUnavailableError(
            "The URL of Meilisearch must start with http:// or https://.", hint=_URL_HINT
        )
    # The error of an invalid header would quote the key.
    if not (key.isascii() and key.isprintable()):
        raise SearchUnavailableError(
            "The Meilisearch key has characters outside of printable ASCII.", hint=_KEY_HINT
        )


def _raise_refusal(status: int, answer: dict[str, Any]) -> NoReturn:
    code, message = str(answer.get("code", "")), str(answer.get("message", f"HTTP {status}"))
    if code == "index_not_found":
        raise IndexMissingError("The Meilisearch index does not exist yet.")
    if not code:
        # Every error of Meilisearch has a code; this one is of a proxy or of another server.
        raise SearchUnavailableError(
            f"The server at PLUGPORT_MEILI_URL responded {message}.", hint=_OTHER_SERVER_HINT
        )
    if code in _KEY_CODES:
        raise SearchUnavailableError(f"Meilisearch refused the key: {message}", hint=_KEY_HINT)
    hint = _SPACE_HINT if code in _SPACE_CODES else None
    raise SearchUnavailableError(f"Meilisearch refused the request: {message}", hint=hint)


def _describe_server(url: str) -> str:
    """The host and port, without user and password, which the URL may contain."""
    with contextlib.suppress(ValueError):
        if server := urlsplit(url).netloc.rpartition("@")[2]:
            return f" at {server}"
    return ""


def _describe(error: Exception) -> str:
    """The cause in a few words; the messages of urllib3 contain addresses of objects."""
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "its name cannot be resolved"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "no connection"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "no response in time"
    if isinstance(error, urllib3.exceptions.ProtocolError | OSError):
        return "the connection was closed"
    return str(error)
