"""What a browser makes of the pages: Lighthouse's four scores and the weight. Run: `python -m bench.pages`.

Lighthouse is the version that `bench/web/package-lock.json` pins; it is installed beside it at
the first run, and audits as it does by default: a slow phone on a slow network. The pages are
those of a registry with the demo catalogue.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.report import report, skip
from bench.running import make_registry

WEB = Path(__file__).with_name("web")
PAGES = {
    "home": "/",
    "search": "/search?q=slack",
    "plugin": "/plugins/@ar/slack-bridge",
    "categories": "/categories",
    "guide to publishing": "/publish",
}
# Those that the promise names; the others are shown for comparison.
PROMISED = ("home", "search", "plugin")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST_SCORE = 97
MOST_KILOBYTES = 150
_AUDIT_SECONDS = 180


def find_lighthouse() -> Path | None:
    """The program, installed if need be; None with the reason printed."""
    missing = [name for name in ("node", "npm", "chromium") if shutil.which(name) is None]
    if missing:
        skip("lighthouse", f"not on this machine: {', '.join(missing)}")
        return None
    program = WEB / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        done = subprocess.run(
            ["npm", "ci"], cwd=WEB, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode:
            raise SystemExit(f"npm ci failed:\n{done.stderr}")
    return program


def audit(program: Path, url: str) -> dict[str, Any]:
    """Lighthouse's report on one page."""
    done = subprocess.run(
        [
            str(program),
            url,
            "--quiet",
            "--output=json",
            "--output-path=stdout",
            f"--only-categories={','.join(CATEGORIES)}",
            (
                "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
                " --disable-background-networking --disable-component-update --disable-sync"
            ),
        ],
        env=os.environ | {"CHROME_PATH": shutil.which("chromium") or ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=_AUDIT_SECONDS,
    )
    if done.returncode:
        raise SystemExit(f"lighthouse failed at {url}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def list_faults(found: dict[str, Any]) -> Iterator[str]:
    """The audits that cost points, each in a line."""
    for name in CATEGORIES:
        for reference in found["categories"][name]["auditRefs"]:
            audited = found["audits"][reference["id"]]
            if reference["weight"] and audited["score"] is not None and audited["score"] < 0.9:
                shown = audited.get("displayValue") or f"score {audited['score']}"
                yield f"{name}: {audited['title']} ({shown})"


def measure_page(program: Path, name: str, url: str) -> None:
    """Print the scores of a page and what it weighs."""
    found = audit(program, url)
    least = LEAST_SCORE if name in PROMISED else None
    for category in CATEGORIES:
        score = found["categories"][category]["score"] * 100
        report(f"lighthouse {category}: {name}", score, "of 100", least=least)
    kilobytes = found["audits"]["total-byte-weight"]["numericValue"] / 1000
    report(f"weight as sent: {name}", kilobytes, "kB", most=MOST_KILOBYTES if least else None)
    for fault in list_faults(found):
        print(f"# {name}: {fault}", flush=True)


def main() -> None:
    program = find_lighthouse()
    if program is None:
        return
    with make_registry("sqlite") as registry:
        registry.manage("load_demo")
        registry.start()
        names = sys.argv[1:] or list(PAGES)
        for name in names:
            measure_page(program, name, registry.url + PAGES[name])


if __name__ == "__main__":
    main()
