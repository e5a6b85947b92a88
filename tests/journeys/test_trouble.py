"""Error pages and outage pages are as accessible as other pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from plugport.spec.errors import UnavailableError
from tests.journeys.axe import expect_usable
from tests.journeys.conftest import MEMBER, sign_in
from tests.support.publishing import build_package
from tests.support.server import LiveRegistry, find_free_port

# In two parts, so that secret scanners do not report this file.
_KEY = "AKIA" + "QYLPMN5HHHFPZAM2"


@pytest.fixture(scope="module")
def registry_without_search(demo_registry: LiveRegistry) -> Iterator[LiveRegistry]:
    """The demo's database with a search engine that does not respond."""
    registry = LiveRegistry(
        demo_registry.data_dir, PLUGPORT_MEILI_URL=f"http://127.0.0.1:{find_free_port()}"
    )
    try:
        registry.start(has_worker=False)
        yield registry
    finally:
        registry.stop()


def test_search_without_its_engine(chromium, registry_without_search):
    tab = chromium.new_page(base_url=registry_without_search.url, color_scheme="light")
    tab.goto("/search?q=slack")
    assert "/plugins/@ar/slack-bridge" in tab.content()
    assert tab.locator(".notice").count() == 1
    expect_usable(tab)
    tab.close()


@pytest.fixture(scope="module")
def publication(demo_registry: LiveRegistry) -> str:
    """The URL of an upload that was rejected because it contains a key."""
    token = demo_registry.create_api_tokens(MEMBER)[MEMBER]
    package = build_package(f"@{MEMBER}/leaky", files={"config.js": f'const key = "{_KEY}";'})
    with demo_registry.client(token) as client:
        response = client.post(
            "/api/v1/plugins", params={"wait": 50}, files={"package": ("x.tgz", package)}
        )
    assert response.json()["state"] in ("rejected", "held"), response.text
    return str(response.json()["statusUrl"]).replace("/api/v1/", "/")


def test_upload_with_findings(open_tab, publication):
    tab = open_tab(color_scheme="light")
    sign_in(tab)
    tab.goto(publication)
    assert "config.js" in tab.inner_text("main")
    expect_usable(tab)


@pytest.mark.parametrize("template", ["429.html", "500.html", "503.html"])
def test_page_without_static_files(chromium, tmp_path: Path, template):
    """Opened without a server: these pages must work during outages."""
    error = UnavailableError("The registry is closed until noon.", hint="Come back then.")
    path = tmp_path / template
    path.write_text(render_to_string(template, {"error": error}))
    tab = chromium.new_page(color_scheme="light")
    requested_urls: list[str] = []
    tab.on("request", lambda request: requested_urls.append(request.url))
    tab.goto(path.as_uri())
    assert [url for url in requested_urls if not url.startswith(("file:", "data:"))] == []
    expect_usable(tab)
    tab.close()
