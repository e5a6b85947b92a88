"""Client addresses behind proxies."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.test import RequestFactory

from registry.api.client_address import get_client_address
from tests.support.data import ROOT


@pytest.mark.parametrize(
    ("proxies", "address"), [("0", "10.0.0.1"), ("1", "9.9.9.9"), ("2", "6.6.6.6")]
)
def test_api_and_sign_in_use_the_same_address(
    proxies: str, address: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PLUGPORT_TRUSTED_PROXIES", proxies)
    loaded = runpy.run_path(str(ROOT / "config" / "settings.py"))
    for name in ("TRUSTED_PROXIES", "ALLAUTH_TRUSTED_PROXY_COUNT"):
        setattr(settings, name, loaded[name])
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 9.9.9.9"}
    )
    assert get_client_address(request) == address
    assert get_adapter().get_client_ip(request) == address
