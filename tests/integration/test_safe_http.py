"""The SSRF-safe HTTP client, against a server that misbehaves."""

from __future__ import annotations

import gzip
import ipaddress
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.system_checks import check_ca_bundle
from common.http.safe import Fetcher, FetchFailedError, FetchRefusedError, PrivateHosts
from common.http.safe.addresses import IPAddress
from common.http.safe.network import CheckedBackend, CheckedTransport, Deadline
from tests.support.certificates import write_certificate
from tests.support.examples import try_examples
from tests.support.odd_server import (
    OddServer,
    build_response,
    drip,
    open_server,
    redirect_to,
    stream,
)

LIMITS = {"max_bytes": 10_000, "seconds": 10.0}


@pytest.fixture
def server() -> Iterator[OddServer]:
    """A server on this machine."""
    with open_server() as server:
        yield server


@pytest.fixture
def fetcher() -> Fetcher:
    """A fetcher that may connect to this machine, which no setting allows."""
    return Fetcher(allow_loopback=True)


class Names:
    """A resolver that returns one of the lists of addresses after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [[ipaddress.ip_address(text) for text in addresses] for addresses in answers]
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, seconds: float) -> Sequence[IPAddress]:
        self.asked.append(host)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def test_fetches_body_and_media_type(server: OddServer, fetcher: Fetcher):
    """Body and media type, whatever the transfer encoding."""
    server.answers["/a.png"] = build_response(b"12345", media_type="image/PNG; charset=x")
    fetched = fetcher.fetch(f"{server.url}/a.png#part", **LIMITS)
    assert (fetched.media_type, fetched.body) == ("image/png", b"12345")
    server.answers["/chunks"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    )
    assert fetcher.fetch(f"{server.url}/chunks", **LIMITS).body == b"abc"


def test_requests_are_anonymous(
    server: OddServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
):
    """No cookie, referrer, credential or proxy; a cookie from a response is not sent back."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers["/a"] = redirect_to("/b").replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n")
    server.answers["/b"] = build_response(b"ok")
    assert fetcher.fetch(f"{server.url}/a", **LIMITS, accept="image/*").body == b"ok"
    names = {line.partition(":")[0].lower() for line in server.requests[1].splitlines()[1:] if line}
    assert names == {"host", "accept", "accept-encoding", "user-agent", "connection"}


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a.test/x", "file:///etc/passwd", "gopher://a.test", "data:image/png,x", "a.png"),
        *("//a.test/x", "http://", "http://a.test:22/", "https://a.test:80/", "http://[::1"),
        *("http://user:secret@a.test/", "http://user@a.test/", f"http://a.test/{'x' * 2000}"),
        *("http://a.test/\n", "javascript:alert(1)", "unix:///run/x.sock", ""),
    ],
)
def test_urls_that_are_not_allowed(url: str):
    """Only http and https, on default ports, without credentials; no name is even resolved."""
    names = Names(["1.1.1.1"])
    with pytest.raises(FetchRefusedError):
        Fetcher(resolver=names).fetch(url, **LIMITS)
    assert names.asked == []


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "017700000001", "0"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::]", "[64:ff9b::7f00:1]"),
    ],
)
def test_this_machine_is_refused(host: str):
    """In every spelling: the resulting address decides."""
    with pytest.raises((FetchRefusedError, FetchFailedError)):
        Fetcher().fetch(f"http://{host}/", **LIMITS)


_URLS = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["http://", "https://", "http:", "//", "HTTP://a@"]),
        st.text(max_size=40),
        st.text("/?#@:[]%\\.\t\r\n0", max_size=8),
    ),
)


@try_examples(300)
@given(_URLS)
def test_no_address_gets_through(url: str):
    """Every URL is refused: at once, or because of the address of its host."""
    with pytest.raises(FetchRefusedError):
        Fetcher(resolver=Names(["10.0.0.1"])).fetch(url, **LIMITS)


def test_every_address_of_a_name_counts(server: OddServer):
    """A name with one public and one private address is refused as a whole."""
    for addresses in (["1.1.1.1", "10.0.0.1"], ["10.0.0.1", "1.1.1.1"], ["169.254.169.254"]):
        with pytest.raises(FetchRefusedError):
            Fetcher(resolver=Names(addresses)).fetch("http://mixed.test/", **LIMITS)


