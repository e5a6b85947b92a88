"""Measure the checks on a small plugin, a plugin with much text, and texts that are slow to search.

    python bench/checks.py

Prints `name | value | unit`. Times are the best of several runs in one process, after imports.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.report import report  # noqa: E402  # after the path is set
from demo.releases import assemble_release, load_catalog  # noqa: E402  # after the path is set
from plugport.checks.base import Subject  # noqa: E402
from plugport.checks.registry import CHECKS, run_check, run_checks  # noqa: E402
from plugport.checks.secret_patterns import build_builtin_detectors, load_detect_secrets_detectors  # noqa: E402
from plugport.checks.secret_scan import scan_text  # noqa: E402
from plugport.checks.subject import load_subject  # noqa: E402
from plugport.spec.archive.model import MIB  # noqa: E402
from plugport.spec.archive.packer import pack_tree  # noqa: E402

RUNS = 7
# Runs of characters that make a search with backtracking quadratic (ReDoS, CWE-1333).
SLOW_TEXTS = {
    "token-headers": "eyJ" * (MIB // 3),
    "slashes": "/" * MIB,
    "key-headers": "-----BEGIN RSA PRIVATE KEY-----\n" + "A: A\n" * (MIB // 5),
    "cloud-words": "awskey'" * (MIB // 7),
    "prefixes": "glpat-" * (MIB // 6),
}


def measure_best(work: Callable[[], object], runs: int = RUNS) -> float:
    """Return the shortest of several runs, in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def build_subject(folder: Path, scratch: Path) -> Subject:
    archive = scratch / "package.tar.gz"
    with archive.open("wb") as out:
        pack_tree(folder, out)
    return load_subject(archive, scratch / "subject")


def write_large_plugin(folder: Path) -> None:
    """Add 4 MiB of source text to a plugin."""
    rng = random.Random(7)
    words = ["const", "plugin", "await", "context", "http://example.org/", "message", "0x1f", "=>"]
    for number in range(200):
        lines = (" ".join(rng.choices(words, k=9)) for _ in range(400))
        (folder / f"source{number}.mjs").write_text("\n".join(lines))


def main() -> None:
    """Measure and print all figures."""
    release = next(each for each in load_catalog().releases if each.name == "@ar/slack-bridge")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        folder = assemble_release(release, root / "plugin")
        small = build_subject(folder, root)
        report("small plugin", small.package.unpacked_bytes, "bytes")
        report(
            "small: first run, loading ids and detectors",
            measure_best(lambda: run_checks(small), 1),
            "ms",
        )
        report("small: all checks", measure_best(lambda: run_checks(small)), "ms")
        for check in CHECKS:
            report(f"small: {check.name}", measure_best(partial(run_check, check, small)), "ms")
        write_large_plugin(folder)
        (root / "large").mkdir()
        large = build_subject(folder, root / "large")
        report("large plugin", large.package.unpacked_bytes / MIB, "MiB")
        report("large: all checks", measure_best(lambda: run_checks(large), 2), "ms")
    detectors = build_builtin_detectors() + load_detect_secrets_detectors()
    for name, text in SLOW_TEXTS.items():
        report(f"hostile MiB: {name}", measure_best(partial(scan_text, text, detectors), 1), "ms")


if __name__ == "__main__":
    main()
