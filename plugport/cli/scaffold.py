"""The first files of a new plugin, by manifest format and kind.

The files are templates in `plugport/cli/templates`. The manifest is written by the code that also
parses manifests, so that it is always valid.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from msgspec import Struct

from plugport.checks.template_text import PERMISSIONS_TEXT
from plugport.cli.errors import FilesExistError, NoScaffoldError
from plugport.spec.manifest.formats.base import Scaffold
from plugport.spec.manifest.formats.registry import get_manifest_format
from plugport.spec.manifest.model import Manifest, Permissions, Person
from plugport.spec.manifest.rendering import render_manifest
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

FIRST_VERSION = "0.1.0"


class ScaffoldRequest(Struct, frozen=True):
    """The options of `plugport init`."""

    name: PluginName
    dialect: str
    kind: str
    description: str
    author: str
    license: str


def build_files(request: ScaffoldRequest) -> dict[str, bytes]:
    """The content of each file by its path. Raises `NoScaffoldError`, `LossyManifestError`."""
    manifest_format = get_manifest_format(request.dialect)
    scaffold = manifest_format.scaffolds.get(request.kind)
    if scaffold is None:
        kinds = ", ".join(f"`{kind}`" for kind in manifest_format.scaffolds)
        raise NoScaffoldError(
            f"the manifest format `{request.dialect}` has no plugins of the kind `{request.kind}`",
            hint=f"Choose one of its kinds: {kinds}.",
        )
    content_by_path = render_manifest(_build_manifest(request, scaffold), request.dialect)
    if manifest_format.scaffold_comment:
        comment = manifest_format.scaffold_comment.encode()
        content_by_path = {path: content + comment for path, content in content_by_path.items()}
    for template in scaffold.templates:
        content_by_path.update(
            _render_folder(files("plugport.cli") / "templates" / template, "", request)
        )
    return content_by_path


def write_files(folder: Path, content: Mapping[str, bytes]) -> None:
    """Write all files, or none. Raises `FilesExistError`."""
    # Check all paths before the first write, so that a conflict leaves no files.
    existing = [path for path in sorted(content) if (folder / path).exists()]
    if existing:
        raise FilesExistError(
            f"`{folder}` already has {', '.join(f'`{path}`' for path in existing)}",
            hint="Nothing was written. Choose another folder, or move the files.",
            context={"paths": existing},
        )
    written = []
    try:
        for path, text in content.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            # Exclusively: another program may create the file meanwhile.
            with target.open("xb") as file:
                written.append(target)
                file.write(text)
    except BaseException:
        # A half of a plugin would make the next run fail.
        for target in written:
            target.unlink()
        raise


def _build_manifest(request: ScaffoldRequest, scaffold: Scaffold) -> Manifest:
    # Plugin names and versions have no character that JSON escapes.
    values = {"slug": request.name.name, "version": FIRST_VERSION}
    kind_fields = json.loads(_render_template(json.dumps(scaffold.kind_fields), values))
    return Manifest(
        name=request.name,
        version=Version.parse(FIRST_VERSION),
        kind=request.kind,
        dialect=request.dialect,
        description=request.description,
        author=Person(request.author) if request.author else None,
        license=request.license,
        main=scaffold.main,
        kind_fields=kind_fields,
        components=dict(scaffold.components),
        permissions=Permissions(),
    )


def _render_folder(
    folder: Traversable, path: str, request: ScaffoldRequest
) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _render_folder(item, f"{path}{item.name}/", request)
        # The suffix keeps linters and test runners of this project from reading the templates,
        # and packaging tools leave out names that begin with a dot.
        elif item.name.endswith(".tmpl"):
            name = f"{path}{item.name.removesuffix('.tmpl')}".replace("dot-", ".", 1)
            target = name.replace("__slug__", request.name.name)
            yield (
                target,
                _render_template(item.read_text("utf-8"), _build_template_values(request)).encode(),
            )


def _build_template_values(request: ScaffoldRequest) -> dict[str, str]:
    # Templates put the description into comments and docstrings, which it must not end (CWE-94).
    escaped = request.description.replace("\\", "/").replace('"', "'").replace("*/", "* /")
    return {
        "name": str(request.name),
        "slug": request.name.name,
        "title": request.name.name.replace("-", " ").replace(".", " ").capitalize(),
        "description": escaped,
        "description_json": json.dumps(request.description, ensure_ascii=False),
        "author": request.author or "the author",
        "license": request.license,
        "version": FIRST_VERSION,
        "permissions_text": PERMISSIONS_TEXT,
    }


def _render_template(text: str, values: Mapping[str, str]) -> str:
    for key, value in values.items():
        text = text.replace(f"{{{{{key}}}}}", value)
    return text
