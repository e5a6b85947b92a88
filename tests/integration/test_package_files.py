"""Loading one file of a stored package: the listed bytes, or a clear error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.cache import caches

from common.http.errors import StorageError
from plugport.spec.archive.model import ArchiveLimits
from registry.actions import moderate_release
from registry.errors import (
    FileTooDeepError,
    FileTooLargeToReadError,
    ReleaseBlockedError,
    UnknownFileError,
)
from registry.jobs.runner import run_pending_jobs
from registry.queries import catalog, package_files
from registry.queries.package_files import load_release_file, load_release_part
from registry.queries.visible import EVERYBODY
from registry.storage import get_store
from registry.storage.keys import build_package_key
from tests.settings import STORAGES
from tests.support.archives import PackageBuilder
from tests.support.publishing import publish_bytes

KIB = 1 << 10


@pytest.fixture(scope="module")
def stored_package(module_publisher):
    """The key and the bytes of a package with a nested, an empty and a large file."""
    files = {"src/main.py": "print('hi')\n", "empty.txt": "", "noise.bin": os.urandom(600 * KIB)}
    release = module_publisher.publish("@acme/chat", files=files)
    key = build_package_key(catalog.get_artifact(release).digest)
    return key, Path(STORAGES["packages"]["OPTIONS"]["location"], key).read_bytes()


@pytest.fixture
def release(stored_package, db, packages_dir):
    """Its release, with a copy of the package that the test may damage."""
    key, body = stored_package
    path = packages_dir / key
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    return catalog.get_release("@acme/chat", "1.0.0", EVERYBODY)


@pytest.fixture
def owner(db, module_publisher):
    """The publisher."""
    return module_publisher.copy_actor()


def _object_path(packages_dir, release):
    return packages_dir / build_package_key(catalog.get_artifact(release).digest)


def test_every_listed_file_comes_out_whole(release):
    """Size and digest equal those in the release's list."""
    for entry in release.contents.files:
        content = load_release_file(release, entry["path"], max_bytes=1 << 20)
        assert len(content) == entry["size"], entry
    assert load_release_file(release, "src/main.py", max_bytes=KIB) == b"print('hi')\n"


def test_costs_no_query(release, django_assert_num_queries):
    """The release was loaded with everything that is needed."""
    with django_assert_num_queries(0):
        load_release_file(release, "src/main.py", max_bytes=KIB)


def test_a_folder_around_the_plugin(owner):
    """Paths are relative to the stripped folder; a second file of the same name is distinguished."""
    body = (
        PackageBuilder()
        .file("top/lib/README.md", "# other one\n")
        .file("top/plugport.yaml", _MANIFEST)
        .file("top/README.md", "# the one here\n")
        .build()
    )
    publish_bytes(owner, body)
    run_pending_jobs()
    release = catalog.get_release("vault", "1.0.0", EVERYBODY)
    assert load_release_file(release, "README.md", max_bytes=KIB) == b"# the one here\n"
    assert load_release_file(release, "lib/README.md", max_bytes=KIB) == b"# other one\n"


def test_same_size_in_a_folder_first(owner):
    """Of two candidates, the digest decides."""
    body = (
        PackageBuilder()
        .file("a/note.txt", "aaaa")
        .file("plugport.yaml", _MANIFEST)
        .file("note.txt", "bbbb")
        .build()
    )
    publish_bytes(owner, body)
    run_pending_jobs()
    release = catalog.get_release("vault", "1.0.0", EVERYBODY)
    assert load_release_file(release, "note.txt", max_bytes=KIB) == b"bbbb"
    assert load_release_file(release, "a/note.txt", max_bytes=KIB) == b"aaaa"


def test_unknown_paths(release):
    """Only listed paths can be loaded."""
    for path in ("nope", "", "../plugport.yaml", "/etc/passwd", "src", "\x00"):
        with pytest.raises(UnknownFileError):
            load_release_file(release, path, max_bytes=KIB)


def test_too_large(release):
    """The listed size is checked before anything is read."""
    with pytest.raises(FileTooLargeToReadError) as caught:
        load_release_file(release, "noise.bin", max_bytes=512 * KIB)
    assert caught.value.context == {"found": 600 * KIB, "allowed": 512 * KIB}


def test_parts_of_a_large_file(publisher):
    """The requested bytes and the number of lines before them, for a file of any size."""
    text = b"".join(b"line %d\n" % number for number in range(100_000))
    publisher.publish("@acme/large", files={"large.txt": text, "z.txt": "z"})
    release = catalog.get_release("@acme/large", "1.0.0", EVERYBODY)
    for start, stop in (
        (0, 10),
        (300_000, 300_100),
        (len(text) - 5, len(text) + 5),
        (1 << 30, 2 << 30),
    ):
        part = load_release_part(release, "large.txt", start=start, stop=stop)
        assert part.content == text[start:stop]
        assert part.lines_before == text.count(b"\n", 0, start)


