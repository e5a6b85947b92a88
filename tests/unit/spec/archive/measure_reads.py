"""Reads (`read`) or unpacks (`unpack`) the packages on the command line; prints each result and the peak memory.

The memory tests run it in a separate process, so that only its own memory counts.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

from plugport.spec.archive.reader import load_package
from plugport.spec.errors import PlugportError


def load_one(archive: Path, tree: Path | None) -> str:
    try:
        load_package(archive, tree=tree)
    except PlugportError as error:
        return error.code
    return "ok"


def unpack_one(archive: Path) -> str:
    with tempfile.TemporaryDirectory() as tree:
        return load_one(archive, Path(tree))


def get_peak_bytes() -> int:
    """The most physical memory this process has held so far (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index] # always there


if __name__ == "__main__":
    how, *paths = sys.argv[1:]
    measured = unpack_one if how == "unpack" else partial(load_one, tree=None)
    outcomes = {path: measured(Path(path)) for path in paths}
    print(json.dumps({"outcomes": outcomes, "peak_bytes": get_peak_bytes()}))
