"""Packages for tests: valid ones, and malformed or hostile ones.

`PackageBuilder` writes its tar blocks itself, so that every byte of a header can be wrong:

    PackageBuilder().manifest().file("dist/index.js", "x").write(tmp_path / "p.tar.gz")
    PackageBuilder().file("a.txt", size=10 << 30).build()
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TypeAlias

from plugport.spec.archive.errors import ArchiveError
from plugport.spec.archive.model import Package

BLOCK = 512
END = bytes(2 * BLOCK)


def gzip_bytes(content: bytes, level: int = 6) -> bytes:
    """Return one gzip stream."""
    deflater = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush()


def pad_block(content: bytes) -> bytes:
    """Return the content, padded with zeros to whole blocks."""
    return content + bytes(-len(content) % BLOCK)


@lru_cache(maxsize=1000)
def build_tar_header(
    name: bytes,
    *,
    kind: bytes = b"0",
    size: int | bytes = 0,
    mode: int | bytes = 0o644,
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
    checksum: bytes | None = None,
) -> bytes:
    """Build one header block; `size`, `mode` and `checksum` given as bytes are written unchanged."""
    size_field = size if isinstance(size, bytes) else encode_number(size)
    mode_field = mode if isinstance(mode, bytes) else b"%07o\0" % mode
    front = name.ljust(100, b"\0") + mode_field + b"0000000\0" * 2 + size_field + b"%011o\0" % 0
    back = kind + link.ljust(100, b"\0") + magic + bytes(64) + b"0000000\0" * 2
    back = (back + prefix.ljust(155, b"\0")).ljust(356, b"\0")
    total = sum(front) + sum(back) + 8 * 32
    block = front + (b"%06o\0 " % total if checksum is None else checksum) + back
    assert len(block) == BLOCK
    return block


def encode_number(value: int) -> bytes:
    """Encode a size field: octal, or GNU's base-256 if octal is too short."""
    return b"%011o\0" % value if value < 8**11 else b"\x80" + value.to_bytes(11, "big")


def build_pax_record(key: str, value: bytes) -> bytes:
    """Build one record of a pax header, which starts with its length."""
    rest = b" %s=%s\n" % (key.encode(), value)
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return b"%d%s" % (length, rest)


def build_extended_header(kind: bytes, body: bytes) -> bytes:
    """Build a pax (`x`, `g`) or GNU (`L`, `K`) header with its body."""
    return build_tar_header(b"././@Extended", kind=kind, size=len(body)) + pad_block(body)


class PackageBuilder:
    """Builds a `.tar.gz`; every method except `tar`, `build` and `write` returns the builder."""

    def __init__(self, files: Mapping[str, str | bytes] | None = None) -> None:
        self._blocks: list[bytes] = []
        for name, content in (files or {}).items():
            self.file(name, content)

    def file(self, name: str | bytes, content: str | bytes = b"", **header: Any) -> Self:
        """Add a file; `header` has the parameters of `build_tar_header`."""
        data = content.encode() if isinstance(content, str) else content
        raw = name.encode() if isinstance(name, str) else name
        header.setdefault("size", len(data))
        return self.raw(build_tar_header(raw, **header) + pad_block(data))

    def folder(self, name: str | bytes, **header: Any) -> Self:
        """Add a folder entry."""
        return self.file(name, kind=b"5", **{"mode": 0o755, **header})

    def link(self, name: str, target: str, *, hard: bool = False) -> Self:
        """Add a symbolic or hard link."""
        return self.file(name, kind=b"1" if hard else b"2", link=target.encode())

    def pax(self, records: Mapping[str, bytes | str], kind: bytes = b"x") -> Self:
        """Add a pax header; the `kind` `g` makes it global."""
        values = {k: v.encode() if isinstance(v, str) else v for k, v in records.items()}
        body = b"".join(build_pax_record(key, value) for key, value in values.items())
        return self.raw(build_extended_header(kind, body))

    def raw(self, blocks: bytes) -> Self:
        """Add raw bytes to the tar archive."""
        self._blocks.append(blocks)
        return self

    def manifest(self, folder: str = "", **fields: Any) -> Self:
        """Add an `ar-plugin.yaml` (JSON is YAML), valid unless `fields` change it."""
        return self.file(f"{folder}ar-plugin.yaml", json.dumps(build_manifest(**fields)))

    def tar(self, end: bytes = END) -> bytes:
        """Return the tar archive."""
        return b"".join(self._blocks) + end

    def build(self, end: bytes = END) -> bytes:
        """Return the package."""
        return gzip_bytes(self.tar(end))

    def write(self, path: Path, end: bytes = END) -> Path:
        """Write the package to a file; return its path."""
        path.write_bytes(self.build(end))
        return path


def build_manifest(**fields: Any) -> dict[str, Any]:
    """Return a valid Agent Relay manifest with `fields` replaced; None removes a field."""
    manifest = {
        "name": "@acme/slack-bridge",
        "version": "1.0.0",
        "type": "bridge",
        "description": "Connects Slack",
        "author": {"name": "Acme", "email": "dev@acme.example"},
        "license": "MIT",
        "main": "./dist/index.js",
        **fields,
    }
    return {key: value for key, value in manifest.items() if value is not None}


def write_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Create `folder` with files by path; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def load_tree(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below `folder` by its path; fails for links and special files."""
    contents = {}
    for path in folder.rglob("*"):
        assert not path.is_symlink(), path
        if not path.is_dir():
            assert path.is_file(), path
            contents[path.relative_to(folder).as_posix()] = path.read_bytes()
    return contents


# Fixtures of the archive tests: read a package, or expect an error with a certain code.
Source: TypeAlias = PackageBuilder | bytes
Read: TypeAlias = Callable[..., Package]
Refuse: TypeAlias = Callable[..., ArchiveError]
