"""How long the checks take: a small plugin, a plugin full of text, and texts made to be slow.

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
from demo.releases import assemble_release, read_catalogue  # noqa: E402  # after the path is set
from plugport.checks.base import Subject  # noqa: E402
from plugport.checks.registry import CHECKS, run_check, run_checks  # noqa: E402
from plugport.checks.secret_patterns import foreign_detectors, own_detectors  # noqa: E402
from plugport.checks.secret_scan import scan_text  # noqa: E402
from plugport.checks.subject import make_subject  # noqa: E402
from plugport.spec.archive.model import MIB  # noqa: E402
from plugport.spec.archive.packer import pack_tree  # noqa: E402

RUNS = 7
# Runs of characters that make a careless search quadratic.
SLOW_TEXTS = {
    "token-headers": "eyJ" * (MIB // 3),
    "slashes": "/" * MIB,
    "key-headers": "-----BEGIN RSA PRIVATE KEY-----\n" + "A: A\n" * (MIB // 5),
    "cloud-words": "awskey'" * (MIB // 7),
    "prefixes": "glpat-" * (MIB // 6),
}


def time_best(work: Callable[[], object], runs: int = RUNS) -> float:
    """The shortest of several runs, in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def pack_folder(folder: Path, scratch: Path) -> Subject:
    archive = scratch / "package.tar.gz"
    with archive.open("wb") as out:
        pack_tree(folder, out)
    return make_subject(archive, scratch / "subject")


def write_large_plugin(folder: Path) -> None:
    """Add 4 MiB of source text to a plugin."""
    rng = random.Random(7)
    words = ["const", "plugin", "await", "context", "http://example.org/", "message", "0x1f", "=>"]
    for number in range(200):
        lines = (" ".join(rng.choices(words, k=9)) for _ in range(400))
        (folder / f"source{number}.mjs").write_text("\n".join(lines))


def main() -> None:
    """Measure and print."""
    release = next(each for each in read_catalogue().releases if each.name == "@ar/slack-bridge")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        folder = assemble_release(release, root / "plugin")
        small = pack_folder(folder, root)
        report("small plugin", small.package.unpacked_bytes, "bytes")
        report(
            "small: first run, loading ids and detectors",
            time_best(lambda: run_checks(small), 1),
            "ms",
        )
        report("small: all checks", time_best(lambda: run_checks(small)), "ms")
        for check in CHECKS:
            report(f"small: {check.name}", time_best(partial(run_check, check, small)), "ms")
        write_large_plugin(folder)
        (root / "large").mkdir()
        large = pack_folder(folder, root / "large")
        report("large plugin", large.package.unpacked_bytes / MIB, "MiB")
        report("large: all checks", time_best(lambda: run_checks(large), 2), "ms")
    detectors = own_detectors() + foreign_detectors()
    for name, text in SLOW_TEXTS.items():
        report(f"hostile MiB: {name}", time_best(partial(scan_text, text, detectors), 1), "ms")


if __name__ == "__main__":
    main()
