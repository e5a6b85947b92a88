"""The rules of the house that no linter knows: small rooms, and a project that speaks of itself.

Sizes: a source file has at most 500 lines, a function 60, a test file 600.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("plugport", "config", "accounts", "registry", "marketplace")
FILE_LINES, TEST_LINES, FUNCTION_LINES = 500, 600, 60
# Package indexes and crate hosts: a file that names one would pin where others must install from.
INDEX_HOSTS = re.compile(
    r"(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|crates\.io|deb\.debian\.org)",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/[\w.-]+")


def list_files() -> list[Path]:
    """Every file that git tracks or would."""
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / line for line in out.splitlines() if (ROOT / line).is_file()]


def measure_functions(path: Path) -> list[tuple[int, str]]:
    """(lines, place) of each function of a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]


def check_sizes(files: list[Path]) -> list[str]:
    """Files and functions over their ceilings."""
    faults = []
    lengths, functions = [], []
    for path in files:
        top = path.relative_to(ROOT).parts[0]
        if path.suffix != ".py" or "migrations" in path.parts or top not in (*SOURCES, "tests"):
            continue
        count = len(path.read_text(encoding="utf-8").splitlines())
        ceiling = TEST_LINES if top == "tests" else FILE_LINES
        if count > ceiling:
            faults.append(f"{path.relative_to(ROOT)} has {count} lines; {ceiling} are allowed")
        if top in SOURCES:
            lengths.append(count)
            functions += measure_functions(path)
    faults += [
        f"{place} has {count} lines; {FUNCTION_LINES} are allowed"
        for count, place in functions
        if count > FUNCTION_LINES
    ]
    sizes = sorted(count for count, _ in functions)
    print(
        f"{len(lengths)} files, median {statistics.median(lengths):.0f} lines;"
        f" {len(sizes)} functions, median {statistics.median(sizes):.0f},"
        f" p90 {sizes[int(len(sizes) * 0.9)]}"
    )
    return faults


def check_words(files: list[Path]) -> list[str]:
    """Hosts of package indexes and paths of a machine."""
    faults = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path == Path(__file__).resolve():
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, what in ((INDEX_HOSTS, "a package index"), (MACHINE_PATH, "a path")):
                if match := pattern.search(line):
                    faults.append(f"{path.relative_to(ROOT)}:{number} names {what}: {match[0]}")
    return faults


def main() -> int:
    """Print every fault; the exit code says whether there are any."""
    files = list_files()
    faults = check_sizes(files) + check_words(files)
    print("\n".join(faults))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