def test_dns_rebinding(server: OddServer):
    """Each connection goes to the address that was checked: there is no second lookup."""
    server.answers["/"] = build_response(b"first")
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    fetcher = Fetcher(resolver=names, allow_loopback=True)
    url = f"http://rebound.test:{server.port}/"
    assert fetcher.fetch(url, **LIMITS).body == b"first"
    assert names.asked == ["rebound.test"]
    assert f"host: rebound.test:{server.port}" in server.requests[0].lower()
    with pytest.raises(FetchRefusedError):
        fetcher.fetch(url, **LIMITS)
    assert len(server.requests) == 1


def test_redirects_are_checked_again(server: OddServer):
    """A redirect to a private address, another scheme or port is refused like a first URL."""
    names = Names(["127.0.0.1"], ["192.168.0.1"])
    server.answers["/in"] = redirect_to("http://inside.test/metadata")
    with pytest.raises(FetchRefusedError):
        Fetcher(resolver=names, allow_loopback=True).fetch(
            f"http://outside.test:{server.port}/in", **LIMITS
        )
    assert names.asked == ["outside.test", "inside.test"]
    for target in ("file:///etc/passwd", "http://10.0.0.1/", "http://u:p@a.test/", "ftp://a.test"):
        server.answers["/in"] = redirect_to(target)
        with pytest.raises(FetchRefusedError):
            Fetcher(allow_loopback=True).fetch(f"{server.url}/in", **LIMITS)


def test_redirects_end(server: OddServer, fetcher: Fetcher):
    """Three are followed, not four; a redirect without a location is an error."""
    for step in range(5):
        server.answers[f"/{step}"] = redirect_to(f"/{step + 1}", "307 Temporary Redirect")
    server.answers["/5"] = build_response(b"end")
    assert fetcher.fetch(f"{server.url}/2", **LIMITS).body == b"end"
    for path in ("/1", "/nowhere"):
        server.answers["/nowhere"] = build_response(b"", status="302 Found")
        with pytest.raises(FetchFailedError):
            fetcher.fetch(f"{server.url}{path}", **LIMITS)


_OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-A: ", _OK + b"\r\n", b""])
def test_slow_drip(server: OddServer, fetcher: Fetcher, start: bytes):
    """The time limit covers the whole response: a slow drip of bytes does not extend it."""
    server.answers["/slow"] = drip(start)
    with pytest.raises(FetchFailedError):
        fetcher.fetch(f"{server.url}/slow", max_bytes=10_000, seconds=0.3)


def test_large_bodies(server: OddServer, fetcher: Fetcher):
    """Declared or not, no more than the limit is read; exactly the limit is accepted."""
    server.answers["/fits"] = build_response(b"x" * 10_000)
    assert len(fetcher.fetch(f"{server.url}/fits", **LIMITS).body) == 10_000
    server.answers["/announced"] = _OK + b"Content-Length: 999999999999\r\n\r\n"
    server.answers["/endless"] = stream(_OK + b"\r\n", b"x" * 4096)
    for path in ("/announced", "/endless"):
        with pytest.raises(FetchFailedError, match="10000"):
            fetcher.fetch(server.url + path, **LIMITS)


def test_compressed_bodies(server: OddServer, fetcher: Fetcher):
    """Compressed responses are refused, because they could expand without limit."""
    server.answers["/bomb"] = build_response(gzip.compress(bytes(1 << 20)), Content_Encoding="gzip")
    with pytest.raises(FetchFailedError, match="compressed"):
        fetcher.fetch(f"{server.url}/bomb", **LIMITS)
    assert "accept-encoding: identity" in server.requests[0].lower()


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 50_000 + b"\r\n",
        build_response(b"", status="204 No Content"),
        build_response(b"partial", status="206 Partial Content"),
        build_response(b"gone", status="500 Oops"),
    ],
)
def test_unusable_responses(server: OddServer, fetcher: Fetcher, response: bytes):
    """Other protocols, broken and failed responses raise the same error."""
    server.answers["/"] = response
    with pytest.raises(FetchFailedError):
        fetcher.fetch(f"{server.url}/", **LIMITS)


def test_unreachable_servers(fetcher: Fetcher):
    """A closed port, and a name that does not exist."""
    with open_server() as server:
        url = server.url
    with pytest.raises(FetchFailedError):
        fetcher.fetch(url, **LIMITS)
    with pytest.raises(FetchFailedError):
        Fetcher(resolver=lambda *_: _raise()).fetch("http://none.test/", **LIMITS)


