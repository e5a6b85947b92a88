r"""Take screenshots of every page in four variants, from a temporary registry with the demo catalog.

    python bin/screenshots.py                # every page: var/screenshots/<page>-<look>.png
    python bin/screenshots.py --docs         # also those of the documentation: docs/images/
    python bin/screenshots.py /plugins       # only pages whose path starts with this

The variants are light and dark, 1280 and 320 px wide. Needs Chromium (`bin/install-system`).
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402 -- after the path

from bench.running import Registry, create_registry  # noqa: E402
from tests.journeys import pages  # noqa: E402

ALL = ROOT / "var" / "screenshots"
IMAGES = ROOT / "docs" / "images"
LOOKS = {
    "light": (1280, "light"),
    "dark": (1280, "dark"),
    "narrow-light": (320, "light"),
    "narrow-dark": (320, "dark"),
}
# Every reader of the README downloads the images of the documentation.
MAX_BYTES = 200_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
_PASSWORD = re.compile(r"^author\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Picture:
    """One screenshot: its file, the page, the width of the window and the color scheme."""

    target: Path
    path: str
    width: int = 1280
    scheme: str = "light"
    # None: the whole page, however long.
    height: int | None = None


# An organization of the demo's author; prints the paths of pages that have an id.
_CREATE_PAGES = """
import json
from tests.support.organization_pages import create_pages
print(json.dumps(create_pages("author")))
"""

DOCS = (
    Picture(IMAGES / "home.png", "/", height=1000),
    Picture(IMAGES / "home-dark.png", "/", scheme="dark", height=1000),
    Picture(IMAGES / "search.png", "/search?q=bridge", height=800),
    Picture(IMAGES / "plugin.png", pages.PLUGIN, height=800),
    Picture(IMAGES / "plugin-dark.png", pages.PLUGIN, scheme="dark", height=800),
    Picture(IMAGES / "plugin-narrow.png", pages.PLUGIN, width=390, height=844),
    Picture(IMAGES / "compare.png", f"{pages.PLUGIN}/compare", height=800),
    Picture(IMAGES / "security.png", f"{pages.PLUGIN}/security", height=800),
    Picture(IMAGES / "api.png", "/docs/api", height=800),
    Picture(IMAGES / "account.png", "/account", height=800),
    Picture(IMAGES / "tokens.png", "/account/tokens", height=800),
)


def list_pictures(prefix: str, created: Iterable[str]) -> list[Picture]:
    """Return every page in every variant, also those that were created."""
    known = (pages.PUBLIC, pages.PRIVATE, pages.ORGANIZATION)
    paths = chain(chain.from_iterable(path for each in known for path in each.values()), created)
    return [
        Picture(ALL / f"{name_file(path)}-{look}.png", path, width, scheme)
        for path in paths
        if path.startswith(prefix)
        for look, (width, scheme) in LOOKS.items()
    ]


def name_file(path: str) -> str:
    """Return a file name for the path of a page."""
    return re.sub(r"[^a-z0-9.]+", "-", path.lower()).strip("-") or "home"


def sign_in(browser: Browser, registry: Registry) -> dict[str, object]:
    """Return the browser state of a session of the demo's author."""
    context = browser.new_context(base_url=registry.url)
    tab = context.new_page()
    password = _PASSWORD.search((registry.folder / "demo-sign-ins.txt").read_text(encoding="utf-8"))
    tab.goto("/login")
    tab.fill("#id_login", "author")
    tab.fill("#id_password", password[1] if password else "")
    tab.click("main button")
    tab.wait_for_url("**/account")
    state: dict[str, object] = dict(context.storage_state())
    context.close()
    return state


def save_screenshot(browser: Browser, url: str, state: dict[str, object], picture: Picture) -> None:
    """Open the picture's page and write it as a PNG. `state` signs in for all but public pages."""
    is_public = picture.path in chain.from_iterable(pages.PUBLIC.values())
    context = browser.new_context(
        base_url=url,
        viewport={"width": picture.width, "height": picture.height or 800},
        color_scheme="dark" if picture.scheme == "dark" else "light",
        reduced_motion="reduce",
        storage_state=None if is_public else state,  # type: ignore[arg-type]  # as it was given out
    )
    tab = context.new_page()
    tab.goto(picture.path)
    tab.wait_for_load_state("networkidle")
    picture.target.parent.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=picture.target, full_page=picture.height is None)
    context.close()
    print(f"{picture.target.relative_to(ROOT)} | {picture.target.stat().st_size} | bytes")


def main() -> int:
    """Take every screenshot; exit with 1 if an image of the documentation is too large."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("prefix", nargs="?", default="/")
    parser.add_argument("--docs", action="store_true")
    options = parser.parse_args()
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        print("Chromium is not installed: run bin/install-system", file=sys.stderr)
        return 1
    with create_registry("sqlite") as registry, sync_playwright() as playwright:
        registry.manage("load_demo")
        created = json.loads(registry.manage("shell", "--no-imports", "--command", _CREATE_PAGES))
        pictures = [
            *list_pictures(options.prefix, created.values()),
            *(DOCS if options.docs else ()),
        ]
        registry.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        state: dict[str, object] = {}
        until = 0.0
        for picture in pictures:
            if time.monotonic() > until:
                # Some pages are shown for five minutes after a sign-in.
                state, until = sign_in(browser, registry), time.monotonic() + 200
            save_screenshot(browser, registry.url, state, picture)
        browser.close()
    heavy = [p.target.name for p in DOCS if options.docs and p.target.stat().st_size > MAX_BYTES]
    print("\n".join(f"{name} is over {MAX_BYTES} bytes" for name in heavy), file=sys.stderr)
    return bool(heavy)


if __name__ == "__main__":
    sys.exit(main())
