"""Wall time of the command line: start-up, and installing a plugin of 20 kB.

    PLUGPORT_REGISTRY=http://127.0.0.1:8000 PLUGPORT_TOKEN=… python bench/cli.py

Installing needs a registry and a token that may publish: the plugin is published first, which
changes nothing if it is there. Without them only the start-up is measured. Prints
`name | value | unit`, medians of 10 runs after one to warm up.
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


def print_median(name: str, seconds: list[float]) -> None:
    print(f"{name} | {statistics.median(seconds) * 1000:.0f} | ms")


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


def main() -> None:
    print_median("plugport --help", [measure_seconds("--help") for _ in range(RUNS + 1)][1:])
    if not (os.environ.get("PLUGPORT_REGISTRY") and os.environ.get("PLUGPORT_TOKEN")):
        print("PLUGPORT_REGISTRY and PLUGPORT_TOKEN are needed for the rest", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PLUGPORT_HOME"] = str(Path(folder) / "home")
        print_median("plugport install, 20 kB", measure_install(Path(folder)))


if __name__ == "__main__":
    main()
