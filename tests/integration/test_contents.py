"""One file out of a stored package: the promised bytes, or a clear error."""

from __future__ import annotations

import os

import pytest
from django.core.cache import caches

from plugport.spec.archive.model import ArchiveLimits
from registry import contents, queries
from registry.actions import moderate_release
from registry.contents import read_release_file, read_release_part
from registry.errors import (
    FileTooDeepError,
    FileTooLargeToReadError,
    ReleaseBlockedError,
    StorageError,
    UnknownFileError,
)
from registry.storage import get_store
from registry.storage.keys import make_package_key
from registry.work import work_off
from tests.support.archives import PackageBuilder
from tests.support.publishing import publish_bytes

KIB = 1 << 10


@pytest.fixture
def release(publisher):
    """A release with a nested file, an empty one and one of many bytes."""
    files = {"src/main.py": "print('hi')\n", "empty.txt": "", "noise.bin": os.urandom(600 * KIB)}
    publisher.publish("@acme/chat", files=files)
    return queries.get_release("@acme/chat", "1.0.0")


def _object_path(packages_dir, release):
    return packages_dir / make_package_key(queries.get_artifact(release).digest)


def test_every_listed_file_comes_out_whole(release):
    """Size and digest are those the release lists."""
    for entry in release.contents.files:
        content = read_release_file(release, entry["path"], max_bytes=1 << 20)
        assert len(content) == entry["size"], entry
    assert read_release_file(release, "src/main.py", max_bytes=KIB) == b"print('hi')\n"


def test_costs_no_query(release, django_assert_num_queries):
    """The release was read with all that is needed."""
    with django_assert_num_queries(0):
        read_release_file(release, "src/main.py", max_bytes=KIB)


def test_a_folder_around_the_plugin(owner):
    """Paths are those below the stripped folder, and a double of the name is told apart."""
    body = (
        PackageBuilder()
        .file("top/lib/README.md", "# other one\n")
        .file("top/plugport.yaml", _MANIFEST)
        .file("top/README.md", "# the one here\n")
        .build()
    )
    publish_bytes(owner, body)
    work_off()
    release = queries.get_release("vault", "1.0.0")
    assert read_release_file(release, "README.md", max_bytes=KIB) == b"# the one here\n"
    assert read_release_file(release, "lib/README.md", max_bytes=KIB) == b"# other one\n"


def test_same_size_in_a_folder_first(owner):
    """Of two files that may be meant, the digest decides."""
    body = (
        PackageBuilder()
        .file("a/note.txt", "aaaa")
        .file("plugport.yaml", _MANIFEST)
        .file("note.txt", "bbbb")
        .build()
    )
    publish_bytes(owner, body)
    work_off()
    release = queries.get_release("vault", "1.0.0")
    assert read_release_file(release, "note.txt", max_bytes=KIB) == b"bbbb"
    assert read_release_file(release, "a/note.txt", max_bytes=KIB) == b"aaaa"


@pytest.mark.parametrize("path", ["nope", "", "../plugport.yaml", "/etc/passwd", "src", "\x00"])
def test_unknown_paths(release, path):
    """Only listed paths name something."""
    with pytest.raises(UnknownFileError):
        read_release_file(release, path, max_bytes=KIB)


def test_too_large(release):
    """The listed size decides before anything is read."""
    with pytest.raises(FileTooLargeToReadError) as caught:
        read_release_file(release, "noise.bin", max_bytes=512 * KIB)
    assert caught.value.context == {"found": 600 * KIB, "allowed": 512 * KIB}


def test_parts_of_a_large_file(publisher):
    """Those bytes, with the lines before them, of whatever size the file is."""
    text = b"".join(b"line %d\n" % number for number in range(100_000))
    publisher.publish("@acme/chat", files={"large.txt": text, "z.txt": "z"})
    release = queries.get_release("@acme/chat", "1.0.0")
    for start, stop in (
        (0, 10),
        (300_000, 300_100),
        (len(text) - 5, len(text) + 5),
        (1 << 30, 2 << 30),
    ):
        part = read_release_part(release, "large.txt", start=start, stop=stop)
        assert part.content == text[start:stop]
        assert part.lines_before == text.count(b"\n", 0, start)


