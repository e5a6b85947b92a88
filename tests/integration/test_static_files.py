"""Static files as `collectstatic` stores them."""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
from django.contrib.staticfiles.storage import StaticFilesStorage as SourceStorage
from django.core.files.base import ContentFile

from config.compression import StaticFilesStorage


def test_static_files_are_stored_with_gzip_and_brotli(tmp_path: Path) -> None:
    content = b"body { color: teal }\n" * 200
    source = SourceStorage(tmp_path / "source", "/static/")
    target = StaticFilesStorage(tmp_path / "target", "/static/")
    for storage in (source, target):
        storage.save("css/page.css", ContentFile(content))
    done = list(target.post_process({"css/page.css": (source, "css/page.css")}))
    hashed = tmp_path / "target" / target.stored_name("css/page.css")
    assert hashed.name in {Path(new).name for _, new, _ in done}
    assert hashed.read_bytes() == content
    assert gzip.decompress(Path(f"{hashed}.gz").read_bytes()) == content
    assert brotli.decompress(Path(f"{hashed}.br").read_bytes()) == content
