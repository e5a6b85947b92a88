"""Compare the permissions of two releases (PKG-6a).

    change = compare_permissions(before, after)
    change.gained.network      # hosts that no entry of `before` allows

A permission is *gained* if no single entry of the old release covers it. Write access covers read
access; a folder covers everything below it; `*.domain` covers the hosts of the domain; `*` covers
everything. If the text does not show whether an entry is covered (variables, unusual patterns), it
counts as gained, because reporting a permission twice is safer than hiding it.

Each entry has keys, and each requested entry has a small number of keys that would cover it, so that
comparing long lists takes linear time.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import ANY, PERMISSION_NAMES, build_permissions

_ROOTS = ("/", "~", "$", "%")
_PATTERN = re.compile(r"[*?\[]|(?<!\$)\{")
_VARIABLE = re.compile(r"[$%~]")
# Paths in packages are never this deep. A deeper path is covered only by an equal entry.
_MAX_PARTS = 64


class PermissionChange(Struct, frozen=True):
    """The permissions that only one of two releases has."""

    gained: Permissions
    lost: Permissions


def parse_permissions(data: object) -> Permissions:
    """Parse permissions from the JSON of a manifest or the API. Ignores values of other types."""
    lists: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    return build_permissions(**{name: _list_texts(lists.get(name)) for name in PERMISSION_NAMES})


def _list_texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def compare_permissions(before: Permissions, after: Permissions) -> PermissionChange:
    """The permissions that `after` gained compared with `before`, and those that it lost."""
    return PermissionChange(subtract_covered(after, by=before), subtract_covered(before, by=after))


def subtract_covered(requested: Permissions, *, by: Permissions) -> Permissions:
    """The entries of `requested` that no entry of `by` covers."""
    uncovered = {}
    for name, rule in _RULES.items():
        held = {key for entry in getattr(by, name) for key in rule.iter_keys(entry)}
        uncovered[name] = [
            entry
            for entry in getattr(requested, name)
            if held.isdisjoint(rule.iter_covering(entry))
        ]
    return build_permissions(**uncovered)


class _Rule(Struct, frozen=True):
    """How the entries of a list cover each other."""

    iter_keys: Callable[[str], Iterator[Hashable]]
    iter_covering: Callable[[str], Iterator[Hashable]]


def _iter_path_keys(entry: str) -> Iterator[Hashable]:
    """The verb with the text and, unless it is a pattern, the verb with the path components."""
    verb, _, path = entry.partition(":")
    yield verb, path
    # `data/**` covers everything in `data`.
    parts = _split_path("/" if path == "/**" else path.removesuffix("/**"))
    if parts is not None and not any(map(_PATTERN.search, parts)):
        yield verb, parts


def _iter_covering_paths(entry: str) -> Iterator[Hashable]:
    verb, _, path = entry.partition(":")
    covering = [ANY, path, *_iter_folders(path)]
    for each in (verb, "write") if verb == "read" else (verb,):
        yield from ((each, candidate) for candidate in covering)


def _iter_folders(path: str) -> Iterator[tuple[str, ...]]:
    """The path and its parent folders, as far as the text determines them."""
    parts = None if path.startswith(ANY) else _split_path(path)
    if parts is None:
        return
    yield ("/",)
    # Only a relative path is below `.`, which has no components.
    for length in range(len(parts), 0 if path.startswith(_ROOTS) else -1, -1):
        yield parts[:length]
        # The value of a variable is unknown, and `..` leaves the folder again.
        if length and (parts[length - 1] == ".." or _VARIABLE.search(parts[length - 1])):
            return


def _split_path(path: str) -> tuple[str, ...] | None:
    """The path components, starting with `/` for an absolute path; None if they are ambiguous."""
    is_ambiguous = not path or "\\" in path or ":" in path or path.count("/") >= _MAX_PARTS
    # The target of `..` after a pattern or a variable is unknown.
    if is_ambiguous or (".." in path and (_PATTERN.search(path) or _VARIABLE.search(path))):
        return None
    parts = [part for part in posixpath.normpath(path).split("/") if part not in ("", ".")]
    return ("/", *parts) if path.startswith("/") else tuple(parts)


def _iter_covering_hosts(entry: str) -> Iterator[str]:
    """`*`, the host and its parent domains, each with this port and with any port."""
    yield ANY
    host, port = _split_host(entry)
    # Like in TLS certificates, `*.domain` does not cover the domain itself (RFC 6125).
    labels = host.removeprefix("*.").split(".")[0 if host.startswith("*.") else 1 :]
    domains = (f"*.{'.'.join(labels[start:])}" for start in range(len(labels)))
    for each in (host, *domains):
        yield each
        if port:
            yield f"{each}:{port}"


def _split_host(text: str) -> tuple[str, str]:
    host, mark, port = text.rpartition(":")
    # The colons of `[::1]` are part of the address.
    return (host, port) if mark and not port.endswith("]") else (text, "")


def _iter_covering_names(entry: str) -> Iterator[str]:
    yield from (ANY, entry)


def _iter_covering_components(entry: str) -> Iterator[str]:
    yield from (ANY, entry, f"{entry.partition(':')[0]}:{ANY}")


def _iter_entry(entry: str) -> Iterator[str]:
    yield entry


_RULES: Mapping[str, _Rule] = {
    "filesystem": _Rule(_iter_path_keys, _iter_covering_paths),
    "network": _Rule(_iter_entry, _iter_covering_hosts),
    "exec": _Rule(_iter_entry, _iter_covering_names),
    "env": _Rule(_iter_entry, _iter_covering_names),
    "components": _Rule(_iter_entry, _iter_covering_components),
}
