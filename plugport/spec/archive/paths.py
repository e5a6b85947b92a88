r"""What a path in a package may look like, so that every system reads it the same way.

The rules are the intersection of what Linux, macOS and Windows can store (Windows: "Naming
Files, Paths, and Namespaces"), because a plugin that unpacks on one machine only is broken.
"""

from __future__ import annotations

import re
import unicodedata

from plugport.spec.archive.errors import (
    AbsolutePathError,
    BackslashPathError,
    ControlCharacterError,
    MalformedPathError,
    PathEncodingError,
    PathTooDeepError,
    PathTooLongError,
    PathTraversalError,
    UnportablePathError,
)
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.text import show

_DRIVE = re.compile(r"[A-Za-z]:")
_PLAIN = re.compile(r"[A-Za-z0-9_+@=,/()\[\]{} .-]*\Z")
_RESERVED_CHARS = frozenset('<>:"|?*')
_RESERVED_NAMES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"]
)
# Characters that turn the reading direction and so disguise a name: `exe.txt` for `txt.exe`.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def decode_path(raw: bytes) -> str:
    """A member's name as text. Raises `PathEncodingError` unless it is UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        shown = show(raw.decode("latin-1"))
        raise PathEncodingError(
            f"The path {shown} is not UTF-8",
            hint="Rename the file, or pack on a system whose file names are UTF-8.",
            context={"path": shown},
        ) from None


def check_path(path: str, limits: ArchiveLimits) -> None:
    """Raise the `PathError` that fits unless `path` is a clean relative path with `/`.

    `path` has no leading `./` and no trailing `/` any more.
    """
    _check_size(path, limits)
    _check_characters(path)
    _check_root(path)
    parts = path.split("/")
    if len(parts) > limits.depth:
        raise PathTooDeepError(
            f"The path {show(path)} has {len(parts)} levels; {limits.depth} are allowed",
            context={"path": show(path), "found": len(parts), "allowed": limits.depth},
        )
    for part in parts:
        _check_part(path, part, limits)
    if not path.isascii():
        _check_lookalike(path)


def _check_size(path: str, limits: ArchiveLimits) -> None:
    size = len(path.encode("utf-8"))
    if size > limits.path_bytes:
        raise PathTooLongError(
            f"The path {show(path)} has {size} bytes; {limits.path_bytes} are allowed",
            context={"path": show(path), "found": size, "allowed": limits.path_bytes},
        )


def _check_characters(path: str) -> None:
    if _PLAIN.match(path):
        return
    for char in path:
        if char in _BIDI or unicodedata.category(char) in _CONTROL_CATEGORIES:
            raise ControlCharacterError(
                f"The path {show(path)} has the control character U+{ord(char):04X}",
                hint="Rename the file.",
                context={"path": show(path), "found": f"U+{ord(char):04X}"},
            )


def _check_root(path: str) -> None:
    if path.startswith(("/", "\\\\")) or _DRIVE.match(path):
        raise AbsolutePathError(
            f"The path {show(path)} is absolute",
            hint="Paths in a package are relative to the plugin's folder.",
            context={"path": show(path)},
        )
    if "\\" in path:
        raise BackslashPathError(
            f"The path {show(path)} has a backslash",
            hint="Separate folders with `/`.",
            context={"path": show(path)},
        )


def _check_part(path: str, part: str, limits: ArchiveLimits) -> None:
    if part == "..":
        raise PathTraversalError(
            f"The path {show(path)} leads out of the package",
            hint="A path in a package has no `..` part.",
            context={"path": show(path)},
        )
    if part in {"", "."}:
        raise MalformedPathError(
            f"The path {show(path)} has an empty or `.` part", context={"path": show(path)}
        )
    size = len(part.encode("utf-8"))
    if size > limits.component_bytes:
        raise PathTooLongError(
            f"The path {show(path)} has a part of {size} bytes; "
            f"{limits.component_bytes} are allowed",
            context={"path": show(path), "found": size, "allowed": limits.component_bytes},
        )
    if reason := _find_unportable(part):
        raise UnportablePathError(
            f"The path {show(path)} cannot be stored on every system: {reason}",
            hint="Rename the file.",
            context={"path": show(path), "found": reason},
        )


def _find_unportable(part: str) -> str | None:
    """Why Windows cannot store this part of a path, or None."""
    if part[-1] in " .":
        return "a part ends in a space or a dot"
    if bad := next((char for char in part if char in _RESERVED_CHARS), None):
        return f"the character `{bad}`"
    if part.partition(".")[0].rstrip(" ").casefold() in _RESERVED_NAMES:
        return f"{show(part)} is the name of a device on Windows"
    return None


def _check_lookalike(path: str) -> None:
    """Refuse what becomes a separator or `..` where names are folded to compatible characters."""
    folded = unicodedata.normalize("NFKC", path)
    if "\\" in folded or folded.count("/") != path.count("/") or ".." in folded.split("/"):
        raise PathTraversalError(
            f"The path {show(path)} has characters that some systems read as `/`, `\\` or `..`",
            hint="Rename the file.",
            context={"path": show(path)},
        )
