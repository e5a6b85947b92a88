"""Wall time of the command line: help, search, info, and installation of a plugin of 20 kB.

    python -m bench.cli
    python -m bench.cli --compare main~1     # in turn with the package of another commit

The plugin is published to a registry that this script starts, or to PLUGPORT_REGISTRY with
PLUGPORT_TOKEN. Reports medians after a warm-up run, and the processor time, which depends less on
what else the machine does.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.report import report
from bench.running import ROOT, create_registry

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
LIMITS_MS = {"--help": 150.0, "search": 200.0, "info": 200.0, "install": 300.0}


class Run(NamedTuple):
    """The time of one run of the program, in milliseconds."""

    wall_ms: float
    processor_ms: float


class Program:
    """The package `plugport` in the folder `source`, run like an installed program.

    `label` names it in the results, empty for the measured one. `scratch` has its compiled modules.
    """

    def __init__(self, label: str, source: Path, scratch: Path) -> None:
        scratch.mkdir()
        self.label = label
        self._source = source
        self._scratch = scratch
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        self._environment = {
            **inherited,
            "PYTHONPATH": str(source),
            "PYTHONPYCACHEPREFIX": str(scratch / "compiled"),
            "PLUGPORT_HOME": str(scratch / "home"),
        }

    def run(self, *args: str) -> Run:
        """Run the program once. Another exit code than 0 ends the benchmark."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "plugport", *args],
            check=True,
            capture_output=True,
            cwd=self._source,
            env=self._environment,
        )
        wall_seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        user_seconds = after.ru_utime - before.ru_utime
        system_seconds = after.ru_stime - before.ru_stime
        return Run(wall_seconds * 1000, (user_seconds + system_seconds) * 1000)

    def measure(self, command: str) -> Run:
        """Run one of the measured commands. Each installation is into a new folder."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as target:
            arguments = {
                "search": ("search", NAME),
                "info": ("info", NAME),
                "install": ("install", NAME, "--yes", "--target", target),
            }
            return self.run(*arguments.get(command, (command,)))


def extract_package(commit: str, folder: Path) -> Path:
    """Write the package of a commit into a folder; return the folder."""
    archive = subprocess.run(
        ["git", "archive", commit, "plugport"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def write_plugin(folder: Path) -> Path:
    """Write the same files every time, because publishing identical bytes again succeeds."""
    content = {
        "plugport.yaml": MANIFEST.encode(),
        "README.md": b"# Bench\n\nA plugin for measuring installations.\n",
        "index.js": b"export const onMessage = (message) => message;\n",
        "data.bin": random.Random(20).randbytes(DATA_BYTES),
    }
    folder.mkdir()
    for path, data in content.items():
        (folder / path).write_bytes(data)
    return folder


def bench_commands(programs: list[Program], runs: int) -> None:
    """Report the medians of all commands.

    All commands of all programs run in turn, `runs` times, so that whatever else the machine does
    slows all of them.
    """
    cases = [(command, program) for command in LIMITS_MS for program in programs]
    # The first round compiles the modules.
    rounds = [[program.measure(command) for command, program in cases] for _ in range(runs + 1)]
    for (command, program), results in zip(cases, zip(*rounds[1:], strict=True), strict=True):
        name = f"plugport {command}{program.label and f' of {program.label}'}"
        wall_ms = statistics.median(run.wall_ms for run in results)
        limit_ms = None if program.label else LIMITS_MS[command]
        report(f"{name}: median", wall_ms, "ms", maximum=limit_ms)
        processor_ms = statistics.median(run.processor_ms for run in results)
        report(f"{name}: processor time", processor_ms, "ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--compare", metavar="COMMIT", help="also measure the package of a commit")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if not os.environ.get("PLUGPORT_REGISTRY"):
            registry = stack.enter_context(create_registry("sqlite"))
            registry.start()
            os.environ["PLUGPORT_REGISTRY"] = registry.url
            os.environ["PLUGPORT_TOKEN"] = registry.create_token("bench")
        programs = [Program("", ROOT, scratch / "this")]
        if options.compare:
            source = extract_package(options.compare, scratch / "package")
            programs.append(Program(options.compare, source, scratch / "other"))
        programs[0].run("publish", str(write_plugin(scratch / "source")))
        bench_commands(programs, options.runs)


if __name__ == "__main__":
    main()
