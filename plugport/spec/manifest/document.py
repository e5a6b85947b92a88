"""A parsed document: plain values, and where in which file each of them stands.

The parsers of JSON and YAML both build it through `TreeBuilder`, which keeps no recursion of its
own and bounds what a hostile file can ask for. The bounds are far above any real manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from plugport.spec.errors import FieldError
from plugport.spec.manifest.errors import build_manifest_error
from plugport.spec.manifest.model import JsonValue
from plugport.spec.text import show

Path: TypeAlias = "tuple[str | int, ...]"
Container: TypeAlias = "list[JsonValue] | dict[str, JsonValue]"

# Real manifests have a few KiB; the largest catalogue known has 165 KiB.
MAX_DOCUMENT_BYTES = 256 << 10
MAX_CATALOGUE_BYTES = 4 << 20
MAX_DEPTH = 64
MAX_NODES = 20_000
MAX_CATALOGUE_NODES = 400_000
# Python refuses to read or write integers of more than 4,300 digits.
MAX_NUMBER_CHARS = 1_000
# A file of nothing but faults must not make an answer larger than itself.
MAX_FAULTS = 100

# Values end in databases and on terminals: neither can hold NUL, and UTF-8 has no surrogates.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """How much of a document is read. All are ceilings that are still allowed."""

    document_bytes: int = MAX_DOCUMENT_BYTES
    nodes: int = MAX_NODES
    depth: int = MAX_DEPTH


CATALOGUE_LIMITS = DocumentLimits(MAX_CATALOGUE_BYTES, MAX_CATALOGUE_NODES)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping of fields, with the place of every value and the faults met while parsing."""

    root: dict[str, JsonValue]
    places: Mapping[Path, Place]
    faults: tuple[FieldError, ...] = ()

    @property
    def file(self) -> str:
        """The file's name as it is shown."""
        return self.places[()].file

    def find_place(self, path: Path) -> Place:
        """Where a value stands, or the nearest value around it."""
        # What an alias repeats has no lines of its own; the alias has.
        while path not in self.places:
            path = path[:-1]
        return self.places[path]


