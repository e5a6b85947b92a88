"""Reading, joining and writing permissions in their own form.

    permissions:
      filesystem: ["read:./data", "write:/tmp"]
      network: [api.example.org, "*.example.org"]
      exec: [git]
      env: [API_TOKEN]
      components: ["hook:SessionStart", "mcp:issues", "lsp:gopls"]

`*` stands for anything. The order says nothing, so every list is kept sorted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from urllib.parse import urlsplit

from plugport.spec.manifest.fields import Reader, Spot, each_member, read_line, read_list
from plugport.spec.manifest.model import JsonValue, Permissions
from plugport.spec.text import show

ANY = "*"
PERMISSION_NAMES = tuple(field.name for field in fields(Permissions))

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(
    rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?\Z|\[[0-9a-f:.]+\](?::[0-9]{{1,5}})?\Z"
)
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
_COMPONENT = re.compile(r"(?:hook|mcp|lsp):\S(?:.{0,98}\S)?\Z")


def make_permissions(**lists: set[str] | tuple[str, ...] | list[str]) -> Permissions:
    """Build permissions with every list sorted and without repetition."""
    return Permissions(**{name: tuple(sorted(set(values))) for name, values in lists.items()})


def join_permissions(*several: Permissions) -> Permissions:
    """Join everything that any of them asks for."""
    names = PERMISSION_NAMES
    return make_permissions(**{n: [v for each in several for v in getattr(each, n)] for n in names})


def subtract_permissions(asked: Permissions, known: Permissions) -> Permissions:
    """Leave out of what is asked for what is known."""
    names = PERMISSION_NAMES
    return make_permissions(**{n: set(getattr(asked, n)) - set(getattr(known, n)) for n in names})


def read_host(spot: Spot) -> str | None:
    """Read a host, `*.domain` or `*`; of a URL only its host is taken."""
    text = read_line(spot, 300)
    if not text:
        return None
    host = find_url_host(text) if "://" in text else text.lower()
    if host is None or not (host == ANY or _HOST.match(host)):
        spot.fail(
            f"{show(text)} is not a host", "invalid-host", allowed="a host, `*.domain` or `*`"
        )
        return None
    return host


def find_url_host(url: str) -> str | None:
    """Find the host of a URL with its port, or None where it is not written out."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    # A variable in the host means that it is known only where the plugin runs.
    if not host or "$" in host or "{" in host:
        return None
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"


def _read_file_access(spot: Spot) -> str | None:
    if isinstance(spot.value, dict):
        access, path = spot.value.get("access"), spot.value.get("path")
        verb = "read" if access == "read" else "write"  # writing includes reading
        return read_line(spot.child("path", f"{verb}:{path}")) if isinstance(path, str) else None
    text = read_line(spot, 600)
    if text and not re.match(r"(?:read|write):\S", text):
        allowed = "`read:PATH` or `write:PATH`"
        spot.fail(f"{show(text)} is not {allowed}", "invalid-permission", allowed=allowed)
        return None
    return text


def _read_network(spot: Spot) -> str | None:
    if isinstance(spot.value, dict):
        return read_host(spot.child("host", spot.value.get("host")))
    return read_host(spot)


def read_env_name(spot: Spot) -> str | None:
    """Read the name of an environment variable, or `*`."""
    return _read_matching(spot, _ENV, "the name of an environment variable")


def _read_component(spot: Spot) -> str | None:
    return _read_matching(spot, _COMPONENT, "`hook:EVENT`, `mcp:SERVER` or `lsp:SERVER`")


def _read_matching(spot: Spot, pattern: re.Pattern[str], wanted: str) -> str | None:
    text = read_line(spot)
    if text and text != ANY and not pattern.match(text):
        spot.fail(f"{show(text)} is not {wanted}", "invalid-permission", allowed=wanted)
        return None
    return text


_READERS: Mapping[str, Reader[str]] = {
    "filesystem": _read_file_access,
    "network": _read_network,
    "exec": read_line,
    "env": read_env_name,
    "components": _read_component,
}


def read_permissions(spot: Spot) -> Permissions | None:
    """Read `permissions` in its own form."""
    found: dict[str, tuple[str, ...]] = {}
    for key, member in each_member(spot):
        if key in _READERS:
            found[key] = read_list(member, _READERS[key], "a list of texts") or ()
        else:
            allowed = ", ".join(_READERS)
            member.warn(f"{show(key)} is not a permission", "unknown-field", allowed=allowed)
    return make_permissions(**found)


def write_permissions(permissions: Permissions) -> dict[str, JsonValue] | None:
    """Write what is asked for; None where that is nothing."""
    lists = {name: list(getattr(permissions, name)) for name in PERMISSION_NAMES}
    return {name: values for name, values in lists.items() if values} or None
