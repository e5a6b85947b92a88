"""Writing a manifest in a dialect, where nothing is lost.

What was written is read again and compared: the readers are the only judge of what a dialect can
say, so writing cannot promise more than reading keeps.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import yaml

from plugport.spec.errors import FieldError
from plugport.spec.manifest.dialects.base import Dialect
from plugport.spec.manifest.dialects.registry import get_dialect
from plugport.spec.manifest.errors import LossyManifestError, ManifestError
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.reading import read_document
from plugport.spec.manifest.serialise import write_key
from plugport.spec.manifest.yaml_text import resolve_plain

_LINE_CHARS = 100


def write_manifest(manifest: Manifest, dialect: str) -> dict[str, bytes]:
    """Write a manifest: a mapping of paths to their content.

    The result reads as an equal manifest, but for its `dialect`. Raises `LossyManifestError`,
    whose `fields` name what the dialect cannot hold, and `UnknownDialectError`.
    """
    known = get_dialect(dialect)
    content = dump_document(build_document(manifest, known), known.format)
    try:
        again = read_document(dialect, known.path, content).manifest
    except ManifestError as error:
        raise _refuse(known, error.fields) from error
    lost = [
        FieldError(write_key(item.name), f"cannot be written as {known.title}", "lossy")
        for item in fields(Manifest)
        if item.name != "dialect"
        and _differs(getattr(manifest, item.name), getattr(again, item.name))
    ]
    if lost:
        raise _refuse(known, lost)
    return {known.path: content}


def build_document(manifest: Manifest, dialect: Dialect) -> dict[str, Any]:
    """Arrange the fields of a manifest as a dialect spells them, in the dialect's order."""
    rows = {row.name: row.write(manifest) for row in dialect.rows}
    if dialect.has_kind_rows:  # a test keeps their names apart from those of the rows
        rows |= manifest.kind_fields
    written = {name: value for name, value in rows.items() if value is not None}
    # A reader that keeps a field's own form beside its meaning keeps it under the field's name.
    return written if "extra" in rows else written | dict(manifest.extra)


def dump_document(document: dict[str, Any], form: str) -> bytes:
    """Write a document as JSON or YAML text."""
    if form == "json":
        return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n".encode()
    text = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_LINE_CHARS
    )
    return str(text).encode()


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the name is PyYAML's
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # PyYAML quotes what YAML 1.1 would not read as text; the readers here follow YAML 1.2. Its
    # plain and single-quoted styles lose line breaks such as U+0085.
    try:
        is_plain = isinstance(resolve_plain(text), str) and text.isprintable()
    except OverflowError:
        is_plain = False
    style = None if is_plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _differs(one: object, other: object) -> bool:
    # Versions that differ only in build metadata are equal, yet not the same.
    return one != other or str(one) != str(other) if hasattr(one, "build") else one != other


def _refuse(dialect: Dialect, faults: Any) -> LossyManifestError:
    names = ", ".join(dict.fromkeys(fault.field or "the whole" for fault in faults))
    return LossyManifestError(
        f"{dialect.title} ({dialect.path}) cannot hold: {names}",
        hint="Write it as `plugport.yaml`, which holds everything.",
        fields=faults,
    )
