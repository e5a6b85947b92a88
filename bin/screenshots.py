r"""Take the pictures of the documentation from a running registry: `docs/images/*.png`.

    PLUGPORT_URL=http://127.0.0.1:8000 PLUGPORT_USERNAME=author PLUGPORT_PASSWORD=… \
        python bin/screenshots.py

Without a user name and password only the public pages are taken. Needs Chromium
(`bin/install-system`) and a catalogue worth showing, such as the demo's.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
# Pictures are fetched by everybody who looks at the README.
MAX_BYTES = 200_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its file's name, the page, and how wide and in which colours it is seen."""

    name: str
    path: str
    width: int = 1280
    height: int = 800
    scheme: str = "light"
    is_private: bool = False


PICTURES = (
    Picture("home", "/", height=1000),
    Picture("home-dark", "/", height=1000, scheme="dark"),
    Picture("search", "/search?q=bridge&sort=downloads"),
    Picture("plugin", "/plugins/@ar/slack-bridge"),
    Picture("plugin-dark", "/plugins/@ar/slack-bridge", scheme="dark"),
    Picture("plugin-narrow", "/plugins/@ar/slack-bridge", 390, 844),
    Picture("permissions", "/plugins/@ar/slack-bridge#permissions"),
    Picture("checks", "/plugins/@ar/slack-bridge#checks"),
    Picture("api", "/docs/api"),
    Picture("account", "/account", is_private=True),
    Picture("tokens", "/account/tokens", is_private=True),
)


def open_tab(browser: Browser, base_url: str, picture: Picture) -> Page:
    """A tab of that size and colour scheme, signed in if the page asks for it."""
    tab = browser.new_context(
        base_url=base_url,
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.scheme == "dark" else "light",
        reduced_motion="reduce",
    ).new_page()
    if picture.is_private:
        tab.goto("/login")
        tab.fill("#id_login", os.environ["PLUGPORT_USERNAME"])
        tab.fill("#id_password", os.environ["PLUGPORT_PASSWORD"])
        tab.click("main button")
        tab.wait_for_url("**/account")
    return tab


def take(browser: Browser, base_url: str, picture: Picture) -> list[str]:
    """Save the picture; returns what is wrong with it."""
    tab = open_tab(browser, base_url, picture)
    answer = tab.goto(picture.path)
    tab.wait_for_load_state("networkidle")
    target = IMAGES / f"{picture.name}.png"
    tab.screenshot(path=target)
    tab.context.close()
    size = target.stat().st_size
    print(f"{target.name} | {size} | bytes")
    faults = [] if answer and answer.ok else [f"{picture.path} did not answer well"]
    return faults + ([f"{target.name} has {size} bytes"] if size > MAX_BYTES else [])


def main() -> int:
    """Take every picture; the exit code says whether all are fit to publish."""
    base_url = os.environ.get("PLUGPORT_URL", "http://127.0.0.1:8000")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is not installed: run bin/install-system", file=sys.stderr)
        return 1
    has_login = bool(os.environ.get("PLUGPORT_USERNAME") and os.environ.get("PLUGPORT_PASSWORD"))
    IMAGES.mkdir(parents=True, exist_ok=True)
    faults = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for picture in PICTURES:
            if has_login or not picture.is_private:
                faults += take(browser, base_url, picture)
        browser.close()
    print("\n".join(faults), file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
