"""Wall time of the command line: start, and installation of a plugin of 20 kB.

    python -m bench.cli

The plugin is published to a registry that this script starts, or to PLUGPORT_REGISTRY with
PLUGPORT_TOKEN. Reports medians of 10 runs after a warm-up run.
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
from bench.running import create_registry

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


def build_environment(folder: Path) -> dict[str, str]:
    """Return the environment with a bytecode cache in the folder, as in an installed program."""
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def measure_seconds(folder: Path, *args: str) -> float:
    """Return the wall time of one run of the program, in seconds."""
    environment = build_environment(folder)
    command = [sys.executable, "-m", "plugport", *args]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - began


def report_median(name: str, seconds: list[float], limit_ms: float) -> None:
    report(f"{name}: median", statistics.median(seconds) * 1000, "ms", maximum=limit_ms)


def write_plugin(folder: Path) -> Path:
    """Write the same files every time, because publishing identical bytes again succeeds."""
    content = {
        "plugport.yaml": MANIFEST.encode(),
        "README.md": b"# Bench\n\nA plugin for measuring installations.\n",
        "index.js": b"export const onMessage = (message) => message;\n",
        "data.bin": random.Random(20).randbytes(DATA_BYTES),
    }
    for path, data in content.items():
        (folder / path).write_bytes(data)
    return folder


def measure_install(scratch: Path) -> list[float]:
    """Return the times of installations into new folders, in seconds."""
    source = scratch / "source"
    source.mkdir()
    measure_seconds(scratch, "publish", str(write_plugin(source)))
    return [
        measure_seconds(scratch, "install", NAME, "--yes", "--target", str(scratch / str(run)))
        for run in range(RUNS + 1)
    ][1:]


def bench_install(scratch: Path) -> None:
    """Publish the plugin, then report the median of its installations."""
    os.environ["PLUGPORT_HOME"] = str(scratch / "home")
    report_median("plugport install, 20 kB", measure_install(scratch), 400)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        helps = [measure_seconds(scratch, "--help") for _ in range(RUNS + 1)][1:]
        report_median("plugport --help", helps, 150)
        if os.environ.get("PLUGPORT_REGISTRY"):
            bench_install(scratch)
            return
        with create_registry("sqlite") as registry:
            registry.start()
            os.environ["PLUGPORT_REGISTRY"] = registry.url
            os.environ["PLUGPORT_TOKEN"] = registry.create_token("bench")
            bench_install(scratch)


if __name__ == "__main__":
    main()
