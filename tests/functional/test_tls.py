"""In production, HTTP is redirected to HTTPS, and a proxy that the settings do not name causes no loop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from common.gateway_protocol import RECORDS_PATH
from tests.support.fresh_settings import load_settings

HTTPS = {"X-Forwarded-Proto": "https"}
_NAMES = (
    "TRUSTED_PROXIES",
    "SECURE_SSL_REDIRECT",
    "SECURE_REDIRECT_EXEMPT",
    "SECURE_PROXY_SSL_HEADER",
)


@pytest.fixture
def configure(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Apply the settings of production that matter here, for a number of proxies."""

    def apply(proxies: int, **variables: str) -> Client:
        variables |= {
            "PLUGPORT_ENV": "production",
            "PLUGPORT_DATA_DIR": str(tmp_path),
            "PLUGPORT_SECRET_KEY": "k" * 64,
            "PLUGPORT_TRUSTED_PROXIES": str(proxies),
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        loaded = load_settings()
        for name in _NAMES:
            setattr(settings, name, loaded[name])
        return Client()

    return apply


@pytest.mark.parametrize(
    "headers",
    [
        HTTPS,
        {"X-Forwarded-Proto": "https, http"},
        {"Forwarded": "for=192.0.2.1;proto=https"},
        {"Forwarded": 'for=_x, for=192.0.2.1; Proto="https"'},
    ],
)
def test_without_trusted_proxies_the_response_names_the_setting(
    configure: Any, headers: dict[str, str]
) -> None:
    client = configure(0)
    for path in ("/", "/login?next=/account", "/static/app.css"):
        response = client.get(path, headers=headers)
        assert (response.status_code, "Location" in response.headers) == (400, False)
        assert response.headers["Cache-Control"] == "no-store"
        page = response.content.decode()
        assert "PLUGPORT_TRUSTED_PROXIES" in page
        # Static files are no more available than pages.
        assert "/static/" not in page
    problem = json.loads(client.get("/api/v1/plugins", headers=headers).content)
    assert (problem["status"], problem["code"]) == (400, "untrusted-proxy")
    assert "PLUGPORT_TRUSTED_PROXIES" in problem["hint"]


def test_the_header_of_a_client_makes_no_request_secure(configure: Any) -> None:
    """Neither a page nor a cookie, and no HSTS."""
    response = configure(0).get("/login", headers=HTTPS)
    assert response.status_code == 400
    assert not response.cookies
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("proxies", [0, 1])
@pytest.mark.parametrize(
    "headers", [{}, {"X-Forwarded-Proto": "http"}, {"Forwarded": "proto=http"}]
)
def test_http_is_redirected(configure: Any, proxies: int, headers: dict[str, str]) -> None:
    response = configure(proxies).get("/search?q=https", headers=headers)
    assert response.status_code == 301
    assert response.headers["Location"] == "https://testserver/search?q=https"


def test_a_trusted_proxy_is_believed(configure: Any) -> None:
    response = configure(1).get("/robots.txt", headers=HTTPS)
    assert response.status_code == 200


def test_probes_and_a_registry_without_redirects_are_served(configure: Any) -> None:
    assert configure(0).get("/healthz", headers=HTTPS).status_code == 200
    client = configure(0, PLUGPORT_TLS_REDIRECT="0")
    assert client.get("/robots.txt", headers=HTTPS).status_code == 200


@pytest.mark.parametrize("proxies", [0, 1])
def test_the_gateway_reaches_django_over_http(configure: Any, settings: Any, proxies: int) -> None:
    """Over a Unix socket, without a header that claims HTTPS."""
    client = configure(proxies)
    settings.BEHIND_GATEWAY = True
    sent = client.post(RECORDS_PATH, {"records": []}, content_type="application/json")
    assert sent.status_code == 204
