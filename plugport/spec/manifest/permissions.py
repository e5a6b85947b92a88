"""Permissions: parsing, joining, subtracting and writing them.

Their form in a manifest:

    permissions:
      filesystem: ["read:./data", "write:/tmp"]
      network: [api.example.org, "*.example.org"]
      exec: [git]
      env: [API_TOKEN]
      components: ["hook:SessionStart", "mcp:issues", "lsp:gopls"]

`*` means any value. The order has no meaning, so all lists are sorted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec.structs import fields

from plugport.spec.manifest.fields import (
    Cursor,
    FieldParser,
    iter_members,
    parse_choice,
    parse_line,
    parse_list,
    require_list,
)
from plugport.spec.manifest.model import JsonValue, Permissions
from plugport.spec.text import quote_text

ANY = "*"
PERMISSION_NAMES = tuple(field.name for field in fields(Permissions))

# Labels as in RFC 1123, and underscores, which occur in real host names. IPv6 addresses are in
# brackets as in a URL (RFC 3986).
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(
    rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?\Z|\[[0-9a-f:.]+\](?::[0-9]{{1,5}})?\Z"
)
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
_MAX_ACCESS_CHARS = 600
# Writing includes reading.
_ACCESS_VERBS = {"read": "read", "write": "write", "readwrite": "write"}
_COMPONENT = re.compile(r"(?:hook|mcp|lsp):\S(?:.{0,98}\S)?\Z")


def build_permissions(**lists: set[str] | tuple[str, ...] | list[str]) -> Permissions:
    """Return permissions with sorted lists and without duplicates."""
    return Permissions(**{name: tuple(sorted(set(values))) for name, values in lists.items()})


def join_permissions(*several: Permissions) -> Permissions:
    """Return the union of several permissions."""
    names = PERMISSION_NAMES
    return build_permissions(
        **{n: [v for each in several for v in getattr(each, n)] for n in names}
    )


def subtract_permissions(permissions: Permissions, implied: Permissions) -> Permissions:
    """Return the permissions without those that are implied."""
    names = PERMISSION_NAMES
    return build_permissions(
        **{n: set(getattr(permissions, n)) - set(getattr(implied, n)) for n in names}
    )


def parse_host(cursor: Cursor) -> str | None:
    """Parse a host, `*.domain` or `*`. For a URL, returns its host."""
    text = parse_line(cursor, 300)
    if not text:
        return None
    host = find_url_host(text) if "://" in text else text.lower()
    if host is None or not (host == ANY or _HOST.match(host)):
        cursor.fail(
            f"{quote_text(text)} is not a host", "invalid-host", allowed="a host, `*.domain` or `*`"
        )
        return None
    return host


def find_url_host(url: str) -> str | None:
    """Return the host of a URL with its port, or None if it is not a literal host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    # `https://${HOST}/`: the host depends on the environment in which the plugin runs.
    if not host or "$" in host or "{" in host:
        return None
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"


def _parse_file_access(cursor: Cursor) -> str | None:
    if isinstance(cursor.value, dict):
        return _parse_access_mapping(cursor, cursor.value)
    text = parse_line(cursor, _MAX_ACCESS_CHARS)
    if text and not re.match(r"(?:read|write):\S", text):
        allowed = "`read:PATH` or `write:PATH`"
        cursor.fail(f"{quote_text(text)} is not {allowed}", "invalid-permission", allowed=allowed)
        return None
    return text


def _parse_access_mapping(cursor: Cursor, members: dict[str, JsonValue]) -> str | None:
    """Parse `{access, path}`, which means the same as `ACCESS:PATH`."""
    member = cursor.child("path", members.get("path"))
    path = parse_line(member, _MAX_ACCESS_CHARS - len("write:"))
    if isinstance(member.value, str) and not member.value.strip():
        # Elsewhere an empty text counts as absent; without a path the access has no meaning.
        member.fail("is empty", "invalid-permission", allowed="a path")
    access = parse_choice(cursor.child("access", members.get("access")), tuple(_ACCESS_VERBS))
    return f"{_ACCESS_VERBS[access]}:{path}" if access and path else None


def _parse_network(cursor: Cursor) -> str | None:
    if isinstance(cursor.value, dict):
        return parse_host(cursor.child("host", cursor.value.get("host")))
    return parse_host(cursor)


def parse_env_name(cursor: Cursor) -> str | None:
    """Parse the name of an environment variable, or `*`."""
    return _parse_matching(cursor, _ENV, "the name of an environment variable")


def _parse_component(cursor: Cursor) -> str | None:
    return _parse_matching(cursor, _COMPONENT, "`hook:EVENT`, `mcp:SERVER` or `lsp:SERVER`")


def _parse_matching(cursor: Cursor, pattern: re.Pattern[str], expected: str) -> str | None:
    text = parse_line(cursor)
    if text and text != ANY and not pattern.match(text):
        cursor.fail(f"{quote_text(text)} is not {expected}", "invalid-permission", allowed=expected)
        return None
    return text


_PARSERS: Mapping[str, FieldParser[str]] = {
    "filesystem": _parse_file_access,
    "network": _parse_network,
    "exec": parse_line,
    "env": parse_env_name,
    "components": _parse_component,
}


def parse_permissions(cursor: Cursor) -> Permissions | None:
    """Parse the field `permissions`."""
    lists: dict[str, tuple[str, ...]] = {}
    for key, member in iter_members(cursor):
        if key in _PARSERS:
            if require_list(member, "a list of texts"):
                lists[key] = parse_list(member, _PARSERS[key], "a list of texts") or ()
        else:
            allowed = ", ".join(_PARSERS)
            member.warn(f"{quote_text(key)} is not a permission", "unknown-field", allowed=allowed)
    return build_permissions(**lists)


def build_permissions_value(permissions: Permissions) -> dict[str, JsonValue] | None:
    """Return the value of the field `permissions`, or None if there are none."""
    lists = {name: list(getattr(permissions, name)) for name in PERMISSION_NAMES}
    return {name: values for name, values in lists.items() if values} or None
