"""Client addresses behind proxies."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.test import RequestFactory

from common.client_address import get_client_network
from tests.support.data import ROOT


@pytest.mark.parametrize(
    ("proxies", "address"),
    [("0", "10.0.0.1"), ("1", "9.9.9.9"), ("2", "6.6.6.6"), ("3", "10.0.0.1")],
)
def test_api_and_sign_in_use_the_same_address(
    proxies: str, address: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PLUGPORT_TRUSTED_PROXIES", proxies)
    loaded = runpy.run_path(str(ROOT / "config" / "settings.py"))
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
        ("fe80::1%eth0", "fe80::/64"),
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
