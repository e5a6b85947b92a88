"""Proxies and certificates of the environment, in a process of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from plugport.environment.proxies import ProxySettings
from plugport.environment.variables import hide_credentials
from tests.client.support import Cli
from tests.support.certificates import write_certificate
from tests.support.forward_proxy import ForwardProxy, open_forward_proxy, open_tls_endpoint
from tests.support.server import find_free_port

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("served")]
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
SEARCH = ("search", "nothing-has-this-name", "--json")


@pytest.fixture(autouse=True)
def _clear_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def target(cli: Cli, served: None) -> tuple[str, int]:
    """Host and port of the registry."""
    parts = urlsplit(str(cli.env["PLUGPORT_REGISTRY"]))
    return str(parts.hostname), int(parts.port or 80)


@pytest.fixture
def proxy(target: tuple[str, int]) -> Iterator[ForwardProxy]:
    """A proxy that connects every request to the registry."""
    with open_forward_proxy(target) as running:
        yield running


def find_dead_address() -> str:
    """An address that refuses connections."""
    return f"127.0.0.1:{find_free_port()}"


def search(cli: Cli, **variables: str) -> None:
    """A search that must succeed without a warning."""
    cli.env.update(variables)
    code, stdout, stderr = cli.run_program(*SEARCH)
    assert (code, stderr) == (0, "")
    assert "warnings" not in json.loads(stdout)


def fail(cli: Cli, code: int, **variables: str) -> dict[str, str]:
    """The error of a search that must fail."""
    cli.env.update(variables)
    actual, stdout, stderr = cli.run_program(*SEARCH)
    assert (actual, stdout) == (code, ""), stderr
    error: dict[str, str] = json.loads(stderr)["error"]
    return error


@pytest.mark.parametrize("value", ["[::1]", "::1,[::1],127.0.0.1", "fd00::/8", "10.0.0.0/8", ""])
def test_no_proxy_without_a_proxy_has_no_effect(cli: Cli, value: str) -> None:
    search(cli, NO_PROXY=value)


@pytest.mark.parametrize("value", ["[::1],127.0.0.1", "127.0.0.0/8", "[127.0.0.1]", "*", "x *"])
def test_no_proxy_exempts_the_registry(cli: Cli, value: str) -> None:
    search(cli, ALL_PROXY=f"socks5://{find_dead_address()}", NO_PROXY=value)


def test_a_proxy_that_no_request_uses_is_not_checked(cli: Cli) -> None:
    search(cli, HTTPS_PROXY="gopher://nowhere", ALL_PROXY="not a proxy", NO_PROXY="127.0.0.1")


def test_invalid_entries_of_no_proxy_are_named(cli: Cli) -> None:
    cli.env.update(ALL_PROXY="http://127.0.0.1:9", NO_PROXY="127.0.0.1,10.0.0.0/99,[::1,a/b")
    code, stdout, _ = cli.run_program(*SEARCH)
    assert code == 0
    (warning,) = json.loads(stdout)["warnings"]
    assert warning.startswith("NO_PROXY has entries that are no host, address or network")
    assert warning.endswith("`10.0.0.0/99`, `[::1`, `a/b`")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["", "http://", " http://"])
def test_uses_an_http_proxy(cli: Cli, proxy: ForwardProxy, variable: str, scheme: str) -> None:
    search(cli, **{variable: f"{scheme}{proxy.address} "})
    assert [line.split("?")[0] for line in proxy.requests] == [
        f"GET {cli.env['PLUGPORT_REGISTRY']}/api/v1/plugins"
    ]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_uses_a_socks_proxy(cli: Cli, proxy: ForwardProxy, scheme: str) -> None:
    search(cli, ALL_PROXY=f"{scheme}://ada:p%40ss@{proxy.address}")
    assert proxy.requests == ["auth ada:p@ss", "socks"]


def test_uses_a_socks_proxy_without_a_password(cli: Cli, proxy: ForwardProxy) -> None:
    search(cli, ALL_PROXY=f"socks5://{proxy.address}")
    assert proxy.requests == ["socks"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("http://127.0.0.1 :3128", "white space"),
        ("socks4://127.0.0.1:1080", "scheme `socks4`"),
        ("ftp://127.0.0.1", "scheme `ftp`"),
        ("http://127.0.0.1:port", "not a URL"),
        ("http://127.0.0.1:0", "port"),
        ("http://", "host"),
        ("http://[::1", "not a URL"),
        ("http://häst:3128", "host"),
    ],
)
@pytest.mark.parametrize("variable", ["ALL_PROXY", "http_proxy"])
def test_an_invalid_proxy_is_named(cli: Cli, variable: str, value: str, problem: str) -> None:
    error = fail(cli, 3, **{variable: value})
    assert error["code"] == "invalid-variable"
    assert error["detail"].startswith(f"the environment variable `{variable}=")
    assert problem in error["detail"]
    assert "http, https, socks5, socks5h" in error["hint"]


@pytest.mark.parametrize(
    "value",
    [
        "ftp://ada:se/cr@et@host",
        "http://ada:secr et@host",
        "ada:secret@host:99999",
        "ada:se cret@h",
    ],
)
def test_passwords_of_proxies_are_not_printed(cli: Cli, value: str) -> None:
    cli.env["ALL_PROXY"] = value
    for args in (SEARCH, ("--verbose", *SEARCH)):
        code, stdout, stderr = cli.run_program(*args)
        assert code == 3
        assert "***@" in json.loads(stderr)["error"]["detail"]
        for secret in ("se/cr", "secr et", "secret", "se cret", "cret", "ada"):
            assert secret not in json.loads(stderr)["error"]["detail"] + stdout


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
def test_a_dead_proxy_is_named(cli: Cli, scheme: str) -> None:
    address = find_dead_address()
    error = fail(cli, 8, ALL_PROXY=f"{scheme}://ada:secret@{address}")
    assert error["code"] == "proxy-failed"
    assert f"the proxy `{scheme}://{address}`, set by ALL_PROXY, " in error["detail"]
    assert "Connection refused" in error["detail"]
    assert "NO_PROXY" in error["hint"]
    assert "secret" not in json.dumps(error)


@pytest.mark.parametrize(
    ("scheme", "response", "reason"),
    [
        ("http", b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", "407"),
        ("socks5", b"\x05\xff", "NO ACCEPTABLE METHODS"),
        ("socks5", b"HTTP/1.1 400 Bad Request\r\n\r\n", "not valid"),
        ("socks5", b"", "not valid"),
    ],
)
def test_a_proxy_that_refuses_is_named(
    cli: Cli, target: tuple[str, int], scheme: str, response: bytes, reason: str
) -> None:
    with open_forward_proxy(target, response) as running:
        error = fail(cli, 8, ALL_PROXY=f"{scheme}://{running.address}")
    assert error["code"] == "proxy-failed"
    assert reason in error["detail"]


@pytest.fixture
def authority(cli: Cli, tmp_path: Path, target: tuple[str, int]) -> Iterator[str]:
    """The file of the authority that signed the registry's certificate. The registry uses https."""
    certificate, key = write_certificate(tmp_path, "authority")
    with open_tls_endpoint(target, certificate, key) as endpoint:
        cli.env["PLUGPORT_REGISTRY"] = f"https://127.0.0.1:{endpoint.port}"
        yield certificate


