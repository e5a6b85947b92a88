"""Package URLs and redirects: which hosts and addresses a client connects to."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest

from plugport.client import RegistryClient, RegistryUrl, Token
from plugport.client.addresses import AddressKind, IPAddress, get_address_kind
from plugport.client.connections import HEADER_SECONDS, HeaderDeadline
from plugport.client.destinations import Destinations
from plugport.client.errors import ForeignHostError
from plugport.client.urls import Origin
from tests.client.registry import LocalRegistry
from tests.client.support import Cli, build_name, write_plugin
from tests.support.odd_server import OddServer, build_response, open_server, redirect_to

METADATA = "http://169.254.169.254/latest/meta-data"


@pytest.fixture
def name(cli: Cli) -> str:
    """A published plugin."""
    cli.publish(name := build_name())
    return name


def list_downloads(registry: LocalRegistry) -> list[str]:
    return [request.path for request in registry.requests if "download" in request.path]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://evil.example.org/x.tgz", "evil.example.org:80"),
        ("https://evil.example.org:8443/x.tgz", "evil.example.org:8443"),
        ("http://127.0.0.1:1/x.tgz", "127.0.0.1:1"),
        ("http://127.0.0.1.evil.example.org/x.tgz", "127.0.0.1.evil.example.org:80"),
        (METADATA, "169.254.169.254:80"),
        ("http://[fe80::1]/x.tgz", "[fe80::1]:80"),
        ("//evil.example.org/x.tgz", "evil.example.org:80"),
    ],
)
def test_a_package_on_another_host_is_refused(
    cli: Cli, registry: LocalRegistry, name: str, url: str, found: str
) -> None:
    registry.faults.release_members = {"packageUrl": url}
    error = cli.error(4, "install", name)
    assert error["code"] == "foreign-host"
    assert f"is on `{found}`, which is neither the registry nor" in error["detail"]
    is_link_local = found.startswith(("169.254.", "[fe80:"))
    assert ("PLUGPORT_TRUSTED_HOSTS" in error["hint"]) is not is_link_local
    assert list_downloads(registry) == []
    assert not cli.folder_of(name).exists()


def get_package_path(cli: Cli, name: str) -> str:
    return f"/api/v1/plugins/{name}/1.0.0/download"


def test_a_package_on_a_listed_host_is_installed(
    cli: Cli, registry: LocalRegistry, name: str, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.DOWNLOAD_HOSTS = ["CDN.example.org", "s3.example.org:9000"]
    path = get_package_path(cli, name)
    for url in (f"http://cdn.example.org{path}", f"http://s3.example.org:9000{path}"):
        registry.faults.release_members = {"packageUrl": url}
        cli.ok("install", name)
        assert list_downloads(registry)[-1] == path
        cli.ok("remove", name)
    registry.faults.release_members = {"packageUrl": f"http://s3.example.org{path}"}
    assert cli.error(4, "install", name)["code"] == "foreign-host"


def test_a_registry_that_lists_no_hosts_has_only_its_own(
    cli: Cli, registry: LocalRegistry, name: str
) -> None:
    registry.faults.missing_endings = ("/instance",)
    registry.faults.release_members = {"packageUrl": "http://evil.example.org/x.tgz"}
    assert cli.error(4, "install", name)["code"] == "foreign-host"


@pytest.mark.parametrize("trusted", ["mirror.example.org", "a.example, mirror.example.org:80"])
def test_a_package_on_a_trusted_host_is_installed(
    cli: Cli, registry: LocalRegistry, name: str, settings: Any, trusted: str
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    url = f"http://mirror.example.org{get_package_path(cli, name)}"
    registry.faults.release_members = {"packageUrl": url}
    cli.error(4, "install", name)
    cli.env["PLUGPORT_TRUSTED_HOSTS"] = trusted
    cli.ok("install", name)


def test_an_invalid_trusted_host_is_named(cli: Cli) -> None:
    cli.env["PLUGPORT_TRUSTED_HOSTS"] = "good.example.org,https://bad.example.org"
    error = cli.error(3, "search", "x")
    assert error["code"] == "invalid-variable"
    assert "`PLUGPORT_TRUSTED_HOSTS=https://bad.example.org` has an entry" in error["detail"]


@pytest.mark.parametrize("trusted", ["", "169.254.0.0/16", "169.254.169.254", "fe80::/10"])
@pytest.mark.parametrize(
    "url", [METADATA, "http://[fe80::1]/x", "http://[::ffff:169.254.169.254]/x"]
)
def test_a_link_local_address_is_always_refused(
    cli: Cli, registry: LocalRegistry, name: str, settings: Any, url: str, trusted: str
) -> None:
    settings.DOWNLOAD_HOSTS = ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"]
    cli.env["PLUGPORT_TRUSTED_HOSTS"] = trusted
    registry.faults.release_members = {"packageUrl": url}
    error = cli.error(4, "install", name)
    assert error["code"] == "foreign-host"
    assert "link-local address" in error["detail"]


def test_a_hint_names_what_can_be_allowed(cli: Cli, registry: LocalRegistry, name: str) -> None:
    """Trusting a link-local address would change nothing. Ports follow IPv6 addresses in brackets."""
    registry.faults.release_members = {"packageUrl": METADATA}
    error = cli.error(4, "install", name)
    assert error["hint"] == "Addresses of this kind are never connected to."
    registry.faults.release_members = {"packageUrl": "http://[fd00::1]:81/x"}
    error = cli.error(4, "install", name)
    assert "is on `[fd00::1]:81`" in error["detail"]
    assert error["hint"] == "If you trust it, set PLUGPORT_TRUSTED_HOSTS=fd00::1."
    cli.env["PLUGPORT_TRUSTED_HOSTS"] = "fd00::1"
    assert cli.run("install", name).exit_code != 4


# ---- addresses, with real connections ----------------------------------------------------------


@pytest.fixture
def server() -> Iterator[OddServer]:
    """A server on this machine, which stands for the registry and all other hosts."""
    with open_server() as running:
        running.answers["/package"] = build_response(b"package")
        yield running


class Names:
    """A resolver with the addresses that a test sets; each call takes the next."""

    def __init__(self, **addresses: list[str]) -> None:
        self.addresses = addresses
        self.calls: list[str] = []

    def __call__(self, host: str, port: int) -> list[IPAddress]:
        self.calls.append(host)
        values = self.addresses[host.partition(".")[0]]
        value = values.pop(0) if len(values) > 1 else values[0]
        return [ipaddress.ip_address(text) for text in value.split()]


def list_hosts(server: OddServer, *hosts: str) -> None:
    body = json.dumps({"downloadHosts": list(hosts)}).encode()
    server.answers["/api/v1/instance"] = build_response(body, media_type="application/json")


def fetch(server: OddServer, names: Names, url: str) -> bytes:
    registry = RegistryUrl.parse(f"http://registry.test:{server.port}")
    with (
        RegistryClient(registry, resolver=names) as client,
        client.open_package(url.replace("PORT", str(server.port)), {}) as response,
    ):
        return b"".join(response.iter_raw())


def test_a_name_is_resolved_once_for_each_connection(server: OddServer) -> None:
    """A second lookup could return another address (DNS rebinding)."""
    list_hosts(server, "cdn.test")
    names = Names(registry=["127.0.0.1"], cdn=["127.0.0.1", "169.254.169.254"])
    assert fetch(server, names, "http://cdn.test:PORT/package") == b"package"
    assert names.calls.count("cdn.test") == 1


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fd00:ec2::254", "link-local"),
        ("10.0.0.1", "private"),
        ("fd12::1", "private"),
        ("64:ff9b::a00:1", "private"),
        ("224.0.0.1", "reserved"),
        ("127.0.0.1 10.0.0.1", "private"),
    ],
)
def test_a_listed_host_with_a_forbidden_address_is_refused(
    server: OddServer, address: str, kind: str
) -> None:
    list_hosts(server, "cdn.test")
    names = Names(registry=["127.0.0.1"], cdn=[address])
    with pytest.raises(ForeignHostError, match=f"`cdn.test` has the {kind} address"):
        fetch(server, names, "http://cdn.test:PORT/package")
    assert not [line for line in server.requests if "/package" in line]


@pytest.mark.parametrize("trusted", ["cdn.test", "127.0.0.0/8"])
def test_the_user_can_allow_addresses_of_this_machine(
    server: OddServer, monkeypatch: pytest.MonkeyPatch, trusted: str
) -> None:
    names = Names(registry=["192.0.2.1"], cdn=["127.0.0.1"])
    rules = Destinations(Origin.of("http://registry.test"), lambda: ["cdn.test"])
    assert rules.select_addresses("registry.test", 80, names("registry.test", 80))
    with pytest.raises(ForeignHostError):
        rules.select_addresses("cdn.test", 80, names("cdn.test", 80))
    monkeypatch.setenv("PLUGPORT_TRUSTED_HOSTS", trusted)
    rules = Destinations(Origin.of("http://registry.test"), lambda: ["cdn.test"])
    assert rules.select_addresses("cdn.test", 80, names("cdn.test", 80))


def test_a_registry_cannot_move_into_the_network_of_its_user(server: OddServer) -> None:
    rules = Destinations(Origin.of("http://registry.test"), list)
    names = Names(registry=["192.0.2.1 fe80::1", "127.0.0.1", "192.0.2.2"])
    select = rules.select_addresses
    # Of its own addresses, those of the local link are left out.
    assert [str(each) for each in select("registry.test", 80, names("registry.test", 80))] == [
        "192.0.2.1"
    ]
    with pytest.raises(ForeignHostError, match=r"loopback address `127\.0\.0\.1`"):
        select("registry.test", 80, names("registry.test", 80))
    assert select("registry.test", 80, names("registry.test", 80))


def test_a_registry_with_only_a_link_local_address_is_refused(server: OddServer) -> None:
    names = Names(registry=["169.254.169.254"])
    with pytest.raises(ForeignHostError, match="link-local"):
        fetch(server, names, "http://registry.test:PORT/package")


@pytest.mark.parametrize(
    ("location", "is_allowed"),
    [
        ("http://cdn.test:PORT/package", True),
        ("/package", True),
        ("http://evil.test:PORT/package", False),
        ("http://127.0.0.1:PORT/package", False),
        ("http://localhost:PORT/package", False),
        ("http://2130706433:PORT/package", False),
        (METADATA, False),
    ],
)
def test_redirects_of_downloads_follow_the_same_rules(
    server: OddServer, location: str, is_allowed: bool
) -> None:
    list_hosts(server, "cdn.test")
    server.answers["/moved"] = redirect_to(location.replace("PORT", str(server.port)))
    names = Names(registry=["127.0.0.1"], cdn=["127.0.0.1"], evil=["127.0.0.1"])
    if is_allowed:
        assert fetch(server, names, "http://registry.test:PORT/moved") == b"package"
        return
    with pytest.raises(ForeignHostError):
        fetch(server, names, "http://registry.test:PORT/moved")
    assert not [line for line in server.requests if "/package" in line]


def test_a_registry_may_redirect_to_https_on_its_own_host() -> None:
    rules = Destinations(Origin.of("http://registry.test:8000"), list)
    rules.check_url("https://registry.test/api/v1/plugins")
    for url in ("http://registry.test/", "https://registry.test:22/", "https://www.registry.test/"):
        with pytest.raises(ForeignHostError):
            rules.check_url(url)


@pytest.mark.parametrize(
    ("location", "is_allowed"),
    [
        ("http://other.test:PORT/package", True),
        ("http://private.test:PORT/package", False),
        ("http://10.0.0.1/package", False),
        (METADATA, False),
    ],
)
def test_a_url_that_the_user_entered_may_redirect_to_hosts_of_its_kind(
    server: OddServer, location: str, is_allowed: bool
) -> None:
    server.answers["/moved"] = redirect_to(location.replace("PORT", str(server.port)))
    names = Names(
        registry=["192.0.2.1"], entered=["127.0.0.1"], other=["127.0.0.1"], private=["10.0.0.1"]
    )
    registry = RegistryUrl.parse("http://registry.test")
    url = f"http://entered.test:{server.port}/moved"
    with RegistryClient(registry, resolver=names) as client:
        if is_allowed:
            with client.open_url(url, {}) as response:
                assert b"".join(response.iter_raw()) == b"package"
            return
        with pytest.raises(ForeignHostError), client.open_url(url, {}):
            pass


def test_installs_from_a_url_that_the_user_entered(
    cli: Cli, server: OddServer, tmp_path: Path
) -> None:
    source = write_plugin(tmp_path / "source", "local-one")
    cli.ok("pack", str(source), "-o", "package.tgz")
    server.answers["/local.tgz"] = build_response(Path("package.tgz").read_bytes())
    code, _, stderr = cli.run_program("install", f"{server.url}/local.tgz", "--yes")
    assert code == 0, stderr
    code, _, stderr = cli.run_program("install", METADATA + "/x.tgz", "--yes", "--json")
    assert code == 4
    assert json.loads(stderr)["error"]["code"] == "foreign-host"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("93.184.215.14", AddressKind.PUBLIC),
        ("2606:2800:21f:cb07::1", AddressKind.PUBLIC),
        ("64:ff9b::5db8:d70e", AddressKind.PUBLIC),
        ("::ffff:10.0.0.1", AddressKind.PRIVATE),
        ("2002:a9fe:a9fe::1", AddressKind.LINK_LOCAL),
        ("::7f00:1", AddressKind.LOOPBACK),
        ("100.64.0.1", AddressKind.PRIVATE),
        ("100.100.100.200", AddressKind.LINK_LOCAL),
        ("172.31.255.255", AddressKind.PRIVATE),
        ("172.32.0.0", AddressKind.PUBLIC),
        ("0.0.0.0", AddressKind.LOOPBACK),
        ("::", AddressKind.LOOPBACK),
        ("255.255.255.255", AddressKind.RESERVED),
        ("ff02::1", AddressKind.RESERVED),
    ],
)
def test_kinds_of_addresses(address: str, kind: AddressKind) -> None:
    assert get_address_kind(ipaddress.ip_address(address)) is kind


def test_the_headers_of_a_response_have_one_deadline() -> None:
    now = [0.0]
    clock: Callable[[], float] = lambda: now[0]  # noqa: E731 -- a clock that the test sets
    deadline = HeaderDeadline(clock)
    deadline.is_waiting = True
    assert deadline.limit(60) == 60
    now[0] = HEADER_SECONDS - 1
    assert deadline.limit(60) == 1
    now[0] = HEADER_SECONDS + 1
    with pytest.raises(httpcore.ReadTimeout):
        deadline.limit(60)
    deadline.restart()
    assert deadline.limit(60) == 60
    deadline.is_waiting = False
    now[0] = 10 * HEADER_SECONDS
    assert deadline.limit(60) == 60


def test_a_registry_with_an_international_name(server: OddServer) -> None:
    """The name is converted to ASCII before it is resolved."""
    server.answers["/api/v1/me"] = build_response(b'{"username": "ada"}')
    names = Names(**{"xn--bcher-kva": ["127.0.0.1"]})
    registry = RegistryUrl.parse(f"http://BÜCHER.test:{server.port}")
    token = Token.parse("some-token-0123456789")
    with RegistryClient(registry, token=token, resolver=names) as client:
        assert client.get_account().data["username"] == "ada"
        with client.open_package(f"http://bücher.test:{server.port}/package", {}) as response:
            assert b"".join(response.iter_raw()) == b"package"
    assert all("Bearer some-token" in line for line in server.requests)


@pytest.mark.parametrize(
    "target", ["http://evil.test:PORT/hosts", "http://registry.test:PORT/hosts"]
)
def test_the_list_of_hosts_cannot_come_from_another_host(server: OddServer, target: str) -> None:
    server.answers["/api/v1/instance"] = redirect_to(target.replace("PORT", str(server.port)))
    server.answers["/hosts"] = build_response(b'{"downloadHosts": ["evil.test"]}')
    names = Names(registry=["127.0.0.1"], evil=["127.0.0.1"])
    url = "http://evil.test:PORT/package"
    if "registry" in target:
        assert fetch(server, names, url) == b"package"
        return
    with pytest.raises(ForeignHostError):
        fetch(server, names, url)
    assert not [line for line in server.requests if "/hosts" in line]
