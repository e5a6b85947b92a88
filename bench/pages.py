"""Lighthouse scores and transfer sizes of the pages. Run: `python -m bench.pages`.

The version of Lighthouse is pinned in `bench/web/package-lock.json`; it is installed next to it at
the first run, and uses its default settings: a slow phone on a slow network. The pages are
those of a registry with the demo catalog.
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
from bench.running import create_registry

WEB = Path(__file__).with_name("web")
PAGES = {
    "home": "/",
    "search": "/search?q=slack",
    "plugin": "/plugins/@ar/slack-bridge",
    "categories": "/categories",
    "guide to publishing": "/publish",
}
# Categories with a target; the others are printed for comparison.
PAGES_WITH_TARGETS = ("home", "search", "plugin")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
MIN_SCORE = 97
MAX_KILOBYTES = 150
_AUDIT_SECONDS = 180


def find_lighthouse() -> Path | None:
    """Return the program, installed if necessary; otherwise print the reason and return None."""
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


def run_lighthouse(program: Path, url: str) -> dict[str, Any]:
    """Return Lighthouse's report for one page."""
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
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def iter_failed_audits(result: dict[str, Any]) -> Iterator[str]:
    """Yield one line for each failed audit."""
    for name in CATEGORIES:
        for reference in result["categories"][name]["auditRefs"]:
            audited = result["audits"][reference["id"]]
            if reference["weight"] and audited["score"] is not None and audited["score"] < 0.9:
                shown = audited.get("displayValue") or f"score {audited['score']}"
                yield f"{name}: {audited['title']} ({shown})"


def measure_page(program: Path, name: str, url: str) -> None:
    """Print the scores and the transfer size of a page."""
    result = run_lighthouse(program, url)
    minimum = MIN_SCORE if name in PAGES_WITH_TARGETS else None
    for category in CATEGORIES:
        score = result["categories"][category]["score"] * 100
        report(f"lighthouse {category}: {name}", score, "of 100", minimum=minimum)
    kilobytes = result["audits"]["total-byte-weight"]["numericValue"] / 1000
    report(f"weight as sent: {name}", kilobytes, "kB", maximum=MAX_KILOBYTES if minimum else None)
    for problem in iter_failed_audits(result):
        print(f"# {name}: {problem}", flush=True)


def main() -> None:
    program = find_lighthouse()
    if program is None:
        return
    with create_registry("sqlite") as registry:
        registry.manage("load_demo")
        registry.start()
        names = sys.argv[1:] or list(PAGES)
        for name in names:
            measure_page(program, name, registry.url + PAGES[name])


if __name__ == "__main__":
    main()
