"""Whose address counts behind proxies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.data import ROOT

_ASK = """
import django; django.setup()
from allauth.account.adapter import get_adapter
from django.test import RequestFactory
from registry.api.address import get_address
request = RequestFactory().get(
    "/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 9.9.9.9"}
)
print(get_address(request), get_adapter().get_client_ip(request))
"""


@pytest.mark.parametrize(
    ("proxies", "address"), [("0", "10.0.0.1"), ("1", "9.9.9.9"), ("2", "6.6.6.6")]
)
def test_api_and_sign_in_count_the_same_address(tmp_path: Path, proxies: str, address: str):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PLUGPORT_ENV": "test",
        "PLUGPORT_DATA_DIR": str(tmp_path),
        "PLUGPORT_TRUSTED_PROXIES": proxies,
    }
    done = subprocess.run(
        [sys.executable, "-c", _ASK], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == [address, address]
