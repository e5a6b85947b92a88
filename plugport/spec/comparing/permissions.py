"""What a release may do that another may not (PKG-6a).

    change = compare_permissions(before, after)
    change.gained.network      # hosts that no entry of `before` allowed

*Gained* is what the new release asks for and no single entry of the old one covers. Writing covers
reading; a folder covers what is below it; `*.domain` covers its hosts; `*` covers all. Where it
cannot be told from the text whether an entry is covered (variables, odd patterns), it is not:
something is rather called out twice than never.

Each entry has keys; each entry asked for has few keys that would cover it. So long lists are
compared in time that grows with their length, not with its square.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import ANY, PERMISSION_NAMES, make_permissions

_ROOTS = ("/", "~", "$", "%")
_PATTERN = re.compile(r"[*?\[]|(?<!\$)\{")
_VARIABLE = re.compile(r"[$%~]")
# No path that a package may hold is as deep; deeper ones are only equal to themselves.
_MAX_PARTS = 64


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """What one release may do and the other may not."""

    gained: Permissions
    lost: Permissions


def parse_permissions(data: object) -> Permissions:
    """Permissions from the JSON of a manifest or an API; what has another form is left out."""
    lists: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    return make_permissions(**{name: _pick_texts(lists.get(name)) for name in PERMISSION_NAMES})


def _pick_texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def compare_permissions(before: Permissions, after: Permissions) -> PermissionChange:
    """What `after` gained over `before`, and what it lost."""
    return PermissionChange(find_uncovered(after, by=before), find_uncovered(before, by=after))


def find_uncovered(asked: Permissions, *, by: Permissions) -> Permissions:
    """The entries of `asked` that no entry of `by` covers."""
    found = {}
    for name, rule in _RULES.items():
        held = {key for entry in getattr(by, name) for key in rule.list_keys(entry)}
        found[name] = [
            entry for entry in getattr(asked, name) if held.isdisjoint(rule.list_covering(entry))
        ]
    return make_permissions(**found)


@dataclass(frozen=True, slots=True)
class _Rule:
    """How entries of one list cover each other."""

    list_keys: Callable[[str], Iterator[Hashable]]
    list_covering: Callable[[str], Iterator[Hashable]]


def _list_path_keys(entry: str) -> Iterator[Hashable]:
    """Verb and text and, unless it is a pattern, verb and components."""
    verb, _, path = entry.partition(":")
    yield verb, path
    # `data/**` is all of `data`.
    parts = _split_path(path.removesuffix("/**") or "/")
    if parts is not None and not any(map(_PATTERN.search, parts)):
        yield verb, parts


def _list_covering_paths(entry: str) -> Iterator[Hashable]:
    verb, _, path = entry.partition(":")
    covering = [ANY, path, *_list_folders(path)]
    for each in (verb, "write") if verb == "read" else (verb,):
        yield from ((each, place) for place in covering)


def _list_folders(path: str) -> Iterator[tuple[str, ...]]:
    """The path itself and the folders above it, as far as its text tells."""
    parts = None if path.startswith(ANY) else _split_path(path)
    if parts is None:
        return
    yield ("/",)
    # Only a relative path lies below `.`, which has no component at all.
    for length in range(len(parts), 0 if path.startswith(_ROOTS) else -1, -1):
        yield parts[:length]
        # Where a variable leads is not known, and `..` leads out again.
        if length and (parts[length - 1] == ".." or _VARIABLE.search(parts[length - 1])):
            return


def _split_path(path: str) -> tuple[str, ...] | None:
    """The components, `/` first for an absolute path; None where text alone does not say which."""
    is_odd = "\\" in path or ":" in path or path.count("/") >= _MAX_PARTS
    # What `..` takes back is not known where a pattern or a variable stands before it.
    if is_odd or (".." in path and (_PATTERN.search(path) or _VARIABLE.search(path))):
        return None
    parts = [part for part in posixpath.normpath(path).split("/") if part not in ("", ".")]
    return ("/", *parts) if path.startswith("/") else tuple(parts)


def _list_covering_hosts(entry: str) -> Iterator[str]:
    """The host, the domains above it, each with this port and with any; and `*`."""
    yield ANY
    host, port = _split_host(entry)
    # The domain itself is another host than those below it, as in certificates.
    labels = host.removeprefix("*.").split(".")[0 if host.startswith("*.") else 1 :]
    domains = (f"*.{'.'.join(labels[start:])}" for start in range(len(labels)))
    for each in (host, *domains):
        yield each
        if port:
            yield f"{each}:{port}"


def _split_host(text: str) -> tuple[str, str]:
    host, mark, port = text.rpartition(":")
    # `[::1]` has colons and no port.
    return (host, port) if mark and not port.endswith("]") else (text, "")


def _list_covering_words(entry: str) -> Iterator[str]:
    yield from (ANY, entry)


def _list_covering_components(entry: str) -> Iterator[str]:
    yield from (ANY, entry, f"{entry.partition(':')[0]}:{ANY}")


def _keep(entry: str) -> Iterator[str]:
    yield entry


_RULES: Mapping[str, _Rule] = {
    "filesystem": _Rule(_list_path_keys, _list_covering_paths),
    "network": _Rule(_keep, _list_covering_hosts),
    "exec": _Rule(_keep, _list_covering_words),
    "env": _Rule(_keep, _list_covering_words),
    "components": _Rule(_keep, _list_covering_components),
}
