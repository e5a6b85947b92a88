"""The files of a release as folders to walk through, and one file to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.images.sniff import SVG, sniff_image
from marketplace.pages.plugin.code import CodePage, build_code_page, read_text
from marketplace.readme.place import MAX_PICTURE_BYTES
from plugport.spec.errors import LimitedError
from plugport.spec.text import show
from registry.contents import read_release_file
from registry.errors import UnknownFileError
from registry.models import Release

ENTRIES_A_PAGE = 300
MAX_SHOWN_BYTES = 512 << 10
IMAGE_TYPES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or a folder with the number of files in it; sizes in bytes."""

    name: str
    path: str
    size_bytes: int
    files: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies in a folder, folders first."""

    path: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file to read: its lines, or that it is a picture, or in `reason` why neither.

    `has_source`: it is a picture that is text as well.
    """

    entry: Mapping[str, Any]
    code: CodePage | None = None
    is_image: bool = False
    has_source: bool = False
    reason: str = ""


def split_crumbs(path: str) -> list[tuple[str, str]]:
    """Name and path of each folder above `path`, outermost first, and of itself."""
    parts = path.split("/") if path else []
    return [(part, "/".join(parts[: index + 1])) for index, part in enumerate(parts)]


def open_path(
    release: Release, path: str, *, start: int = 1, as_text: bool = False
) -> Folder | OpenFile:
    """The folder or file at `path` ("" is the whole release). Raises `UnknownFileError`."""
    files = release.contents.files
    entry = next((each for each in files if each["path"] == path), None)
    if entry is not None:
        return open_file(release, entry, start=start, as_text=as_text)
    folder = list_folder(files, path)
    if path and not folder.entries:
        raise UnknownFileError(
            f"`{release}` has no file {show(path)}.", hint="Its page lists the files there are."
        )
    return folder


def list_folder(files: Sequence[Mapping[str, Any]], path: str) -> Folder:
    """What lies directly in the folder."""
    prefix = f"{path}/" if path else ""
    folders: dict[str, tuple[int, int]] = {}
    plain = []
    for each in files:
        if not each["path"].startswith(prefix):
            continue
        name, mark, _rest = each["path"][len(prefix) :].partition("/")
        if mark:
            count, size = folders.get(name, (0, 0))
            folders[name] = (count + 1, size + each["size"])
        else:
            plain.append(Entry(name, each["path"], each["size"]))
    inner = [Entry(name, f"{prefix}{name}", size, n) for name, (n, size) in folders.items()]
    ordered = [*sorted(inner, key=_get_key), *sorted(plain, key=_get_key)]
    return Folder(path, ordered)


def _get_key(entry: Entry) -> tuple[str, str]:
    return entry.name.lower(), entry.name


def open_file(
    release: Release, entry: Mapping[str, Any], *, start: int, as_text: bool = False
) -> OpenFile:
    """The file, as far as it can be shown; a drawing as its source if `as_text`."""
    if not release.is_served:
        return OpenFile(entry, reason=f"This release is {release.state}: its files are not shown.")
    path = entry["path"]
    is_named_image = path.lower().endswith(IMAGE_TYPES)
    try:
        most = MAX_PICTURE_BYTES if is_named_image else MAX_SHOWN_BYTES
        content = read_release_file(release, path, max_bytes=most)
    except LimitedError as error:
        return OpenFile(entry, reason=f"It is not shown here: {error.detail}")
    found = sniff_image(content) if is_named_image else None
    has_source = found == SVG and len(content) <= MAX_SHOWN_BYTES
    if found and not (has_source and as_text):
        return OpenFile(entry, is_image=True, has_source=has_source)
    text = read_text(content) if len(content) <= MAX_SHOWN_BYTES else None
    if text is None:
        return OpenFile(entry, reason="It is not text, so it is not shown here.")
    code = build_code_page(text, path, start=start)
    return OpenFile(entry, code=code, has_source=has_source)
