"""The rules of this repository that no linter checks. Import cycles are checked by import-linter.

- A source file has at most 500 lines, a function 60, a test file 600, a folder 24 entries.
- Public functions and classes have docstrings.
- Texts avoid the words that `docs/STYLE.md` lists as always wrong.
- No file names a package index or a path of one machine, or has a conflict marker of git.
"""

from __future__ import annotations

import ast
import io
import re
import statistics
import subprocess
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("plugport", "common", "config", "gateway", "accounts", "registry", "marketplace")
FILE_LINES, TEST_LINES, FUNCTION_LINES, FOLDER_ENTRIES = 500, 600, 60, 24
# Package indexes and crate hosts: a file that names one would pin where others must install from.
INDEX_HOSTS = re.compile(
    r"(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|crates\.io|deb\.debian\.org)",
    re.IGNORECASE,
)
# The fields describe declarations of the API; a docstring would appear in the OpenAPI document.
DECLARATIONS = ROOT / "plugport/spec/api"
STYLE = ROOT / "docs/STYLE.md"
ROOT_DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
# Lists that contain both spellings on purpose: synonyms of the search, reserved names.
WORD_DATA = (
    ROOT / "marketplace/search/tokenizer.py",
    ROOT / "plugport/spec/names/reserved.py",
)
# Words of a docstring that add nothing to a name.
FILLER = frozenset(
    [
        *("a", "an", "the", "of", "for", "to", "and", "or", "in", "on", "with"),
        *("this", "that", "its", "it", "is", "are", "as"),
    ]
)
WORD = re.compile(r"[a-z0-9]+")
# Identifiers that programs read keep their spelling: text in backticks, targets of links.
IDENTIFIERS = re.compile(r"`[^`\n]*`|\]\([^)\n]*\)")
CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/[\w.-]+")


def list_files() -> list[Path]:
    """Return every file that git tracks or would track."""
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / line for line in out.splitlines() if (ROOT / line).is_file()]


def measure_functions(path: Path) -> list[tuple[int, str]]:
    """Return (lines, position) of each function of a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]


def check_sizes(files: list[Path]) -> list[str]:
    """Return files and functions over their limits."""
    problems = []
    lengths, functions = [], []
    for path in files:
        top = path.relative_to(ROOT).parts[0]
        if path.suffix != ".py" or "migrations" in path.parts or top not in (*SOURCES, "tests"):
            continue
        count = len(path.read_text(encoding="utf-8").splitlines())
        ceiling = TEST_LINES if top == "tests" else FILE_LINES
        if count > ceiling:
            problems.append(f"{path.relative_to(ROOT)} has {count} lines; {ceiling} are allowed")
        if top in SOURCES:
            lengths.append(count)
            functions += measure_functions(path)
    problems += [
        f"{position} has {count} lines; {FUNCTION_LINES} are allowed"
        for count, position in functions
        if count > FUNCTION_LINES
    ]
    sizes = sorted(count for count, _ in functions)
    print(
        f"{len(lengths)} files, median {statistics.median(lengths):.0f} lines;"
        f" {len(sizes)} functions, median {statistics.median(sizes):.0f},"
        f" p90 {sizes[int(len(sizes) * 0.9)]}"
    )
    return problems


def check_folders(files: list[Path]) -> list[str]:
    """Return folders of the source with too many entries."""
    entries: dict[Path, set[str]] = defaultdict(set)
    for path in files:
        parts = path.relative_to(ROOT).parts
        if parts[0] not in SOURCES or "migrations" in parts or parts[-1] == "__init__.py":
            continue
        for depth in range(1, len(parts)):
            entries[Path(*parts[:depth])].add(parts[depth])
    return [
        f"{folder} has {len(names)} entries; {FOLDER_ENTRIES} are allowed"
        for folder, names in sorted(entries.items())
        if len(names) > FOLDER_ENTRIES
    ]


def repeats_name(docstring: str, name: str) -> bool:
    """Whether a docstring of one line contains only words of the name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ")
    known = {word[:5] for word in WORD.findall(spaced.lower())}
    words = [word for word in WORD.findall(docstring.lower()) if word not in FILLER]
    return "\n" not in docstring and all(word[:5] in known for word in words)


def check_docstrings(files: list[Path]) -> list[str]:
    """Return public functions and classes without a docstring, and docstrings that repeat a name."""
    problems = []
    for path in files:
        parts = path.relative_to(ROOT).parts
        if path.suffix != ".py" or parts[0] not in SOURCES or "migrations" in parts:
            continue
        if path.name == "apps.py" or path.is_relative_to(DECLARATIONS):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                text = ast.get_docstring(node)
                if text and repeats_name(text, node.name):
                    where = f"{path.relative_to(ROOT)}:{node.lineno}"
                    problems.append(f"{where} the docstring repeats the name: {text!r}")
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            is_overload = any(ast.unparse(item) == "overload" for item in node.decorator_list)
            if not is_overload and not ast.get_docstring(node):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                problems.append(f"{where} {node.name} has no docstring")
    return problems


def load_wrong_words() -> re.Pattern[str]:
    """Load the words that are always wrong from the list in `docs/STYLE.md`."""
    section = STYLE.read_text(encoding="utf-8").split("## Words that are always wrong")[1]
    patterns = [
        pattern
        for line in section.split("\n## ")[0].splitlines()
        if line.startswith("- ")
        for pattern in re.findall(r"`([^`]+)`", line.partition("→")[0])
    ]
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


def iter_prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of all prose: comments, docstrings, messages, templates, documents."""
    if path.suffix in {".md", ".html", ".txt", ".tmpl"}:
        yield from enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    elif path.suffix == ".py":
        text = io.StringIO(path.read_text(encoding="utf-8"))
        for token in tokenize.generate_tokens(text.readline):
            # A string without spaces is an identifier.
            is_text = token.type == tokenize.STRING and " " in token.string
            if is_text or token.type == tokenize.COMMENT:
                yield from enumerate(token.string.splitlines(), token.start[0])


def check_style(files: list[Path]) -> list[str]:
    """Return words in prose that are always wrong."""
    words = load_wrong_words()
    folders = (*SOURCES, "bench", "bin", "docs", "templates")
    return [
        f"{path.relative_to(ROOT)}:{number} says {match[0]!r}; see docs/STYLE.md"
        for path in files
        if path.relative_to(ROOT).parts[0] in (*folders, *ROOT_DOCUMENTS)
        and path not in {STYLE, *WORD_DATA}
        and "migrations" not in path.parts
        for number, line in iter_prose(path)
        for match in words.finditer(IDENTIFIERS.sub("", line))
    ]


def check_words(files: list[Path]) -> list[str]:
    """Return hosts of package indexes, paths of a machine, and conflict markers."""
    problems = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path == Path(__file__).resolve():
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, what in (
                (INDEX_HOSTS, "names a package index"),
                (MACHINE_PATH, "names a path"),
                (CONFLICT, "has a conflict marker"),
            ):
                if match := pattern.search(line):
                    problems.append(f"{path.relative_to(ROOT)}:{number} {what}: {match[0]}")
    return problems


def main() -> int:
    """Print every problem; exit with 1 if there are any."""
    files = list_files()
    problems = (
        check_sizes(files)
        + check_folders(files)
        + check_docstrings(files)
        + check_style(files)
        + check_words(files)
    )
    print("\n".join(problems))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
