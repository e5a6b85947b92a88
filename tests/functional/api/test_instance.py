"""`/instance`, and the setting of download hosts."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from common.system_checks import SETTINGS_TAG
from tests.functional.api.calls import Api

pytestmark = pytest.mark.django_db


def test_lists_the_hosts_of_downloads(api: Api, settings: Any) -> None:
    settings.BASE_URL = "https://plugins.example.org"
    settings.DOWNLOAD_HOSTS = ["cdn.example.org", "s3.example.org:9000", "cdn.example.org"]
    assert api.get("/instance").json() == {
        "name": "plugport",
        "url": "https://plugins.example.org",
        "downloadHosts": ["plugins.example.org", "cdn.example.org", "s3.example.org:9000"],
    }


@pytest.mark.parametrize(
    "host",
    ["https://cdn.example.org", "cdn.example.org/x", "*", "*.example.org", "a b", "h:x", "@h"],
)
def test_an_invalid_host_is_a_system_check(settings: Any, host: str) -> None:
    settings.DOWNLOAD_HOSTS = ["cdn.example.org", host]
    with pytest.raises(SystemCheckError, match=r"registry\.E003"):
        call_command("check", tags=[SETTINGS_TAG])


@pytest.mark.parametrize("host", ["cdn.example.org", "h:9000", "::1", "[::1]:9000", "10.0.0.1"])
def test_valid_hosts_pass(settings: Any, host: str) -> None:
    settings.DOWNLOAD_HOSTS = [host]
    call_command("check", tags=[SETTINGS_TAG])
