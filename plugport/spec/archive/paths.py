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
    make_path_error,
)
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.text import show

_RENAME = "Rename the file."
# `C:x` is relative to the current folder of drive C, which is no better than `C:/x`.
_DRIVE = re.compile(r"[A-Za-z]:")
# Nearly all paths: those that need no look at every character.
_PLAIN = re.compile(r"[A-Za-z0-9_+@=,/()\[\]{} .-]*\Z")
# A colon also opens a second stream of a file on NTFS.
_RESERVED_CHARS = frozenset('<>:"|?*')
_RESERVED_NAMES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"]
)
# Characters that turn the reading direction and so disguise a name: `exe.txt` for `txt.exe`.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Controls, surrogates, line and paragraph separators (Unicode general categories).
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def decode_path(raw: bytes) -> str:
    """Decode a member's name. Raises `PathEncodingError` unless it is UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise make_path_error(
            PathEncodingError,
            raw.decode("utf-8", "backslashreplace"),
            "is not UTF-8",
            hint="Rename the file, or pack on a system whose file names are UTF-8.",
        ) from None


def check_path(path: str, limits: ArchiveLimits) -> None:
    """Raise the `PathError` that fits unless `path` is a clean relative path with `/`.

    `path` has no leading `./` and no trailing `/` any more.
    """
    _check_size(path, limits)
    _check_characters(path)
    _check_root(path)
    parts = path.split("/")
    if ".." in parts:
        hint = "A path in a package has no `..` part."
        raise make_path_error(PathTraversalError, path, "leads out of the package", hint=hint)
    for part in parts:
        _check_part(path, part, limits)
    if not path.isascii():
        _check_lookalike(path)


def _check_size(path: str, limits: ArchiveLimits) -> None:
    depth = path.count("/") + 1
    if depth > limits.depth:
        raise make_path_error(
            PathTooDeepError,
            path,
            f"has {depth} levels; {limits.depth} are allowed",
            found=depth,
            allowed=limits.depth,
        )
    size = len(path.encode("utf-8"))
    if size > limits.path_bytes:
        raise make_path_error(
            PathTooLongError,
            path,
            f"has {size} bytes; {limits.path_bytes} are allowed in a path",
            found=size,
            allowed=limits.path_bytes,
        )


def _check_characters(path: str) -> None:
    if _PLAIN.match(path):
        return
    for char in path:
        if char in _BIDI or unicodedata.category(char) in _CONTROL_CATEGORIES:
            point = f"U+{ord(char):04X}"
            fault = f"has the control character {point}"
            raise make_path_error(ControlCharacterError, path, fault, hint=_RENAME, found=point)


def _check_root(path: str) -> None:
    if path.startswith(("/", "\\\\")) or _DRIVE.match(path):
        hint = "Paths in a package are relative to the plugin's folder."
        raise make_path_error(AbsolutePathError, path, "is an absolute path", hint=hint)
    if "\\" in path:
        hint = "Separate folders with `/`."
        raise make_path_error(BackslashPathError, path, "has a backslash", hint=hint)


def _check_part(path: str, part: str, limits: ArchiveLimits) -> None:
    if part in {"", "."}:
        raise make_path_error(MalformedPathError, path, "has an empty or `.` part")
    size = len(part.encode("utf-8"))
    if size > limits.component_bytes:
        raise make_path_error(
            PathTooLongError,
            path,
            f"has a part of {size} bytes; {limits.component_bytes} are allowed",
            found=size,
            allowed=limits.component_bytes,
        )
    if reason := _find_unportable(part):
        fault = f"cannot be stored on every system: {reason}"
        raise make_path_error(UnportablePathError, path, fault, hint=_RENAME)


def _find_unportable(part: str) -> str | None:
    """Why Windows cannot store this part of a path, or None."""
    # Windows cuts these off, so `a.` and `a` would be one file there.
    if part[-1] in " .":
        return "a part of it ends in a space or a dot"
    if bad := next((char for char in part if char in _RESERVED_CHARS), None):
        return f"it has the character `{bad}`"
    # Devices keep their meaning with any extension and in any folder.
    if part.partition(".")[0].rstrip(" ").casefold() in _RESERVED_NAMES:
        return f"{show(part)} is the name of a device on Windows"
    return None


def _check_lookalike(path: str) -> None:
    """Refuse what becomes a separator or `..` where names are folded to compatible characters."""
    folded = unicodedata.normalize("NFKC", path)
    if "\\" in folded or folded.count("/") != path.count("/") or ".." in folded.split("/"):
        fault = "has characters that some systems read as a separator or as `..`"
        raise make_path_error(PathTraversalError, path, fault, hint=_RENAME)
