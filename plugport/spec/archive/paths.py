r"""The rules for paths in a package, so that every system creates the same files.

Allowed is what Linux, macOS and Windows can all store (Windows: "Naming Files, Paths, and
Namespaces"), because a plugin must unpack on every machine. The rules also prevent path traversal
(CWE-22) on systems with other separators.
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
    build_path_error,
)
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.device_names import find_device_name
from plugport.spec.text import quote_text

_RENAME = "Rename the file."
# `C:x` is relative to the current folder of drive C, so it is refused like `C:/x`.
_DRIVE = re.compile(r"[A-Za-z]:")
# A fast path for almost all paths: these characters need no further check.
_PLAIN = re.compile(r"[A-Za-z0-9_+@=,/()\[\]{} .-]*\Z")
# On NTFS, a colon also opens an alternate data stream.
_RESERVED_CHARS = frozenset('<>:"|?*')
# Characters that change the text direction and disguise names: `exe.txt` for `txt.exe`
# (CVE-2021-42574).
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Unicode general categories: controls, surrogates, line and paragraph separators.
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def decode_path(raw: bytes) -> str:
    """Decode the path of a member as UTF-8. Raises `PathEncodingError`."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise build_path_error(
            PathEncodingError,
            raw.decode("utf-8", "backslashreplace"),
            "is not valid UTF-8",
            hint="Rename the file, or pack on a system with UTF-8 file names.",
        ) from None


def check_path(path: str, limits: ArchiveLimits) -> None:
    """Check a relative path without a leading `./` and without a trailing `/`.

    Raises the subclass of `PathError` for the first rule that the path breaks.
    """
    _check_size(path, limits)
    _check_characters(path)
    _check_root(path)
    parts = path.split("/")
    if ".." in parts:
        hint = "Paths in a package cannot contain `..`."
        raise build_path_error(PathTraversalError, path, "points outside of the package", hint=hint)
    for part in parts:
        _check_part(path, part, limits)
    if not path.isascii():
        _check_lookalike(path)


def _check_size(path: str, limits: ArchiveLimits) -> None:
    depth = path.count("/") + 1
    if depth > limits.depth:
        raise build_path_error(
            PathTooDeepError,
            path,
            f"has {depth} levels; the limit is {limits.depth}",
            found=depth,
            allowed=limits.depth,
        )
    size = len(path.encode("utf-8"))
    if size > limits.path_bytes:
        raise build_path_error(
            PathTooLongError,
            path,
            f"has {size} bytes; the limit for a path is {limits.path_bytes}",
            found=size,
            allowed=limits.path_bytes,
        )


def _check_characters(path: str) -> None:
    if _PLAIN.match(path):
        return
    for char in path:
        if char in _BIDI or unicodedata.category(char) in _CONTROL_CATEGORIES:
            point = f"U+{ord(char):04X}"
            problem = f"has the control character {point}"
            raise build_path_error(ControlCharacterError, path, problem, hint=_RENAME, found=point)


def _check_root(path: str) -> None:
    if path.startswith(("/", "\\\\")) or _DRIVE.match(path):
        hint = "Use a path relative to the folder of the plugin."
        raise build_path_error(AbsolutePathError, path, "is an absolute path", hint=hint)
    if "\\" in path:
        hint = "Use `/` as the separator."
        raise build_path_error(BackslashPathError, path, "has a backslash", hint=hint)


def _check_part(path: str, part: str, limits: ArchiveLimits) -> None:
    if part in {"", "."}:
        raise build_path_error(MalformedPathError, path, "has an empty or `.` component")
    size = len(part.encode("utf-8"))
    if size > limits.component_bytes:
        raise build_path_error(
            PathTooLongError,
            path,
            f"has a component of {size} bytes; the limit is {limits.component_bytes}",
            found=size,
            allowed=limits.component_bytes,
        )
    if reason := _find_unportable(part):
        problem = f"cannot be stored on every system: {reason}"
        raise build_path_error(UnportablePathError, path, problem, hint=_RENAME)


def _find_unportable(part: str) -> str | None:
    """The reason why Windows cannot store this component, or None."""
    # Windows strips these characters, so `a.` and `a` are the same file there.
    if part[-1] in " .":
        return "a component ends with a space or a dot"
    if bad := next((char for char in part if char in _RESERVED_CHARS), None):
        return f"it has the character `{bad}`"
    if find_device_name(part):
        return f"{quote_text(part)} is a device name on Windows"
    return None


def _check_lookalike(path: str) -> None:
    """Refuse characters that NFKC normalization turns into a separator or `..`."""
    folded = unicodedata.normalize("NFKC", path)
    if "\\" in folded or folded.count("/") != path.count("/") or ".." in folded.split("/"):
        problem = "has characters that some systems convert to a separator or to `..`"
        raise build_path_error(PathTraversalError, path, problem, hint=_RENAME)