def _raise() -> Sequence[IPAddress]:
    raise FetchFailedError("The name has no address.")


class _Wire(httpcore.MockStream):
    """Records the host name that TLS verifies."""

    def __init__(self) -> None:
        super().__init__([build_response(b"ok")])
        self.tls: list[tuple[ssl.SSLContext, str | None]] = []

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        self.tls.append((ssl_context, server_hostname))
        return self


class _Dialer(httpcore.MockBackend):
    """Records the dialed addresses."""

    def __init__(self, wire: _Wire) -> None:
        self.wire = wire
        self.dialed: list[tuple[str, int]] = []

    def connect_tcp(self, host: str, port: int, *_args: object, **_kwargs: object) -> _Wire:
        self.dialed.append((host, port))
        return self.wire


def test_tls_is_for_the_name():
    """The checked address is dialed, and the certificate is verified for the name."""
    wire = _Wire()
    dialer = _Dialer(wire)
    backend = CheckedBackend(Names(["1.1.1.1"]), Deadline(10), allow_loopback=False, dialer=dialer)
    with httpx.Client(transport=CheckedTransport(backend), trust_env=False) as client:
        assert client.get("https://pictures.test/a.png").content == b"ok"
    assert dialer.dialed == [("1.1.1.1", 443)]
    ((context, name),) = wire.tls
    assert name == "pictures.test"
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_private_hosts_may_have_a_certificate_of_the_company(tmp_path: Path, settings: Any):
    """Its authority vouches for allowed private hosts, and for no public one."""
    settings.CA_BUNDLE = write_certificate(tmp_path, "Corp CA")[0]
    subjects = []
    for address in ("10.20.0.7", "1.1.1.1"):
        wire = _Wire()
        backend = CheckedBackend(
            Names([address]),
            Deadline(10),
            allow_loopback=False,
            private_hosts=PrivateHosts.parse(["idp.test"]),
            dialer=_Dialer(wire),
        )
        with httpx.Client(transport=CheckedTransport(backend), trust_env=False) as client:
            assert client.get("https://idp.test/").status_code == 200
        ((context, _),) = wire.tls
        assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
        subjects.append({str(each["subject"]) for each in context.get_ca_certs()})
    private, public = subjects
    assert len(private - public) == 1
    assert "Corp CA" in (private - public).pop()
    assert public < private


def test_a_file_without_certificates_is_named(tmp_path: Path, settings: Any):
    path = tmp_path / "empty.pem"
    path.write_text("no certificate")
    settings.CA_BUNDLE = str(path)
    (found,) = check_ca_bundle()
    assert (found.id, str(path) in found.msg) == ("accounts.E001", True)


def test_sends_a_request_with_credentials(server: OddServer, fetcher: Fetcher):
    """Method, headers and body arrive; the reply has the status, whatever it is."""
    server.answers["/token"] = build_response(
        b'{"error": 1}', media_type="application/json", status="400 Bad Request"
    )
    reply = fetcher.send(
        "POST",
        f"{server.url}/token",
        headers={"Authorization": "Basic abc", "Accept-Encoding": "gzip"},
        body=b"code=1",
        **LIMITS,
    )
    assert (reply.status, reply.media_type, reply.body) == (
        400,
        "application/json",
        b'{"error": 1}',
    )
    request = server.requests[0]
    assert request.startswith("POST /token ")
    assert "authorization: basic abc" in request.lower()
    assert "accept-encoding: identity" in request.lower()


def test_credentials_do_not_follow_redirects(server: OddServer, fetcher: Fetcher):
    """A redirect is the reply."""
    server.answers["/token"] = redirect_to(f"{server.url}/other")
    assert fetcher.send("POST", f"{server.url}/token", **LIMITS).status == 302
    assert len(server.requests) == 1


def test_sends_to_public_addresses_only(server: OddServer):
    """The rules of fetching hold."""
    fetcher = Fetcher()
    for url in (server.url, "http://127.0.0.1/", "file:///etc/passwd", "http://a:b@example.org/"):
        with pytest.raises(FetchRefusedError):
            fetcher.send("POST", url, **LIMITS)
    assert server.requests == []
