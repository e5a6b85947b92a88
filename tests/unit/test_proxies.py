"""Client addresses behind proxies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.test import RequestFactory

from common.http.client_address import get_client_network
from tests.support.fresh_settings import load_settings


@pytest.mark.parametrize(
    ("proxies", "address"),
    [("0", "10.0.0.1"), ("1", "9.9.9.9"), ("2", "6.6.6.6"), ("3", "10.0.0.1")],
)
def test_api_and_sign_in_use_the_same_address(
    proxies: str, address: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PLUGPORT_TRUSTED_PROXIES", proxies)
    loaded = load_settings()
    settings.TRUSTED_PROXIES = loaded["TRUSTED_PROXIES"]
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 9.9.9.9"}
    )
    assert get_client_network(request) == address
    assert get_adapter().get_client_ip(request) == address


@pytest.mark.parametrize(
    ("sent", "client"),
    [
        ("192.0.2.1:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[2001:db8:1:2::3]:4711", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:0:0:192.0.2.1", "2001:db8:1:2::/64"),
        ('"[2001:db8:1:2::3]:4711"', "2001:db8:1:2::/64"),
        ("[::ffff:192.0.2.1]:4711", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("[fe80::1%25br-lan.7]:4711", "fe80::/64"),
        ("192.0.2.1:4711:4712", "unknown"),
        ("192.0.2.01", "unknown"),
        ("[192.0.2.1]x", "unknown"),
        ("_hidden", "unknown"),
        ("", "10.0.0.1"),
        ("no address", "unknown"),
    ],
)
def test_a_client_has_one_name_whatever_its_port_and_the_end_of_its_address(
    sent: str, client: str, settings: Any
):
    settings.TRUSTED_PROXIES = 1
    headers = {"X-Forwarded-For": f"6.6.6.6, {sent}"}
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers=headers)
    assert get_client_network(request) == client
    assert get_adapter().get_client_ip(request) == client


@pytest.mark.parametrize(
    "sent", ["for=192.0.2.9", 'for="[2001:db8::9]:4711";proto=https', "for=_x"]
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_forwarded_is_ignored(sent: str, proxies: int, settings: Any):
    """A proxy that does not know the header of RFC 7239 passes on what a client sent."""
    settings.TRUSTED_PROXIES = proxies
    headers = {"Forwarded": sent, "X-Forwarded-For": "192.0.2.1"}
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers=headers)
    assert get_client_network(request) == ("192.0.2.1" if proxies else "10.0.0.1")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        (0, "192.0.2.1", "192.0.2.1"),
        (0, "6.6.6.6, 192.0.2.1", "192.0.2.1"),
        (1, "6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        # Past the proxy: the address that connected to the gateway is known all the same.
        (1, "192.0.2.1", "192.0.2.1"),
        (2, "6.6.6.6, 192.0.2.1", "192.0.2.1"),
        (1, "", "unknown"),
    ],
)
def test_the_gateway_appends_the_address_that_connected_to_it(
    proxies: int, forwarded: str, client: str, settings: Any
):
    settings.TRUSTED_PROXIES, settings.BEHIND_GATEWAY = proxies, True
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    # As on a Unix socket.
    request = RequestFactory().get("/", REMOTE_ADDR="", headers=headers)
    assert get_client_network(request) == client