def test_parts_are_kept_apart(release, packages_dir, monkeypatch):
    """Each part is cached separately, so that none is returned for another."""
    first = load_release_part(release, "noise.bin", start=0, stop=10)
    second = load_release_part(release, "noise.bin", start=10, stop=20)
    assert first.content != second.content
    _object_path(packages_dir, release).unlink()
    assert load_release_part(release, "noise.bin", start=0, stop=10) == first
    assert load_release_part(release, "noise.bin", start=10, stop=20) == second


def test_a_part_after_too_many_bytes_is_refused(release, monkeypatch):
    """There is a limit to what is decompressed for one reader."""
    monkeypatch.setattr(package_files, "MAX_SKIPPED_BYTES", 500 * KIB)
    with pytest.raises(FileTooDeepError):
        load_release_part(release, "noise.bin", start=0, stop=10)


def test_no_part_of_a_damaged_file(release, packages_dir):
    """The digest is that of the whole file, so all of it is read."""
    path = _object_path(packages_dir, release)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0xFF
    path.write_bytes(body)
    with pytest.raises(StorageError):
        load_release_part(release, "noise.bin", start=0, stop=10)


def test_a_file_after_too_many_bytes_is_refused(release, monkeypatch):
    """A file at the end of a very large package is refused."""
    monkeypatch.setattr(package_files, "MAX_SKIPPED_BYTES", 100)
    paths = [entry["path"] for entry in release.contents.files]
    with pytest.raises(FileTooDeepError):
        load_release_file(release, paths[-1], max_bytes=1 << 20)


def test_not_served(release, moderator):
    """A file of a blocked release cannot be loaded, cached or not."""
    load_release_file(release, "src/main.py", max_bytes=KIB)
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Looks odd.")
    release = catalog.get_release("@acme/chat", "1.0.0", EVERYBODY)
    with pytest.raises(ReleaseBlockedError):
        load_release_file(release, "src/main.py", max_bytes=KIB)


def test_damaged_in_the_store(release, packages_dir):
    """Bytes that differ from the listed digest are never returned."""
    path = _object_path(packages_dir, release)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0xFF
    path.write_bytes(body)
    with pytest.raises(StorageError):
        load_release_file(release, release.contents.files[-1]["path"], max_bytes=1 << 20)


def test_other_content_under_the_same_path(release):
    """A valid package with a different file is refused too."""
    entry = next(e for e in release.contents.files if e["path"] == "src/main.py")
    entry["sha256"] = "0" * 64
    with pytest.raises(StorageError, match="does not contain"):
        load_release_file(release, "src/main.py", max_bytes=KIB)


def test_missing_in_the_store(release):
    """A missing package is a storage error."""
    get_store().delete(build_package_key(catalog.get_artifact(release).digest))
    with pytest.raises(StorageError):
        load_release_file(release, "src/main.py", max_bytes=KIB)


def test_small_files_are_kept(release):
    """A second read does not use the storage; large files are not cached."""
    load_release_file(release, "src/main.py", max_bytes=KIB)
    load_release_file(release, "noise.bin", max_bytes=1 << 20)
    get_store().delete(build_package_key(catalog.get_artifact(release).digest))
    assert load_release_file(release, "src/main.py", max_bytes=KIB) == b"print('hi')\n"
    with pytest.raises(StorageError):
        load_release_file(release, "noise.bin", max_bytes=1 << 20)
    caches["files"].clear()
    with pytest.raises(StorageError):
        load_release_file(release, "src/main.py", max_bytes=KIB)


def test_time_runs_out(release, monkeypatch):
    """A store that is too slow ends in a storage error."""
    monkeypatch.setattr(package_files, "MAX_SECONDS", -1.0)
    with pytest.raises(StorageError, match="too long"):
        load_release_file(release, "src/main.py", max_bytes=KIB)


def test_limits_of_archives_hold(release, settings):
    """The registry's archive limits apply to stored packages too."""
    settings.ARCHIVE_LIMITS = ArchiveLimits(unpacked_bytes=10)
    with pytest.raises(StorageError, match="damaged"):
        load_release_file(release, release.contents.files[-1]["path"], max_bytes=1 << 20)


_MANIFEST = """\
schema: 1
name: vault
version: 1.0.0
kind: service
description: Keeps what it is given, and gives it back.
license: MIT
author: {name: Acme}
"""