def hash_folder(authority: str, folder: Path) -> str:
    """A folder with the authority under the name by which OpenSSL finds it."""
    import subprocess

    folder.mkdir()
    command = ["openssl", "x509", "-noout", "-subject_hash", "-in", authority]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    (folder / f"{name}.0").write_bytes(Path(authority).read_bytes())
    return str(folder)


def test_trusts_the_authorities_of_the_environment(
    cli: Cli, authority: str, tmp_path: Path
) -> None:
    error = fail(cli, 8)
    assert error["code"] == "registry-unreachable"
    assert "certificate" in error["detail"]
    assert "SSL_CERT_FILE" in error["hint"]
    search(cli, SSL_CERT_FILE=authority)
    folder = hash_folder(authority, tmp_path / "authorities")
    search(cli, SSL_CERT_FILE="", SSL_CERT_DIR=folder)
    # With both, certificates of either are trusted.
    (tmp_path / "other").mkdir()
    other, _ = write_certificate(tmp_path / "other", "other")
    search(cli, SSL_CERT_FILE=other, SSL_CERT_DIR=folder)


def test_https_goes_through_a_tunnel(cli: Cli, authority: str) -> None:
    parts = urlsplit(str(cli.env["PLUGPORT_REGISTRY"]))
    with open_forward_proxy(("127.0.0.1", int(parts.port or 0))) as running:
        search(cli, SSL_CERT_FILE=authority, HTTPS_PROXY=f"http://{running.address}")
        assert running.requests == [f"CONNECT {parts.netloc}"]
        # The tunnel works; it is the server that is not trusted.
        assert fail(cli, 8, SSL_CERT_FILE="")["code"] == "registry-unreachable"


