"""A parsed document: plain values, and the file and line of each of them.

The JSON and YAML parsers build it with `TreeBuilder`. Manifests are untrusted, so the builder does
not recurse and limits size, depth and number of values; the limits are far above real manifests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NoReturn, TypeAlias

from msgspec import Struct, field

from plugport.spec.encoding import find_encoding_problem, find_marked_encoding
from plugport.spec.errors import FieldError
from plugport.spec.manifest.errors import build_manifest_error
from plugport.spec.manifest.model import JsonValue
from plugport.spec.text import quote_text, shorten_text

Path: TypeAlias = "tuple[str | int, ...]"
Container: TypeAlias = "list[JsonValue] | dict[str, JsonValue]"

# Real manifests have a few kB; the largest known marketplace file has 169 kB.
MAX_DOCUMENT_BYTES = 256 << 10
MAX_MARKETPLACE_BYTES = 4 << 20
MAX_DEPTH = 64
MAX_NODES = 20_000
MAX_MARKETPLACE_NODES = 400_000
# The largest factor by which YAML aliases may multiply the texts of a document. Without aliases a
# document never has more bytes of text than its file.
MAX_EXPANSION = 4
# A document may grow to this size regardless of its own: small files repeat small values.
MIN_EXPANDED_BYTES = 64 << 10
# The normalized manifest as JSON, which may also contain values of other files of the package.
MAX_MANIFEST_JSON_BYTES = 1 << 20
# Converting an integer takes quadratic time, so Python refuses more than 4,300 digits with a
# `ValueError` (CVE-2020-10735). This limit is lower, and reported as a problem of the manifest.
MAX_NUMBER_CHARS = 1_000
# A small file with very many problems, or with problems in deeply nested values, must not cause a
# large response.
MAX_PROBLEMS = 100
MAX_PROBLEM_CHARS = 1_000
MAX_PROBLEM_PATH_CHARS = 300
_PATH_TAIL_CHARS = 100

# PostgreSQL rejects NUL in text and JSON, and UTF-8 cannot encode surrogates.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The code of the last problem of a list from which others were omitted.
MORE_PROBLEMS = "more-problems"


class DocumentLimits(Struct, frozen=True):
    """The largest size, number of values and nesting depth that a document may have."""

    document_bytes: int = MAX_DOCUMENT_BYTES
    nodes: int = MAX_NODES
    depth: int = MAX_DEPTH


MARKETPLACE_LIMITS = DocumentLimits(MAX_MARKETPLACE_BYTES, MAX_MARKETPLACE_NODES)


class SourcePosition(Struct, frozen=True):
    """A line of a file, counted from 1; None if the line is unknown."""

    file: str
    line: int | None = None


class ProblemList(list[FieldError]):
    """The first `MAX_PROBLEMS` problems of a document, each once and with shortened texts.

    `omitted` counts the others. `add` and `add_all` keep to the limit.
    """

    def __init__(self) -> None:
        super().__init__()
        self.omitted = 0
        self._known: set[FieldError] = set()

    def add(self, problem: FieldError) -> None:
        """Add a problem that is not in the list, or count it if there are too many."""
        found, allowed = problem.found, problem.allowed
        problem = replace(
            problem,
            detail=shorten_text(problem.detail, MAX_PROBLEM_CHARS),
            found=found and shorten_text(found, MAX_PROBLEM_CHARS),
            allowed=allowed and shorten_text(allowed, MAX_PROBLEM_CHARS),
        )
        # A component file that two fields name is parsed twice.
        if problem in self._known:
            return
        if len(self) >= MAX_PROBLEMS:
            self.omitted += 1
            return
        self._known.add(problem)
        self.append(problem)

    def add_all(self, problems: Iterable[FieldError]) -> None:
        """Add problems that another list has; the number that it has omitted is added."""
        for problem in problems:
            if problem.code == MORE_PROBLEMS:
                self.omitted += int(problem.found or 0)
            else:
                self.add(problem)

    def finish(self, file: str) -> tuple[FieldError, ...]:
        """All problems, and if some were omitted, a last one that says how many."""
        if not self.omitted:
            return tuple(self)
        detail = f"{self.omitted:,} more problems are not listed"
        return (*self, FieldError("", detail, MORE_PROBLEMS, file, found=str(self.omitted)))


class Document(Struct, frozen=True):
    """A mapping of fields, the positions of its values, and the problems found while parsing."""

    root: dict[str, JsonValue]
    positions: Mapping[Path, SourcePosition]
    problems: tuple[FieldError, ...] = ()

    @property
    def file(self) -> str:
        """The name of the file, for messages."""
        return self.positions[()].file

    def get_position(self, path: Path) -> SourcePosition:
        """Return the position of a value, or of the innermost value around it that has one."""
        # Values that a YAML alias repeats have no positions; the alias has one.
        while path not in self.positions:
            path = path[:-1]
        return self.positions[path]


def format_path(path: Path) -> str:
    """Return a path for messages: `dependencies.plugins[2]`. The middle of a long one is cut."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = quote_text(part).strip("`")
            text += f".{key}" if text else key
    if len(text) > MAX_PROBLEM_PATH_CHARS:
        head = shorten_text(text, MAX_PROBLEM_PATH_CHARS - _PATH_TAIL_CHARS)
        text = head + text[-_PATH_TAIL_CHARS:]
    return text


def iter_values(value: JsonValue) -> Iterator[tuple[JsonValue, int]]:
    """Yield this value and all values in it, each with its depth (from 1)."""
    # A list instead of recursion: deep nesting must not exhaust the stack (CWE-674).
    pending = [(value, 1)]
    while pending:
        value, depth = pending.pop()
        yield value, depth
        if isinstance(value, dict):
            pending.extend((each, depth + 1) for each in value.values())
        elif isinstance(value, list):
            pending.extend((each, depth + 1) for each in value)


class _Frame(Struct):
    container: Container
    path: Path
    key: str | None = None
    # The value of a repeated key is parsed, so that its problems are reported, and then dropped.
    is_repeated: bool = False


class TreeBuilder(Struct):
    """Builds a document from the events of a parser. Raises `ManifestError` if it cannot continue.

    `source_bytes` is the size of the file, which limits what its aliases may expand to.
    """

    file: str
    limits: DocumentLimits = field(default_factory=DocumentLimits)
    root: JsonValue = None
    positions: dict[Path, SourcePosition] = field(default_factory=dict)
    problems: ProblemList = field(default_factory=ProblemList)
    source_bytes: int = 0
    nodes: int = 0
    expanded_bytes: int = 0
    _stack: list[_Frame] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """The number of open containers."""
        return len(self._stack)

    @property
    def top(self) -> Container | None:
        """The innermost open container."""
        return self._stack[-1].container if self._stack else None

    @property
    def expects_key(self) -> bool:
        """Whether the next event is the key of a mapping."""
        return isinstance(self.top, dict) and self._stack[-1].key is None

    def refuse(self, detail: str, code: str, line: int | None) -> NoReturn:
        """Raise `ManifestError` with this problem and all earlier ones."""
        self.report((), detail, code, line)
        raise build_manifest_error(self.file, self.problems.finish(self.file))

    def report(
        self, path: Path, detail: str, code: str, line: int | None, **more: str | None
    ) -> None:
        """Record a problem; parsing continues."""
        self.problems.add(FieldError(format_path(path), detail, code, self.file, line, **more))

    def set_key(self, key: str, line: int) -> None:
        """Set the key of the next value."""
        frame = self._stack[-1]
        path = (*frame.path, key)
        frame.is_repeated = key in frame.container
        if frame.is_repeated:
            first = self.positions[path].line if path in self.positions else None
            where = f", first on line {first}" if first else ""
            self.report(
                path, f"the key {quote_text(key)} occurs twice{where}", "duplicate-key", line
            )
        self._check_text(key, path, line)
        self._count_bytes(key, line)
        frame.key = key

    def add(self, value: JsonValue, line: int) -> Path:
        """Add a scalar, or the whole value that a YAML alias repeats. Returns its path."""
        # Values that an alias repeats count again: nested aliases could otherwise grow
        # exponentially ("billion laughs", CWE-776).
        # Their texts count too: 2,500 aliases of a text of 100 kB are only 2,500 values.
        for each, depth in iter_values(value):
            self._count(line)
            if isinstance(each, dict | list):
                self._check_depth(len(self._stack) + depth, line)
                if isinstance(each, dict):
                    for key in each:
                        self._count_bytes(key, line)
            else:
                self._count_bytes(each, line)
        path = self._attach(value, line)
        if isinstance(value, str):
            self._check_text(value, path, line)
        return path

    def open(self, container: Container, line: int) -> None:
        """Open a mapping or a list."""
        self._count(line)
        self._check_depth(len(self._stack) + 1, line)
        self._stack.append(_Frame(container, self._attach(container, line)))

    def close(self) -> None:
        """Close the innermost mapping or list."""
        self._stack.pop()

    def finish(self) -> Document:
        """Return the document. Raises `ManifestError` unless it is a mapping of fields."""
        if not isinstance(self.root, dict):
            actual = "nothing" if self.root is None else describe_value(self.root)
            self.refuse(f"must be a mapping of fields, found {actual}", "not-a-mapping", 1)
        return Document(self.root, self.positions, self.problems.finish(self.file))

    def _attach(self, value: JsonValue, line: int) -> Path:
        path: Path = ()
        if not self._stack:
            self.root = value
            self.positions[path] = SourcePosition(self.file, line)
            return path
        frame = self._stack[-1]
        if isinstance(frame.container, list):
            path = (*frame.path, len(frame.container))
            frame.container.append(value)
        else:
            assert frame.key is not None
            path = (*frame.path, frame.key)
            if not frame.is_repeated:
                frame.container[frame.key] = value
            frame.key = None
        # The first value of a repeated key counts, so its position stays.
        self.positions.setdefault(path, SourcePosition(self.file, line))
        return path

    def _count(self, line: int) -> None:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            detail = (
                f"has more than {self.limits.nodes} values, including those that aliases repeat"
            )
            self.refuse(detail, "too-many-values", line)

    def _count_bytes(self, value: str | float | None, line: int) -> None:
        text = value if isinstance(value, str) else str(value)
        # Surrogates are reported as unstorable characters; they must not fail here.
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        self.expanded_bytes += size
        allowed = max(MIN_EXPANDED_BYTES, MAX_EXPANSION * self.source_bytes)
        if self.expanded_bytes > allowed:
            detail = (
                f"expands to more than {allowed:,} bytes, including the values that aliases repeat;"
                f" at most {MAX_EXPANSION} times the size of the file are allowed"
            )
            self.refuse(detail, "too-much-text", line)

    def _check_depth(self, depth: int, line: int) -> None:
        if depth > self.limits.depth:
            self.refuse(f"is nested more than {self.limits.depth} levels deep", "too-deep", line)

    def _check_text(self, text: str, path: Path, line: int) -> None:
        if match := _UNSTORABLE.search(text):
            detail = f"contains U+{ord(match[0]):04X}, which cannot be stored"
            self.report(path, detail, "unstorable-character", line)


def decode_text(content: bytes, file: str, limits: DocumentLimits) -> str:
    """Decode UTF-8 with or without a byte order mark. Raises `ManifestError`."""
    if len(content) > limits.document_bytes:
        detail = f"is {len(content)} bytes long; at most {limits.document_bytes} are allowed"
        raise build_manifest_error(file, [FieldError("", detail, "too-large", file)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        detail = f"is not UTF-8: byte 0x{content[error.start]:02x} at offset {error.start}"
        marked = find_marked_encoding(content)
        if marked in {"utf-16", "utf-32"}:
            # Hosts read manifests as UTF-8 only, so accepting it would not help the author.
            detail = f"is {marked.upper()}; a manifest must be UTF-8"
        raise build_manifest_error(
            file, [FieldError("", detail, "not-utf-8", file, line)]
        ) from None
    # In UTF-16, one of the first two bytes of a text of Latin script is NUL.
    if "\0" in text[:2]:
        detail = find_encoding_problem(content) or "starts with NUL"
        raise build_manifest_error(file, [FieldError("", detail, "not-utf-8", file, 1)])
    if not text.strip():
        raise build_manifest_error(file, [FieldError("", "is empty", "empty", file, 1)])
    return text


def format_value(value: JsonValue) -> str:
    """Return a value for a message, shortened and without control characters."""
    if isinstance(value, str):
        return quote_text(value)[1:-1]
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return quote_text(str(value))[1:-1]


def describe_value(value: JsonValue) -> str:
    """Return a description of a value for a message: `a list`, the number `1.0`, the text `x`."""
    if value == "":
        return "an empty text"
    if isinstance(value, list | dict):
        return format_value(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    prefix = "the text " if isinstance(value, str) else "the number " if is_number else ""
    return f"{prefix}`{format_value(value)}`"
