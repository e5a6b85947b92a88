"""Write a manifest in a manifest format, if the format can hold all of it.

The output is parsed again and compared. A list of what each format can hold would drift from the
parsers; comparing cannot.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml
from msgspec.structs import fields

from plugport.spec.errors import FieldError
from plugport.spec.manifest.errors import LossyManifestError, ManifestError
from plugport.spec.manifest.formats.base import ManifestFormat
from plugport.spec.manifest.formats.registry import DEFAULT_MANIFEST_FORMAT, get_manifest_format
from plugport.spec.manifest.model import Manifest, format_json_key
from plugport.spec.manifest.parsing import parse_manifest_file
from plugport.spec.manifest.yaml_parser import parse_plain_scalar
from plugport.spec.versions import Version

_LINE_CHARS = 100


def render_manifest(manifest: Manifest, dialect: str) -> dict[str, bytes]:
    """Return the files of a manifest: a mapping of paths to content.

    Parsing them gives an equal manifest, except for its `dialect`. Raises
    `UnknownManifestFormatError`, and `LossyManifestError` if the format cannot hold some fields.
    """
    manifest_format = get_manifest_format(dialect)
    content = render_document(build_document(manifest, manifest_format), manifest_format.syntax)
    try:
        reparsed = parse_manifest_file(dialect, manifest_format.path, content).manifest
    except ManifestError as error:
        raise _build_lossy_error(manifest_format, error.fields) from error
    lost = [
        FieldError(
            format_json_key(item.name), f"cannot be written as {manifest_format.title}", "lossy"
        )
        for item in fields(Manifest)
        if item.name != "dialect"
        and _differs(getattr(manifest, item.name), getattr(reparsed, item.name))
    ]
    if lost:
        raise _build_lossy_error(manifest_format, lost)
    return {manifest_format.path: content}


def build_document(manifest: Manifest, manifest_format: ManifestFormat) -> dict[str, Any]:
    """Return the fields of a manifest as the format spells them, in the format's order."""
    values = {item.name: item.build_value(manifest) for item in manifest_format.fields}
    if manifest_format.has_kind_fields:
        # No field of a format has the name of a kind's field; a test checks it.
        values |= manifest.kind_fields
    written = {name: value for name, value in values.items() if value is not None}
    # `extra` wins: where a field has a form that the model cannot hold, the parser keeps that form
    # there under the name of the field.
    return written if "extra" in values else written | dict(manifest.extra)


def render_document(document: dict[str, Any], syntax: str) -> bytes:
    """Return a document as JSON or YAML in UTF-8."""
    if syntax == "json":
        return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n".encode()
    text = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_LINE_CHARS
    )
    return str(text).encode()


class _Dumper(yaml.SafeDumper):
    # PyYAML writes an object that occurs twice as an alias, which is hard to read and edit.
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML sets the name
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # PyYAML quotes what is not text in YAML 1.1, but the parser follows YAML 1.2, where other
    # scalars are numbers. Plain and single-quoted scalars lose line breaks such as U+0085.
    try:
        is_plain = isinstance(parse_plain_scalar(text), str) and text.isprintable()
    except OverflowError:
        is_plain = False
    style = None if is_plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _differs(one: object, other: object) -> bool:
    # Versions that differ only in build metadata compare equal (semver 10), but that is a loss.
    return one != other or (isinstance(one, Version) and str(one) != str(other))


def _build_lossy_error(
    manifest_format: ManifestFormat, problems: Sequence[FieldError]
) -> LossyManifestError:
    names = ", ".join(dict.fromkeys(problem.field or "the document" for problem in problems))
    return LossyManifestError(
        f"{manifest_format.title} ({manifest_format.path}) cannot hold: {names}",
        hint=f"Write `{DEFAULT_MANIFEST_FORMAT.path}` instead, which can hold every field.",
        fields=problems,
    )
