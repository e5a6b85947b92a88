from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugport.spec.archive.errors import ArchiveError
from plugport.spec.archive.model import ArchiveLimits, Package
from plugport.spec.archive.reader import load_package
from tests.support.archives import Read, Refuse, Source


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a builder's package, or bytes as they are, within limits given by name."""

    def run(source: Source, *, tree: Path | None = None, **limits: int) -> Package:
        archive = tmp_path / "package.tar.gz"
        archive.write_bytes(source if isinstance(source, bytes) else source.build())
        return load_package(archive, limits=ArchiveLimits(**limits), tree=tree)

    return run


@pytest.fixture
def refuse(read: Read) -> Refuse:
    """Read an invalid package; return the error after checking its code."""

    def run(source: Source, code: str, **options: Any) -> ArchiveError:
        with pytest.raises(ArchiveError) as caught:
            read(source, **options)
        assert caught.value.code == code, str(caught.value)
        return caught.value

    return run
