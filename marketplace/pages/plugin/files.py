"""The files of a release as folders to walk through, and one file to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.images.sniff import SVG, sniff_image
from marketplace.pages.plugin.code import CodePage, build_code_page, build_part, read_text
from marketplace.readme.place import MAX_PICTURE_BYTES
from plugport.spec.errors import LimitedError
from plugport.spec.text import show
from registry.contents import read_release_file, read_release_part
from registry.errors import UnknownFileError
from registry.models import Release

ENTRIES_A_PAGE = 300
# Larger files, and those that readers ask it for, are shown in parts of so many bytes.
MAX_SHOWN_BYTES = 512 << 10
PART_BYTES = 40_000
# A character of UTF-8 has at most so many bytes after its first.
_SEAM_BYTES = 3
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
class View:
    """How a file is asked for: from which line on, or which part, and a drawing as its source."""

    start: int = 1
    part: int = 1
    as_text: bool = False
    in_parts: bool = False


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file to read: its lines, or that it is a picture, or in `reason` why neither.

    `has_source`: it is a picture that is text as well. `part` of `parts` is shown, 0 if all lines
    can be reached by their numbers.
    """

    entry: Mapping[str, Any]
    code: CodePage | None = None
    is_image: bool = False
    has_source: bool = False
    reason: str = ""
    part: int = 0
    parts: int = 0

    @property
    def is_small(self) -> bool:
        """Whether it can be shown by line."""
        return bool(self.entry["size"] <= MAX_SHOWN_BYTES)


def split_crumbs(path: str) -> list[tuple[str, str]]:
    """Name and path of each folder above `path`, outermost first, and of itself."""
    parts = path.split("/") if path else []
    return [(part, "/".join(parts[: index + 1])) for index, part in enumerate(parts)]


def open_path(release: Release, path: str, view: View) -> Folder | OpenFile:
    """The folder or file at `path` ("" is the whole release). Raises `UnknownFileError`."""
    files = release.contents.files
    entry = next((each for each in files if each["path"] == path), None)
    if entry is not None:
        return open_file(release, entry, view)
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


def open_file(release: Release, entry: Mapping[str, Any], view: View) -> OpenFile:
    """The file, as far as it can be shown."""
    if not release.is_served:
        return OpenFile(entry, reason=f"This release is {release.state}: its files are not shown.")
    try:
        found = _find_image(release, entry)
        if found and not (found == SVG and (view.as_text or view.in_parts)):
            return OpenFile(entry, is_image=True, has_source=found == SVG)
        if view.in_parts or entry["size"] > MAX_SHOWN_BYTES:
            return _open_part(release, entry, view.part, has_source=found == SVG)
        content = read_release_file(release, entry["path"], max_bytes=MAX_SHOWN_BYTES)
    except LimitedError as error:
        return OpenFile(entry, reason=f"It is not shown here: {error.detail}")
    text = read_text(content)
    if text is None:
        return OpenFile(entry, reason="It is not text, so it is not shown here.")
    code = build_code_page(text, entry["path"], start=view.start)
    return OpenFile(entry, code=code, has_source=found == SVG)


def _find_image(release: Release, entry: Mapping[str, Any]) -> str | None:
    """The type of the picture that the file is; the bytes say so, not its name alone."""
    path = entry["path"]
    if not path.lower().endswith(IMAGE_TYPES) or entry["size"] > MAX_PICTURE_BYTES:
        return None
    return sniff_image(read_release_file(release, path, max_bytes=MAX_PICTURE_BYTES))


def _open_part(
    release: Release, entry: Mapping[str, Any], number: int, *, has_source: bool
) -> OpenFile:
    """A part of a file, counted from 1; the last one for numbers beyond."""
    parts = max(1, -(-entry["size"] // PART_BYTES))
    number = min(number, parts)
    start = (number - 1) * PART_BYTES
    stop = start + PART_BYTES + _SEAM_BYTES
    found = read_release_part(release, entry["path"], start=start, stop=stop)
    text = read_text(_cut_at_seams(found.content, is_first=number == 1))
    code = None if text is None else build_part(text, first=found.lines_before + 1)
    reason = "This part of it is not text." if text is None else ""
    return OpenFile(
        entry, code=code, has_source=has_source, reason=reason, part=number, parts=parts
    )


def _cut_at_seams(content: bytes, *, is_first: bool) -> bytes:
    """The part without the rest of the character before it, and with all of its last one."""
    first, last = 0, PART_BYTES
    while not is_first and first < min(_SEAM_BYTES, len(content)) and _goes_on(content[first]):
        first += 1
    while last < len(content) and _goes_on(content[last]):
        last += 1
    return content[first:last]


def _goes_on(byte: int) -> bool:
    """Whether the byte stands inside a character of UTF-8."""
    return byte & 0xC0 == 0x80
