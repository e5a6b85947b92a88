"""Wall time of the command line: start-up, and installing a plugin of 20 kB.

    python -m bench.cli

The plugin is published to a registry that is started for this, or to the one that
PLUGPORT_REGISTRY names, with PLUGPORT_TOKEN. Medians of 10 runs after one to warm up.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.report import report
from bench.running import make_registry

RUNS = 10
NAME = "bench-of-the-command-line"
DATA_BYTES = 20_000
MANIFEST = f"""\
schema: 1
name: {NAME}
version: 1.0.0
kind: hook
description: A plugin of 20 kB to measure installing with
license: MIT
hooks: [onMessage]
main: index.js
"""


def measure_seconds(*args: str) -> float:
    """How long one run of the program takes, from outside."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "plugport", *args], check=True, capture_output=True)
    return time.perf_counter() - began


def report_median(name: str, seconds: list[float], most: float) -> None:
    report(f"{name}: median", statistics.median(seconds) * 1000, "ms", most=most)


def write_plugin(folder: Path) -> Path:
    """The same files every time, so that publishing them again is no conflict."""
    content = {
        "plugport.yaml": MANIFEST.encode(),
        "README.md": b"# Bench\n\nA plugin that is only there to be installed and timed.\n",
        "index.js": b"export const onMessage = (message) => message;\n",
        "data.bin": random.Random(20).randbytes(DATA_BYTES),
    }
    for path, data in content.items():
        (folder / path).write_bytes(data)
    return folder


def measure_install(scratch: Path) -> list[float]:
    """Installations into new folders, of the plugin published before."""
    source = scratch / "source"
    source.mkdir()
    measure_seconds("publish", str(write_plugin(source)))
    return [
        measure_seconds("install", NAME, "--yes", "--target", str(scratch / str(run)))
        for run in range(RUNS + 1)
    ][1:]


def bench_install() -> None:
    """Publish, then install again and again, with a home of our own."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PLUGPORT_HOME"] = str(Path(folder) / "home")
        report_median("plugport install, 20 kB", measure_install(Path(folder)), 400)


def main() -> None:
    report_median("plugport --help", [measure_seconds("--help") for _ in range(RUNS + 1)][1:], 150)
    if os.environ.get("PLUGPORT_REGISTRY"):
        bench_install()
        return
    with make_registry("sqlite") as registry:
        registry.start()
        os.environ["PLUGPORT_REGISTRY"] = registry.url
        os.environ["PLUGPORT_TOKEN"] = registry.make_token("bench")
        bench_install()


if __name__ == "__main__":
    main()
