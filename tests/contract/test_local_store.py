"""The store that keeps packages in a folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation

from common.http.errors import StorageError
from registry.storage.base import ObjectStore
from registry.storage.local import LocalObjectStore
from tests.contract.object_store import ObjectStoreContract


def use_folder(settings: Any, location: Path) -> LocalObjectStore:
    settings.STORAGES = {
        **settings.STORAGES,
        "packages": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(location)},
        },
    }
    return LocalObjectStore("packages")


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> ObjectStore:
    return use_folder(settings, tmp_path / "packages")


@pytest.fixture
def broken_store(settings: Any, tmp_path: Path) -> ObjectStore:
    """A store with a file in place of its folder."""
    (tmp_path / "packages").write_text("no folder")
    return use_folder(settings, tmp_path / "packages")


class TestLocalObjectStore(ObjectStoreContract):
    """Files of the same disk are linked, not copied."""

    def test_a_put_costs_no_space(self, store: ObjectStore, small: Path, tmp_path: Path) -> None:
        store.put_file("quarantine/a", small)
        store.promote("quarantine/a", "packages/aa/a")
        assert (tmp_path / "packages/packages/aa/a").stat().st_ino == small.stat().st_ino

    def test_an_object_has_a_path_and_no_url(
        self, store: ObjectStore, small: Path, tmp_path: Path
    ) -> None:
        store.put_file("quarantine/a", small)
        assert store.find_path("quarantine/a") == tmp_path / "packages/quarantine/a"
        assert store.find_signed_url("quarantine/a", seconds=60) is None
        with pytest.raises(FileNotFoundError):
            store.find_path("quarantine/none")

    def test_a_path_in_a_broken_store_is_an_error(self, broken_store: ObjectStore) -> None:
        with pytest.raises(StorageError):
            broken_store.find_path("quarantine/a")


class TestLocalObjectStoreOnAnotherDisk(ObjectStoreContract):
    """Where links are not possible, files are copied next to the objects and then renamed."""

    @pytest.fixture(autouse=True)
    def _no_links(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(source: Path, _target: Path) -> None:
            Path(source).stat()
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        monkeypatch.setattr(os, "link", refuse)

    def test_a_copy_has_its_own_bytes(
        self, store: ObjectStore, small: Path, tmp_path: Path
    ) -> None:
        store.put_file("quarantine/a", small)
        small.write_bytes(b"changed")
        assert (tmp_path / "packages/quarantine/a").read_bytes() == b"0123456789"


def test_keys_do_not_lead_out_of_the_folder(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SuspiciousFileOperation):
        store.put_file("../outside", tmp_path / "file")
