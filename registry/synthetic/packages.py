"""The package of an invented plugin: small, and whole, so that it can be installed."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from plugport.spec.archive.tar_writer import END_BLOCKS, make_headers, pad
from plugport.spec.manifest.dialects.registry import get_dialect
from plugport.spec.manifest.writing import build_document
from registry.synthetic.invent import InventedPlugin


@dataclass(frozen=True, slots=True)
class InventedPackage:
    """The bytes, what they are made of, and the files as a release lists them."""

    body: bytes
    manifest_path: str
    manifest_text: str
    readme: str
    files: list[dict[str, Any]]

    @property
    def unpacked_bytes(self) -> int:
        """The size of its files together."""
        return sum(file["size"] for file in self.files)


def make_package(plugin: InventedPlugin) -> InventedPackage:
    """Write manifest and README into a package; the same plugin gives the same bytes.

    The manifest is JSON, which is YAML: PyYAML takes thirty times as long to write the same.
    """
    dialect = get_dialect(plugin.manifest.dialect)
    manifest = json.dumps(build_document(plugin.manifest, dialect), ensure_ascii=False, indent=1)
    readme = write_readme(plugin)
    texts = {"README.md": readme.encode(), dialect.path: manifest.encode()}
    blocks = [
        make_headers(path, len(text), executable=False) + text + pad(len(text))
        for path, text in texts.items()
    ]
    files = [
        {
            "path": path,
            "size": len(text),
            "sha256": hashlib.sha256(text).hexdigest(),
            "executable": False,
        }
        for path, text in texts.items()
    ]
    body = gzip.compress(b"".join(blocks) + END_BLOCKS, compresslevel=1, mtime=0)
    return InventedPackage(body, dialect.path, manifest, readme, files)


def write_readme(plugin: InventedPlugin) -> str:
    """Says what it is: nobody shall take an invented plugin for a real one."""
    manifest = plugin.manifest
    return (
        f"# {manifest.display_name}\n\n{manifest.description}\n\n"
        "This plugin was invented by `manage.py make_catalogue`: it does nothing.\n\n"
        f"```sh\nplugport install {manifest.name}\n```\n"
    )
