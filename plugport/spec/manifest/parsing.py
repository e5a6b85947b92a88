"""Parse a manifest: find it, check every field, and report all problems at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace

from msgspec import Struct

from plugport.spec.errors import FieldError
from plugport.spec.manifest.detection import (
    COMPONENT_FILES,
    COMPONENT_MANIFESTS,
    HOST_VARIABLES,
    MANIFEST_PATTERNS,
    ROOT_VARIABLES,
    find_manifest,
)
from plugport.spec.manifest.document import MAX_MANIFEST_JSON_BYTES, Document
from plugport.spec.manifest.draft import ManifestDefaults
from plugport.spec.manifest.errors import NoManifestError, build_manifest_error
from plugport.spec.manifest.fields import Cursor, ManifestProblems
from plugport.spec.manifest.formats.base import ManifestFormat, PackageFiles
from plugport.spec.manifest.formats.registry import get_manifest_format
from plugport.spec.manifest.model import Manifest


class ParsedManifest(Struct, frozen=True):
    """A parsed manifest, the path of its file, and warnings for its author."""

    manifest: Manifest
    path: str
    warnings: tuple[FieldError, ...] = ()


def parse_manifest(
    texts: Mapping[str, bytes],
    paths: Collection[str],
    *,
    defaults: ManifestDefaults | None = None,
) -> ParsedManifest:
    """Parse the manifest of a package.

    `paths` are all files relative to the plugin's root. `texts` has the content of those that the
    archive reader keeps, among them the manifest and all component files. Raises `NoManifestError`,
    and `ManifestError` with every problem that was found.
    """
    match = find_manifest(paths)
    if match is None:
        patterns = ", ".join(f"`{pattern}`" for pattern, _ in MANIFEST_PATTERNS)
        raise NoManifestError(
            "the package has no manifest at its root", hint=f"Add one of {patterns}."
        )
    path, dialect = match
    if path not in texts:
        problem = FieldError("", "is too large to read", "too-large", path)
        raise build_manifest_error(path, [problem])
    return parse_manifest_file(
        dialect, path, texts[path], texts=texts, paths=paths, defaults=defaults
    )


def parse_manifest_file(
    dialect: str,
    filename: str,
    content: bytes,
    *,
    texts: Mapping[str, bytes] | None = None,
    paths: Collection[str] | None = None,
    defaults: ManifestDefaults | None = None,
) -> ParsedManifest:
    """Parse one manifest file of a known format; `defaults` are used for missing fields.

    Raises `UnknownManifestFormatError`, and `ManifestError` with every problem that was found.
    """
    manifest_format = get_manifest_format(dialect)
    package = PackageFiles(texts or {}, None if paths is None else frozenset(paths))
    document = manifest_format.parse_document(content, filename)
    return build_parsed_manifest(manifest_format, document, package, defaults)


def build_parsed_manifest(
    manifest_format: ManifestFormat,
    document: Document,
    package: PackageFiles | None = None,
    defaults: ManifestDefaults | None = None,
) -> ParsedManifest:
    """Build the manifest of a document. Raises `ManifestError` with every problem that was found."""
    problems = ManifestProblems(document)
    root = Cursor(document.root, (), problems)
    draft = manifest_format.build_draft(root)
    manifest_format.complete(
        root,
        draft,
        add_format_facts(package or PackageFiles()),
    )
    draft.fill(defaults or ManifestDefaults())
    manifest = draft.build(root, manifest_format.name)
    problems.raise_errors()
    assert manifest is not None, "a missing field was not reported"
    _check_json_size(manifest, document.file)
    return ParsedManifest(manifest, document.file, problems.warnings.finish(document.file))


def add_format_facts(package: PackageFiles) -> PackageFiles:
    """Return the files with the facts of all formats that are described in `PackageFiles`."""
    return replace(
        package,
        component_files=COMPONENT_FILES,
        component_manifests=COMPONENT_MANIFESTS,
        root_variables=ROOT_VARIABLES,
        host_variables=HOST_VARIABLES,
    )


def _check_json_size(manifest: Manifest, file: str) -> None:
    # Component files of the package add to the manifest: each is small, but there may be thousands.
    size = len(json.dumps(manifest.as_dict(), ensure_ascii=False).encode())
    if size > MAX_MANIFEST_JSON_BYTES:
        detail = (
            f"has {size:,} bytes as JSON, including the values of the package's other files;"
            f" at most {MAX_MANIFEST_JSON_BYTES:,} are allowed"
        )
        raise build_manifest_error(file, [FieldError("", detail, "too-large", file)])
