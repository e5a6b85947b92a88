"""Permissions (PKG-6a) in the words of one line."""

from __future__ import annotations

from plugport.spec.manifest.model import Permissions
from plugport.spec.text import show

_SHOWN = 8
_VERBS = {"network": "connect to", "exec": "run", "env": "read the variable", "components": "use"}


def describe_permissions(permissions: Permissions) -> str:
    """What they allow: `write ./data, connect to api.example.org, run git`."""
    words = []
    for entry in permissions.filesystem:
        verb, _, path = entry.partition(":")
        words.append(f"{verb} {show(path)}")
    for name, verb in _VERBS.items():
        words += [f"{verb} {show(entry)}" for entry in getattr(permissions, name)]
    more = f", and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more