def write_path(path: Path) -> str:
    """Write a path as people read it: `dependencies.plugins[2]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = show(part).strip("`")
            text += f".{key}" if text else key
    return text


def walk_values(value: JsonValue) -> Iterator[tuple[JsonValue, int]]:
    """Every value below and including this one with its depth (from 1), without recursion."""
    # A list of its own in place of calls: depth must not cost stack.
    waiting = [(value, 1)]
    while waiting:
        value, depth = waiting.pop()
        yield value, depth
        below = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            waiting.extend((each, depth + 1) for each in below)  # type: ignore[union-attr]


@dataclass(slots=True)
class _Frame:
    container: Container
    path: Path
    key: str | None = None
    # A repeated key is reported; its value is read, to find further faults, and dropped.
    is_repeated: bool = False


@dataclass(slots=True)
class TreeBuilder:
    """Puts parsed pieces together. Raises `ManifestError` where going on makes no sense."""

    file: str
    limits: DocumentLimits = field(default_factory=DocumentLimits)
    root: JsonValue = None
    places: dict[Path, Place] = field(default_factory=dict)
    faults: list[FieldError] = field(default_factory=list)
    nodes: int = 0
    _stack: list[_Frame] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """How many containers are open."""
        return len(self._stack)

    @property
    def top(self) -> Container | None:
        """The container that is being filled."""
        return self._stack[-1].container if self._stack else None

    @property
    def wants_key(self) -> bool:
        """Whether the next piece is the key of a mapping."""
        return isinstance(self.top, dict) and self._stack[-1].key is None

    def refuse(self, detail: str, code: str, line: int | None) -> NoReturn:
        """Stop reading: the document is unreadable from here on."""
        self.report((), detail, code, line)
        raise build_manifest_error(self.file, self.faults)

    def report(
        self, path: Path, detail: str, code: str, line: int | None, **more: str | None
    ) -> None:
        """Remember a fault and go on."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(FieldError(write_path(path), detail, code, self.file, line, **more))

    def set_key(self, key: str, line: int) -> None:
        """Take the key of the next value."""
        frame = self._stack[-1]
        path = (*frame.path, key)
        frame.is_repeated = key in frame.container
        if frame.is_repeated:
            first = self.places[path].line if path in self.places else None
            where = f", first on line {first}" if first else ""
            self.report(path, f"the key {show(key)} is there twice{where}", "duplicate-key", line)
        self._check_text(key, path, line)
        frame.key = key

    def add(self, value: JsonValue, line: int) -> Path:
        """Take a scalar, or a whole value that an alias repeats."""
        # What an alias repeats is counted again, so that nested aliases cannot multiply.
        for each, depth in walk_values(value):
            self._count(line)
            if isinstance(each, dict | list):
                self._check_depth(len(self._stack) + depth, line)
        path = self._attach(value, line)
        if isinstance(value, str):
            self._check_text(value, path, line)
        return path

    def open(self, container: Container, line: int) -> None:
        """Take the start of a mapping or a list."""
        self._count(line)
        self._check_depth(len(self._stack) + 1, line)
        self._stack.append(_Frame(container, self._attach(container, line)))

    def close(self) -> None:
        """Take the end of the mapping or list that was opened last."""
        self._stack.pop()

    def finish(self) -> Document:
        """Return the document. Raises `ManifestError` unless it is a mapping of fields."""
        if not isinstance(self.root, dict):
            found = "nothing" if self.root is None else describe(self.root)
            self.refuse(f"must be a mapping of fields, found {found}", "not-a-mapping", 1)
        return Document(self.root, self.places, tuple(self.faults))

    def _attach(self, value: JsonValue, line: int) -> Path:
        path: Path = ()
        if not self._stack:
            self.root = value
            self.places[path] = Place(self.file, line)
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
        # For a repeated key the first line stays: that is the value that counts.
        self.places.setdefault(path, Place(self.file, line))
        return path

    def _count(self, line: int) -> None:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            detail = f"has more than {self.limits.nodes} values (aliases count in full)"
            self.refuse(detail, "too-many-values", line)

    def _check_depth(self, depth: int, line: int) -> None:
        if depth > self.limits.depth:
            self.refuse(f"is nested more than {self.limits.depth} deep", "too-deep", line)

    def _check_text(self, text: str, path: Path, line: int) -> None:
        if bad := _UNSTORABLE.search(text):
            detail = f"contains U+{ord(bad[0]):04X}, which cannot be stored"
            self.report(path, detail, "unstorable-character", line)


def decode_text(content: bytes, file: str, limits: DocumentLimits) -> str:
    """Decode a file: UTF-8, with or without byte order mark. Raises `ManifestError`."""
    if len(content) > limits.document_bytes:
        detail = f"is {len(content)} bytes long; at most {limits.document_bytes} are read"
        raise build_manifest_error(file, [FieldError("", detail, "too-large", file)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        detail = f"is not UTF-8: byte 0x{content[error.start]:02x} at offset {error.start}"
        raise build_manifest_error(
            file, [FieldError("", detail, "not-utf-8", file, line)]
        ) from None
    if not text.strip():
        raise build_manifest_error(file, [FieldError("", "is empty", "empty", file, 1)])
    return text


def show_value(value: JsonValue) -> str:
    """Write a value for a message, short and without control characters."""
    if isinstance(value, str):
        return show(value)[1:-1]
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return show(str(value))[1:-1]


def describe(value: JsonValue) -> str:
    """Say what a value is, for a message: `a list`, the number `1.0`, the text `x`."""
    if value == "":
        return "an empty text"
    if isinstance(value, list | dict):
        return show_value(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    sort = "the text " if isinstance(value, str) else "the number " if is_number else ""
    return f"{sort}`{show_value(value)}`"
