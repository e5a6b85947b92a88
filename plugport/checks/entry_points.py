"""Which files a manifest points at, and whether the package has them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from plugport.checks.paths import clean_path
from plugport.spec.manifest.model import JsonValue, Manifest

_SUFFIXES = ("", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".json", ".py", ".wasm")
_INDEX = ("/index.js", "/index.mjs", "/index.cjs", "/index.ts", "/__init__.py")
# Where compilers write: a missing file there was forgotten to be built, not misspelled.
_BUILD_FOLDERS = ("dist/", "build/", "lib/", "out/")


@dataclass(frozen=True, slots=True)
class Reference:
    """A path in a manifest: the field it stands in and the text as written."""

    field: str
    written: str


class FileIndex:
    """Answers whether a package has what a path means to a runtime."""

    def __init__(self, paths: Collection[str]) -> None:
        self.paths = frozenset(paths)
        self.folders = frozenset(
            "/".join(parts[:depth])
            for parts in (path.split("/") for path in paths)
            for depth in range(1, len(parts))
        )

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder; "" is the root."""
        return path == "" or path in self.paths or path in self.folders

    def has_module(self, path: str) -> bool:
        """Whether a runtime would find a module there, with its usual endings and index files."""
        if path in {"", "."}:
            return any(index[1:] in self.paths for index in _INDEX)
        endings = _SUFFIXES + _INDEX
        return any(path + ending in self.paths for ending in endings)


def is_build_result(path: str) -> bool:
    """Whether the path lies in a folder that compilers write."""
    return path.startswith(_BUILD_FOLDERS)


def find_main_candidates(written: str) -> list[str] | None:
    """List the paths that `main` may mean, likeliest first; None if it leaves the package.

    `pkg.module:attribute` is Python's way to name an entry point.
    """
    module, colon, _ = written.partition(":")
    dotted = module.replace(".", "/")
    if colon and "/" not in module and all(part.isidentifier() for part in module.split(".")):
        return [dotted, f"src/{dotted}"]
    path = clean_path(written)
    return None if path is None else [path]


def list_components(manifest: Manifest) -> Iterator[Reference]:
    """List the paths of components: texts, lists of texts, and mappings that name a source."""
    for sort, value in manifest.components.items():
        yield from _list_paths(sort, value)
    entrypoint = manifest.kind_fields.get("entrypoint")
    if isinstance(entrypoint, dict) and entrypoint.get("type") == "python":
        yield from _list_paths("entrypoint.target", entrypoint.get("target"))
    yield from _list_copies(manifest.kind_fields.get("copy"))


def _list_copies(value: JsonValue) -> Iterator[Reference]:
    for number, item in enumerate(value if isinstance(value, list) else []):
        source = item.get("from") if isinstance(item, dict) else None
        if isinstance(source, str):
            yield Reference(f"copy[{number}].from", source)


def _list_paths(field: str, value: JsonValue) -> Iterator[Reference]:
    if isinstance(value, str):
        if _looks_like_path(value):
            yield Reference(field, value)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            if isinstance(item, str):
                yield from _list_paths(f"{field}[{number}]", item)
    elif isinstance(value, dict):
        # `{"name": {"source": "./path"}}`; a server is a mapping too, but has no `source`.
        for name, item in value.items():
            source = item.get("source") if isinstance(item, dict) else None
            if isinstance(source, str):
                yield from _list_paths(f"{field}.{name}", source)


def _looks_like_path(text: str) -> bool:
    """Whether it is one: components may also be named by a bare word, such as a server's name."""
    return "/" in text or text.endswith((".md", ".json", ".py"))
