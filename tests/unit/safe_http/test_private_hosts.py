"""Private hosts that the operator allows for one purpose."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest

from common.http.safe import Fetcher, FetchFailedError, FetchRefusedError, PrivateHosts
from common.http.safe.addresses import IPAddress

LIMITS = {"max_bytes": 1000, "seconds": 5.0}


def fetch(allowed: Sequence[str], url: str, *addresses: str) -> str:
    """Fetch with a resolver that returns these addresses; return why it failed."""

    def resolve(_host: str, _port: int, _seconds: float) -> Sequence[IPAddress]:
        if not addresses:
            raise FetchFailedError("resolved")
        return [ipaddress.ip_address(text) for text in addresses]

    fetcher = Fetcher(resolver=resolve, private_hosts=PrivateHosts.parse(allowed))
    with pytest.raises((FetchRefusedError, FetchFailedError)) as caught:
        fetcher.fetch(url, **LIMITS)
    return caught.value.code


@pytest.mark.parametrize(
    ("allowed", "host", "address", "is_allowed"),
    [
        ("ci.corp.example", "ci.corp.example", "10.1.2.3", True),
        ("CI.corp.example", "ci.CORP.example", "10.1.2.3", True),
        ("ci.corp.example:8443", "ci.corp.example", "fd12::1", True),
        ("ci.corp.example", "other.corp.example", "10.1.2.3", False),
        ("10.1.0.0/16", "any.example", "10.1.2.3", True),
        ("10.1.0.0/16", "any.example", "10.2.2.3", False),
        ("0.0.0.0/0", "any.example", "192.168.1.1", True),
        # Metadata services, and what is no address of a private network.
        ("0.0.0.0/0", "any.example", "169.254.169.254", False),
        ("169.254.169.254", "169.254.169.254", "169.254.169.254", False),
        ("100.64.0.0/10", "any.example", "100.100.100.200", False),
        ("::/0", "any.example", "fd00:ec2::254", False),
        ("any.example", "any.example", "168.63.129.16", False),
        ("any.example", "any.example", "0.0.0.0", False),
        ("::/0", "any.example", "::ffff:10.0.0.1", False),
        # This machine only by its own name.
        ("0.0.0.0/0", "any.example", "127.0.0.1", False),
        ("any.example", "any.example", "127.0.0.1", False),
        ("127.0.0.1", "any.example", "127.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1", True),
        ("localhost", "localhost", "::1", True),
        ("[::1]:8443", "::1", "::1", True),
    ],
)
def test_private_addresses_need_permission(
    allowed: str, host: str, address: str, is_allowed: bool
) -> None:
    hosts = PrivateHosts.parse([allowed])
    assert hosts.allows_address(host, ipaddress.ip_address(address)) is is_allowed


def test_a_named_host_with_one_address_of_another_kind_is_refused() -> None:
    url = "https://ci.corp.example/"
    assert fetch(["ci.corp.example"], url, "10.0.0.1", "127.0.0.1") == "fetch-refused"


def test_ports_must_be_named() -> None:
    assert fetch(["a.example:8443"], "https://a.example:8443/") == "fetch-failed"
    assert fetch(["a.example:8443"], "https://a.example:8444/") == "fetch-refused"
    assert fetch(["a.example"], "https://a.example:8443/") == "fetch-refused"


@pytest.mark.parametrize(
    "text", ["", "a b", "https://a.example", "a:99999", "10.0.0.1/8", "-a", "a/b"]
)
def test_other_values_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PrivateHosts.parse([text])
