"""Browse the files of a release: folders, and one file at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.safestring import SafeString

from marketplace.images.content_type import SVG, sniff_image
from marketplace.pages.plugin.code import CodePage, build_code_page, build_part_page, decode_text
from marketplace.pagination import build_pagination
from marketplace.readme.link_base import MAX_IMAGE_BYTES
from plugport.spec.errors import LimitedError
from plugport.spec.text import quote_text
from registry.api.v1.parameters import get_int_parameter, get_text_parameter
from registry.errors import PackageDeletedError, UnknownFileError
from registry.models import Release
from registry.queries.catalog import MAX_PAGE
from registry.queries.package_files import load_release_file, load_release_part
from registry.visibility import Audience, get_contents

# A package may have thousands of files in one folder.
ENTRIES_PER_PAGE = 300
# Larger files are shown in parts; smaller ones too if the URL says `as=parts`.
MAX_WHOLE_FILE_BYTES = 512 << 10
PART_BYTES = 40_000
# A UTF-8 character has at most three bytes after the first (RFC 3629).
_MAX_CONTINUATION_BYTES = 3
# Larger files are shown in parts, so no file shown by line number has as many lines.
MAX_LINE_NUMBER = 10_000_000
IMAGE_TYPES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or a folder with the number of `files` below it."""

    name: str
    path: str
    size_bytes: int
    files: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """The entries of a folder, subfolders first."""

    path: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to show a file: its first line, or the part; `as_text` shows an SVG as source.

    `audience` decides which releases have files to show.
    """

    start: int = 1
    part: int = 1
    as_text: bool = False
    in_parts: bool = False
    audience: Audience = Audience.EVERYONE


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file: its lines, or an image, or in `reason` why it is not shown.

    `has_source`: it is an image with a readable source (SVG). `part` of `parts` is shown; 0 if the
    file is shown by line numbers.
    """

    entry: Mapping[str, Any]
    code: CodePage | None = None
    is_image: bool = False
    has_source: bool = False
    reason: str = ""
    part: int = 0
    parts: int = 0

    @property
    def has_line_view(self) -> bool:
        """Whether the file is small enough to be shown by line numbers."""
        return bool(self.entry["size"] <= MAX_WHOLE_FILE_BYTES)


