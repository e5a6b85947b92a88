"""What is shown when something is wrong: as usable as the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string

from plugport.spec.errors import UnavailableError
from tests.journeys.axe import SCHEMES, find_violations
from tests.journeys.conftest import MEMBER, sign_in
from tests.support.publishing import make_package
from tests.support.server import LiveRegistry, find_free_port

# In two parts, for whoever looks for keys in this repository.
_KEY = "AKIA" + "QYLPMN5HHHFPZAM2"


def expect_usable(tab: Any) -> None:
    """Axe finds nothing, and 320 px are enough."""
    assert find_violations(tab) == []
    tab.set_viewport_size({"width": 320, "height": 640})
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    assert find_violations(tab) == []


@pytest.fixture(scope="module")
def lame_registry(demo_registry: LiveRegistry) -> Iterator[LiveRegistry]:
    """The demo's database behind a search engine that does not answer."""
    registry = LiveRegistry(
        demo_registry.data_dir, PLUGPORT_MEILI_URL=f"http://127.0.0.1:{find_free_port()}"
    )
    try:
        registry.start(has_worker=False)
        yield registry
    finally:
        registry.stop()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_search_without_its_engine(chromium, lame_registry, scheme):
    tab = chromium.new_page(base_url=lame_registry.url, color_scheme=scheme)
    tab.goto("/search?q=slack")
    assert "/plugins/@ar/slack-bridge" in tab.content()
    assert tab.locator(".notice").count() == 1
    expect_usable(tab)
    tab.close()


@pytest.fixture(scope="module")
def publication(demo_registry: LiveRegistry) -> str:
    """The address of an upload that was turned down for a key in it."""
    token = demo_registry.make_tokens(MEMBER)[MEMBER]
    package = make_package(f"@{MEMBER}/leaky", files={"config.js": f'const key = "{_KEY}";'})
    with demo_registry.client(token) as client:
        answer = client.post(
            "/api/v1/plugins", params={"wait": 50}, files={"package": ("x.tgz", package)}
        )
    assert answer.json()["state"] in ("rejected", "held"), answer.text
    return str(answer.json()["statusUrl"]).replace("/api/v1/", "/")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_upload_with_findings(open_tab, publication, scheme):
    tab = open_tab(color_scheme=scheme)
    sign_in(tab)
    tab.goto(publication)
    assert "config.js" in tab.inner_text("main")
    expect_usable(tab)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("template", ["429.html", "500.html", "503.html"])
def test_page_that_stands_alone(chromium, tmp_path: Path, scheme, template):
    """Without a server: these are shown when hardly anything works."""
    error = UnavailableError("The registry is closed until noon.", hint="Come back then.")
    path = tmp_path / template
    path.write_text(render_to_string(template, {"error": error}))
    tab = chromium.new_page(color_scheme=scheme)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    expect_usable(tab)
    tab.close()