def test_parts_are_kept_apart(release, packages_dir, monkeypatch):
    """Each is found again without the store, and none is taken for another."""
    first = read_release_part(release, "noise.bin", start=0, stop=10)
    second = read_release_part(release, "noise.bin", start=10, stop=20)
    assert first.content != second.content
    _object_path(packages_dir, release).unlink()
    assert read_release_part(release, "noise.bin", start=0, stop=10) == first
    assert read_release_part(release, "noise.bin", start=10, stop=20) == second


def test_no_part_of_what_is_too_large(release, monkeypatch):
    """A file is not unpacked for one reader without a bound."""
    monkeypatch.setattr(contents, "MAX_SKIPPED_BYTES", 500 * KIB)
    with pytest.raises(FileTooDeepError):
        read_release_part(release, "noise.bin", start=0, stop=10)


def test_no_part_of_a_damaged_file(release, packages_dir):
    """The digest is that of the whole file, so all of it is read."""
    path = _object_path(packages_dir, release)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(body)
    with pytest.raises(StorageError):
        read_release_part(release, "noise.bin", start=0, stop=10)


def test_behind_too_much(release, monkeypatch):
    """A file at the end of a very large package is not dug out."""
    monkeypatch.setattr(contents, "MAX_SKIPPED_BYTES", 100)
    paths = [entry["path"] for entry in release.contents.files]
    with pytest.raises(FileTooDeepError):
        read_release_file(release, paths[-1], max_bytes=1 << 20)


def test_not_served(release, moderator):
    """What cannot be downloaded cannot be read either, cached or not."""
    read_release_file(release, "src/main.py", max_bytes=KIB)
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Looks odd.")
    release = queries.get_release("@acme/chat", "1.0.0")
    with pytest.raises(ReleaseBlockedError):
        read_release_file(release, "src/main.py", max_bytes=KIB)


def test_damaged_in_the_store(release, packages_dir):
    """Other bytes than promised never come out."""
    path = _object_path(packages_dir, release)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(body)
    with pytest.raises(StorageError):
        read_release_file(release, release.contents.files[-1]["path"], max_bytes=1 << 20)


def test_other_content_under_the_same_path(release):
    """A sound package with another file is as wrong."""
    entry = next(e for e in release.contents.files if e["path"] == "src/main.py")
    entry["sha256"] = "0" * 64
    with pytest.raises(StorageError, match="lacks"):
        read_release_file(release, "src/main.py", max_bytes=KIB)


def test_missing_in_the_store(release):
    """Told as a fault of the storage."""
    get_store().delete(make_package_key(queries.get_artifact(release).digest))
    with pytest.raises(StorageError):
        read_release_file(release, "src/main.py", max_bytes=KIB)


def test_small_files_are_kept(release):
    """The second reader needs no storage; large files are not kept."""
    read_release_file(release, "src/main.py", max_bytes=KIB)
    read_release_file(release, "noise.bin", max_bytes=1 << 20)
    get_store().delete(make_package_key(queries.get_artifact(release).digest))
    assert read_release_file(release, "src/main.py", max_bytes=KIB) == b"print('hi')\n"
    with pytest.raises(StorageError):
        read_release_file(release, "noise.bin", max_bytes=1 << 20)
    caches["files"].clear()
    with pytest.raises(StorageError):
        read_release_file(release, "src/main.py", max_bytes=KIB)


def test_time_runs_out(release, monkeypatch):
    """A store that is too slow is given up on."""
    monkeypatch.setattr(contents, "MAX_SECONDS", -1.0)
    with pytest.raises(StorageError, match="too long"):
        read_release_file(release, "src/main.py", max_bytes=KIB)


def test_limits_of_archives_hold(release, settings):
    """A stored package is read under the registry's limits too."""
    settings.ARCHIVE_LIMITS = ArchiveLimits(unpacked_bytes=10)
    with pytest.raises(StorageError, match="damaged"):
        read_release_file(release, release.contents.files[-1]["path"], max_bytes=1 << 20)


_MANIFEST = """\
schema: 1
name: vault
version: 1.0.0
kind: service
description: Keeps what it is given, and gives it back.
license: MIT
author: {name: Acme}
"""
