"""Error pages and outage pages are as accessible as other pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from plugport.spec.errors import UnavailableError
from tests.journeys.axe import expect_usable
from tests.journeys.conftest import MEMBER, sign_in
from tests.support.people import PASSWORD
from tests.support.publishing import build_package
from tests.support.server import LiveRegistry, find_free_port, wait_until

# In parts, so that secret scanners do not report this file.
_DATABASE = "postgres://chat:" + "kX9vQ2mL7pRw4tZs" + "@prod-db.internal/chat"
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
def publications(demo_registry: LiveRegistry) -> list[str]:
    """The URLs of an upload that was rejected for a key, and of one that is held for a password."""
    token = demo_registry.create_api_tokens(MEMBER)[MEMBER]
    urls = []
    with demo_registry.client(token) as client:
        for version, state, code in (
            ("1.0.0", "published", "export default 1;"),
            ("1.1.0", "rejected", f'const key = "{_KEY}";'),
            ("1.2.0", "held", f'connect("{_DATABASE}");'),
        ):
            files = {"src/config.js": code}
            package = build_package(f"@{MEMBER}/leaky", version, files=files)
            response = client.post(
                "/api/v1/plugins", params={"wait": 50}, files={"package": ("x.tgz", package)}
            )
            assert response.json()["state"] == state, response.text
            urls.append(str(response.json()["publicationUrl"]))
    return urls[1:]


def test_upload_with_findings(open_tab, publications):
    """Every page of the held release, and of the rejected one those that differ."""
    tab = open_tab(color_scheme="light", reduced_motion="reduce")
    sign_in(tab)
    rejected, held = publications
    ends = ("", "/readme", "/files", "/files/src/config.js", "/compare?file=src/config.js")
    for url in (*(held + end for end in (*ends, "/manifest")), rejected, f"{rejected}/files"):
        tab.goto(url)
        expect_usable(tab)
        tab.set_viewport_size({"width": 1280, "height": 800})
    tab.goto(held)
    tab.get_by_role("link", name="src/config.js:1").click()
    tab.wait_for_url("**/files/src/config.js?start=1#L1")
    assert "prod-db" in tab.inner_text("#L1")
    tab.get_by_role("link", name="Compare").click()
    assert "src/config.js" in tab.inner_text("main")
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Download the package").click()
    assert download.value.suggested_filename == f"{MEMBER}-leaky-1.2.0.tgz"


def test_the_link_in_the_mail_leads_through_signing_in(open_tab, demo_registry, publications):
    """The worker sends the mail; a registry without a mail server writes it to the data folder."""
    held = publications[1]
    folder = Path(demo_registry.data_dir, "mail")
    wait_until(
        lambda: any(f"\n{held}\n" in path.read_text() for path in folder.glob("*")), seconds=60
    )
    tab = open_tab(color_scheme="light")
    tab.goto(held)
    tab.fill("#id_login", MEMBER)
    tab.fill("#id_password", PASSWORD)
    tab.click("main button")
    tab.wait_for_url(held)
    assert "Held." in tab.inner_text("main")


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
