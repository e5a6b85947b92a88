"""Which addresses are public."""

from __future__ import annotations

import ipaddress

import pytest

from common.http.safe.addresses import is_public


@pytest.mark.parametrize(
    "text",
    [
        *("1.1.1.1", "8.8.8.8", "140.82.121.3", "172.15.255.255", "172.32.0.1", "100.63.255.255"),
        *("100.128.0.1", "192.169.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::200e"),
    ],
)
def test_public(text: str):
    """Addresses that are routed on the Internet."""
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
        *("127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
        *("192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.1"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    ],
)
def test_not_public(text: str):
    """Private, local, shared, documented, multicast and reserved IPv4 addresses, as such and
    inside IPv6 addresses: mapped, compatible, translated (NAT64), 6to4.
    """
    address = ipaddress.IPv4Address(text)
    assert not is_public(address)
    packed = address.packed
    for prefix in ("::ffff:0:0", "::", "64:ff9b::", "64:ff9b:1::"):
        base = int(ipaddress.IPv6Address(prefix))
        assert not is_public(ipaddress.IPv6Address(base | int(address)))
    assert not is_public(ipaddress.IPv6Address(b"\x20\x02" + packed + bytes(10)))


@pytest.mark.parametrize(
    "text",
    [
        *("::", "::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1"),
        *("2001:2::1", "2001:20::1", "2001:db8::1", "2002:808:808::1", "3fff::1", "5f00::1"),
        *("fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
        "2606:4700::1111%eth0",
    ],
)
def test_not_public_v6(text: str):
    """Local, private, multicast, tunnelled and documented IPv6 addresses; any with a zone."""
    assert not is_public(ipaddress.ip_address(text))
