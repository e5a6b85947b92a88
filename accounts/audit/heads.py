"""The head of the chain outside the database: a file in the data folder, which the sealer appends to.

A database without its newest entries has a chain that is correct and too short. The file shows it. Each line is a sequence, the digest there, and the time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from accounts.audit.instance_key import get_public_key, load_instance_key

_FOLDER, _FILE, _OLDER, _KEYS = "audit", "heads", "heads.1", "trusted_keys"
_MAX_BYTES = 4 << 20
_LINE = re.compile(r"(?P<sequence>[1-9][0-9]{0,17}) (?P<digest>[0-9a-f]{64}) (?P<at>\S{1,40})\n")
_MAX_LINE_CHARS = 200
_PUBLIC_KEY = re.compile(r"[0-9a-f]{64}")


class HeadFileError(ValueError):
    """A line of the file is no head."""


@dataclass(frozen=True, slots=True)
class Head:
    """A place in the chain. Sequence 0 is the start of an empty one."""

    sequence: int
    digest: str


def get_audit_folder() -> Path:
    """The folder of the files, which may not exist."""
    return Path(settings.DATA_DIR) / _FOLDER


def append_head(head: Head, at: dt.datetime) -> None:
    """Append a head and flush it to disk. Raises `OSError`."""
    folder = get_audit_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / _FILE
    line = f"{head.sequence} {head.digest} {at.isoformat(timespec='seconds')}\n".encode("ascii")
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    handle = os.open(path, flags, 0o600)
    try:
        # A process that was killed, or a full disk, can have left half a line.
        if (size := os.fstat(handle).st_size) and not _ends_with_newline(path):
            line = b"\n" + line
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)
    if size > _MAX_BYTES:
        path.replace(folder / _OLDER)
        # The new file has the head too, so that it is never without one.
        append_head(head, at)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def iter_heads(folder: Path | None = None) -> Iterator[Head]:
    """The heads in the order in which they were written. Raises `HeadFileError` and `OSError`.

    Half a line, which a crash leaves, is skipped.
    """
    for name in (_OLDER, _FILE):
        path = (folder or get_audit_folder()) / name
        with (
            contextlib.suppress(FileNotFoundError),
            path.open(encoding="ascii", errors="replace") as file,
        ):
            while line := file.readline(_MAX_LINE_CHARS):
                if match := _LINE.fullmatch(line):
                    yield Head(int(match["sequence"]), match["digest"])
                elif not _is_part(line):
                    raise HeadFileError(f"`{path}` has an invalid line.")


def _is_part(line: str) -> bool:
    """Whether the line is the beginning of a head."""
    return bool(re.fullmatch(r"(?:[1-9][0-9]{0,17}(?: [0-9a-f]{0,64}(?: \S{0,40})?)?)?\n?", line))


def start_over(head: Head | None, public_keys: list[str], at: dt.datetime) -> None:
    """Begin new files for a chain that was restored from a backup, and keep the old ones aside.

    `public_keys` signed the checkpoints of the backup. Raises `ValueError` for values that are none, and
    `OSError`.
    """
    if head is not None and not _LINE.fullmatch(f"{head.sequence} {head.digest} -\n"):
        raise ValueError("it has no head of an audit log")
    if not all(_PUBLIC_KEY.fullmatch(key) for key in public_keys):
        raise ValueError("it has a key that is none")
    folder = get_audit_folder()
    if folder.exists():
        folder.rename(folder.with_name(f"{_FOLDER}.before-restore-{at:%Y%m%d%H%M%S%f}"))
    folder.mkdir(mode=0o700, parents=True)
    if head is not None:
        append_head(head, at)
    if public_keys:
        path = folder / _KEYS
        path.write_text("".join(f"{key}\n" for key in public_keys), encoding="ascii")
        path.chmod(0o600)


def list_public_keys() -> list[str]:
    """The public key of this instance, and those of earlier ones. Raises `OSError`."""
    return list(dict.fromkeys([get_public_key(load_instance_key()), *list_trusted_keys()]))


def list_trusted_keys() -> list[str]:
    """The public keys of earlier instances whose backup this one was restored from."""
    try:
        lines = (get_audit_folder() / _KEYS).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    return [line for line in lines if _PUBLIC_KEY.fullmatch(line)]
