"""Resolve the paths in a manifest to files of the package."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import Struct

from plugport.checks.paths import normalize_path
from plugport.spec.manifest.model import JsonValue, Manifest
from plugport.spec.path_folding import PathSpellings

_SUFFIXES = ("", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".json", ".py", ".wasm")
_INDEX = ("/index.js", "/index.mjs", "/index.cjs", "/index.ts", "/__init__.py")
# Output folders of compilers. A missing file there was probably not built, rather than misspelled.
_BUILD_FOLDERS = ("dist/", "build/", "lib/", "out/")


class Reference(Struct, frozen=True):
    """A path in a manifest, with the name of its field. `written` is the original text."""

    field: str
    written: str


class FileIndex:
    """The files and folders of a package, with lookups by the rules of runtimes."""

    def __init__(self, paths: Collection[str]) -> None:
        self.paths = frozenset(paths)
        self.folders = frozenset(
            "/".join(parts[:depth])
            for parts in (path.split("/") for path in paths)
            for depth in range(1, len(parts))
        )
        self._files = PathSpellings(self.paths)
        self._all = PathSpellings({"", *self.paths, *self.folders})

    def find(self, path: str) -> str | None:
        """The file or folder at the path, in any Unicode form. "" is the root."""
        return self._all.find(path)

    def find_module(self, path: str) -> str | None:
        """The file that a runtime loads for the path, with the usual extensions and index files.

        It can be in another Unicode form than the path.
        """
        is_root = path in {"", "."}
        endings = [index[1:] for index in _INDEX] if is_root else [*_SUFFIXES, *_INDEX]
        candidates = (ending if is_root else path + ending for ending in endings)
        return next(filter(None, map(self._files.find, candidates)), None)


def is_build_result(path: str) -> bool:
    """Whether the path is in an output folder of a compiler."""
    return path.startswith(_BUILD_FOLDERS)


def find_main_candidates(written: str) -> list[str] | None:
    """The possible paths of `main`, most likely first; None if it is outside the package.

    `pkg.module:attribute` is a Python entry point (entry points specification, PyPA).
    """
    module, colon, _ = written.partition(":")
    dotted = module.replace(".", "/")
    if colon and "/" not in module and all(part.isidentifier() for part in module.split(".")):
        return [dotted, f"src/{dotted}"]
    path = normalize_path(written)
    return None if path is None else [path]


def iter_references(manifest: Manifest) -> Iterator[Reference]:
    """All paths of components: strings, lists of strings, and objects with a `source`."""
    for component_type, value in manifest.components.items():
        yield from _iter_path_references(component_type, value)
    entrypoint = manifest.kind_fields.get("entrypoint")
    if isinstance(entrypoint, dict) and entrypoint.get("type") == "python":
        yield from _iter_path_references("entrypoint.target", entrypoint.get("target"))
    yield from _iter_copy_references(manifest.kind_fields.get("copy"))


def _iter_copy_references(value: JsonValue) -> Iterator[Reference]:
    for number, item in enumerate(value if isinstance(value, list) else []):
        source = item.get("from") if isinstance(item, dict) else None
        if isinstance(source, str):
            yield Reference(f"copy[{number}].from", source)


def _iter_path_references(field: str, value: JsonValue) -> Iterator[Reference]:
    if isinstance(value, str):
        if _looks_like_path(value):
            yield Reference(field, value)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            if isinstance(item, str):
                yield from _iter_path_references(f"{field}[{number}]", item)
    elif isinstance(value, dict):
        # `{"name": {"source": "./path"}}`. A server is also an object, but has no `source`.
        for name, item in value.items():
            source = item.get("source") if isinstance(item, dict) else None
            if isinstance(source, str):
                yield from _iter_path_references(f"{field}.{name}", source)


def _looks_like_path(text: str) -> bool:
    """Whether the text is a path. A component can also be a name, such as the name of a server."""
    return "/" in text or text.endswith((".md", ".json", ".py"))