def build_path_context(
    query: QueryDict, release: Release, path: str, *, audience: Audience = Audience.EVERYONE
) -> dict[str, Any]:
    """Return what `partials/plugin_files.html` shows of the folder or file at `path`.

    The query has `start` or `page`, and `as`. Raises `UnknownFileError`.
    """
    number = get_int_parameter(query, "page", 1, MAX_PAGE)
    start = get_int_parameter(query, "start", 1, MAX_LINE_NUMBER)
    form = get_text_parameter(query, "as")
    options = FileOptions(start, number, form == "text", form == "parts", audience)
    opened = load_path(release, path, options)
    context: dict[str, Any] = {"breadcrumbs": build_breadcrumbs(path)}
    if isinstance(opened, Folder):
        first = (number - 1) * ENTRIES_PER_PAGE
        pages = -(-len(opened.entries) // ENTRIES_PER_PAGE)
        context["entries"] = opened.entries[first : first + ENTRIES_PER_PAGE]
        context["file_count"] = len(get_contents(release, audience).files)
    else:
        context["file"] = opened
        number, pages = opened.part, opened.parts
    context["pagination"] = build_pagination(query, number=number, pages=pages)
    return context


def build_breadcrumbs(path: str) -> list[tuple[str, str]]:
    """Return name and path of each folder above `path`, outermost first, and of `path` itself."""
    parts = path.split("/") if path else []
    return [(part, "/".join(parts[: index + 1])) for index, part in enumerate(parts)]


def load_path(release: Release, path: str, view: FileOptions) -> Folder | OpenFile:
    """Load the folder or file at `path` ("" is the root). Raises `UnknownFileError`."""
    files = get_contents(release, view.audience).files
    entry = next((each for each in files if each["path"] == path), None)
    if entry is not None:
        return load_file(release, entry, view)
    folder = build_folder(files, path)
    if path and not folder.entries:
        raise UnknownFileError(
            f"`{release}` has no file {quote_text(path)}.",
            hint="See the Files tab of the release.",
        )
    return folder


def build_folder(files: Sequence[Mapping[str, Any]], path: str) -> Folder:
    """Return the direct entries of a folder."""
    prefix = f"{path}/" if path else ""
    folders: dict[str, tuple[int, int]] = {}
    direct_files = []
    for each in files:
        if not each["path"].startswith(prefix):
            continue
        name, slash, _rest = each["path"][len(prefix) :].partition("/")
        if slash:
            count, size = folders.get(name, (0, 0))
            folders[name] = (count + 1, size + each["size"])
        else:
            direct_files.append(Entry(name, each["path"], each["size"]))
    subfolders = [Entry(name, f"{prefix}{name}", size, n) for name, (n, size) in folders.items()]
    ordered = [*sorted(subfolders, key=_get_sort_key), *sorted(direct_files, key=_get_sort_key)]
    return Folder(path, ordered)


def _get_sort_key(entry: Entry) -> tuple[str, str]:
    return entry.name.lower(), entry.name


def load_file(release: Release, entry: Mapping[str, Any], view: FileOptions) -> OpenFile:
    """Load a file, or the reason why it cannot be shown."""
    try:
        image_type = _find_image_type(release, entry, view.audience)
        # An SVG is text too, and may contain script that reviewers want to read.
        if image_type and not (image_type == SVG and (view.as_text or view.in_parts)):
            return OpenFile(entry, is_image=True, has_source=image_type == SVG)
        if view.in_parts or entry["size"] > MAX_WHOLE_FILE_BYTES:
            return _load_part(release, entry, view, has_source=image_type == SVG)
        content = load_release_file(
            release, entry["path"], max_bytes=MAX_WHOLE_FILE_BYTES, audience=view.audience
        )
    except (LimitedError, PackageDeletedError) as error:
        return OpenFile(entry, reason=f"The file cannot be shown: {error.detail}")
    text = decode_text(content)
    if text is None:
        return OpenFile(entry, reason="Binary file: the content is not shown.")
    query = SafeString("as=text&amp;" if image_type == SVG else "")
    code = build_code_page(text, entry["path"], start=view.start, query=query)
    return OpenFile(entry, code=code, has_source=image_type == SVG)


def _find_image_type(release: Release, entry: Mapping[str, Any], audience: Audience) -> str | None:
    """Return the media type of an image, judged by its content and not by its name (CWE-434)."""
    path = entry["path"]
    if not path.lower().endswith(IMAGE_TYPES) or entry["size"] > MAX_IMAGE_BYTES:
        return None
    content = load_release_file(release, path, max_bytes=MAX_IMAGE_BYTES, audience=audience)
    return sniff_image(content)


def _load_part(
    release: Release, entry: Mapping[str, Any], view: FileOptions, *, has_source: bool
) -> OpenFile:
    """Load a part of a file. The first is 1; a number beyond the end is the last."""
    parts = max(1, -(-entry["size"] // PART_BYTES))
    number = min(view.part, parts)
    start = (number - 1) * PART_BYTES
    # Some bytes more than a part, to complete a character that crosses the boundary.
    stop = start + PART_BYTES + _MAX_CONTINUATION_BYTES
    loaded = load_release_part(
        release, entry["path"], start=start, stop=stop, audience=view.audience
    )
    text = decode_text(_trim_to_characters(loaded.content, is_first=number == 1))
    code = None if text is None else build_part_page(text, first=loaded.lines_before + 1)
    reason = "This part of the file is binary." if text is None else ""
    return OpenFile(
        entry, code=code, has_source=has_source, reason=reason, part=number, parts=parts
    )


def _trim_to_characters(content: bytes, *, is_first: bool) -> bytes:
    """Drop the end of the previous part's last character and complete the last one of this part."""
    first, last = 0, PART_BYTES
    while (
        not is_first
        and first < min(_MAX_CONTINUATION_BYTES, len(content))
        and _is_continuation_byte(content[first])
    ):
        first += 1
    while last < len(content) and _is_continuation_byte(content[last]):
        last += 1
    return content[first:last]


def _is_continuation_byte(byte: int) -> bool:
    """Whether the byte continues a UTF-8 character (RFC 3629)."""
    return byte & 0xC0 == 0x80