@pytest.mark.parametrize(
    ("variable", "content", "problem"),
    [
        ("SSL_CERT_FILE", None, "No such file"),
        ("SSL_CERT_FILE", "folder", "Is a directory"),
        ("SSL_CERT_FILE", "no certificate", "no valid certificates"),
        ("SSL_CERT_DIR", None, "No such file"),
        ("SSL_CERT_DIR", "a file", "Not a directory"),
        ("SSL_CERT_DIR", "folder", "named by hash"),
    ],
)
def test_invalid_authorities_are_named(
    cli: Cli, authority: str, tmp_path: Path, variable: str, content: str | None, problem: str
) -> None:
    path = tmp_path / "given"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_text(content)
    error = fail(cli, 3, **{variable: str(path)})
    assert error["code"] == "invalid-variable"
    assert error["detail"].startswith(f"the environment variable `{variable}={path}`")
    assert problem in error["detail"]


def test_authorities_are_not_needed_for_http(cli: Cli) -> None:
    search(cli, SSL_CERT_FILE="/nonexistent", SSL_CERT_DIR="/nonexistent")


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_exempt"),
    [
        ("example.org", "http://example.org", True),
        ("example.org", "http://www.example.org.", True),
        ("example.org", "http://notexample.org", False),
        (".example.org", "http://www.example.org", True),
        (".example.org", "http://example.org", False),
        ("*.example.org", "http://www.example.org", True),
        ("EXAMPLE.org.", "http://Example.ORG", True),
        ("example.org:8000", "http://example.org:8000", True),
        ("example.org:8000", "http://example.org", False),
        ("https://example.org", "http://example.org", False),
        ("http://example.org/", "http://example.org", True),
        ("10.0.0.0/8", "http://10.1.2.3", True),
        ("10.1.2.3/8", "http://10.9.9.9", True),
        ("10.0.0.0/8", "http://11.0.0.1", False),
        ("fd00::/8", "http://[fd12::1]", True),
        ("[fd00::]/8", "http://[fd12::1]", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("[::1]:8000", "http://[::1]", False),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]", True),
        ("::1", "http://127.0.0.1", False),
        ("localhost", "http://localhost:8000", True),
        ("a, b\tlocalhost", "http://localhost", True),
    ],
)
def test_no_proxy_rules(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, is_exempt: bool
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    parts = urlsplit(url)
    settings = ProxySettings.load()
    proxy = settings.find_proxy(parts.scheme, str(parts.hostname), parts.port or 80)
    assert (proxy is None) is is_exempt
    assert settings.ignored == ()


def test_an_empty_lower_case_variable_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:3128")
    monkeypatch.setenv("http_proxy", "")
    assert ProxySettings.load().find_proxy("http", "example.org", 80) is None


def test_a_web_server_cannot_be_given_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """CGI passes the header `Proxy` of a client as HTTP_PROXY (CVE-2016-5385)."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:3128")
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    assert ProxySettings.load().find_proxy("http", "example.org", 80) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://a:b@host", "http://***@host"),
        ("a:b@c@host", "***@host"),
        ("http://host", "http://host"),
        ("socks5:/a:b@host", "socks5:/***@host"),
    ],
)
def test_credentials_are_hidden(text: str, shown: str) -> None:
    assert hide_credentials(text) == shown
