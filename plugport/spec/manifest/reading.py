"""Reading a manifest: find it, parse it, check every field, and report all faults at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from plugport.spec.errors import FieldError
from plugport.spec.manifest.detect import DETECTION, find_manifest
from plugport.spec.manifest.dialects.base import Dialect, Package
from plugport.spec.manifest.dialects.registry import get_dialect
from plugport.spec.manifest.document import Document
from plugport.spec.manifest.draft import ManifestDefaults
from plugport.spec.manifest.errors import NoManifestError, build_manifest_error
from plugport.spec.manifest.fields import Faults, Spot
from plugport.spec.manifest.model import Manifest


@dataclass(frozen=True, slots=True)
class ManifestReading:
    """A manifest that was read, from which file, and what its author should know."""

    manifest: Manifest
    path: str
    warnings: tuple[FieldError, ...] = ()


def read_manifest(
    texts: Mapping[str, bytes],
    paths: Collection[str],
    *,
    defaults: ManifestDefaults | None = None,
) -> ManifestReading:
    """Read the manifest of a package.

    `paths` are all files relative to the plugin's root, `texts` the content of those that were
    kept (`subfiles` lists which matter here). Raises `NoManifestError` where no file is a manifest,
    and `ManifestError` with every fault that was found.
    """
    found = find_manifest(paths)
    if found is None:
        known = ", ".join(f"`{pattern}`" for pattern, _ in DETECTION)
        raise NoManifestError("there is no manifest at the root", hint=f"Expected one of {known}.")
    path, dialect = found
    if path not in texts:
        fault = FieldError("", "is too large to be read", "too-large", path)
        raise build_manifest_error(path, [fault])
    return read_document(dialect, path, texts[path], texts=texts, paths=paths, defaults=defaults)


def read_document(
    dialect: str,
    filename: str,
    content: bytes,
    *,
    texts: Mapping[str, bytes] | None = None,
    paths: Collection[str] | None = None,
    defaults: ManifestDefaults | None = None,
) -> ManifestReading:
    """Read one manifest file of a known dialect; `defaults` fill in what it leaves out.

    Raises `UnknownDialectError`, and `ManifestError` with every fault that was found.
    """
    known = get_dialect(dialect)
    package = Package(texts or {}, None if paths is None else frozenset(paths))
    return read_parsed(known, known.load(content, filename), package, defaults)


def read_parsed(
    dialect: Dialect,
    document: Document,
    package: Package | None = None,
    defaults: ManifestDefaults | None = None,
) -> ManifestReading:
    """Read a parsed document. Raises `ManifestError` with every fault that was found."""
    faults = Faults(document)
    root = Spot(document.root, (), faults)
    draft = dialect.read(root)
    dialect.complete(root, draft, package or Package())
    draft.fill(defaults or ManifestDefaults())
    manifest = draft.build(root, dialect.name)
    faults.raise_errors()
    assert manifest is not None, "what was missing was not reported"
    return ManifestReading(manifest, document.file, tuple(dict.fromkeys(faults.warnings)))
