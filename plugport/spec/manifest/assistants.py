"""What hooks, MCP servers and language servers of an assistant's plugin do by themselves.

Each function reads one configuration and returns the permissions it amounts to: the component
itself, the programs it starts, the hosts it talks to, the variables it reads.
"""

from __future__ import annotations

from collections.abc import Iterator

from plugport.spec.manifest.commands import list_programs, list_variables, name_program
from plugport.spec.manifest.document import walk_values
from plugport.spec.manifest.fields import Spot, each_member, find_unsafe
from plugport.spec.manifest.model import JsonValue, Permissions
from plugport.spec.manifest.permissions import (
    ANY,
    find_url_host,
    join_permissions,
    make_permissions,
)
from plugport.spec.text import show

MAX_COMPONENT_CHARS = 100


def read_hooks(spot: Spot) -> Permissions:
    """Read hooks by event: `{EVENT: [{matcher, hooks: [{type, command}]}]}`."""
    # Files of hooks wrap them in `hooks`, manifests usually do not.
    inner = spot.value.get("hooks") if isinstance(spot.value, dict) else None
    if isinstance(inner, dict):
        spot = spot.child("hooks", inner)
    found = []
    for event, member in each_member(spot, "a mapping of events to hooks"):
        if not _check_component(member, event):
            continue
        if not isinstance(member.value, list):
            member.expect("a list of hooks")
            continue
        found.append(make_permissions(components={f"hook:{event}"}))
        found.extend(_read_action(action) for action in _each_mapping(member.value))
    return join_permissions(*found)


def read_mcp_servers(spot: Spot) -> Permissions:
    """Read MCP servers by name: `{SERVER: {command, args, env}}` or `{SERVER: {type, url}}`."""
    return _read_servers(spot, "mcp", "mcpServers")


def read_lsp_servers(spot: Spot) -> Permissions:
    """Read language servers by name: `{SERVER: {command, args}}`."""
    return _read_servers(spot, "lsp", "lspServers")


def _read_servers(spot: Spot, sort: str, wrapper: str) -> Permissions:
    # `.mcp.json` is found in both forms.
    inner = spot.value.get(wrapper) if isinstance(spot.value, dict) else None
    if isinstance(inner, dict):
        spot = spot.child(wrapper, inner)
    found = []
    for name, member in each_member(spot, "a mapping of servers by name"):
        if not _check_component(member, name):
            continue
        if not isinstance(member.value, dict):
            member.expect("a mapping that describes a server")
            continue
        found.append(make_permissions(components={f"{sort}:{name}"}))
        found.append(_read_server(member.value))
    return join_permissions(*found)


def _check_component(spot: Spot, name: str) -> bool:
    is_fine = name == name.strip() and 0 < len(name) <= MAX_COMPONENT_CHARS
    if not is_fine or find_unsafe(name) or "\n" in name:
        allowed = f"1 to {MAX_COMPONENT_CHARS} characters without control characters"
        spot.fail(f"{show(name)} cannot be a component's name", "invalid-name", allowed=allowed)
        return False
    return True


def _each_mapping(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    return (each for each, _ in walk_values(value) if isinstance(each, dict))


def _read_action(action: dict[str, JsonValue]) -> Permissions:
    command = action.get("command")
    programs = list_programs(command) if isinstance(command, str) else set()
    variables = list_variables(command) if isinstance(command, str) else set()
    return make_permissions(exec=programs, env=variables, network=_list_hosts(action))


def _read_server(server: dict[str, JsonValue]) -> Permissions:
    command = server.get("command")
    programs = {name_program(command)} if isinstance(command, str) and command.strip() else set()
    # Variables may stand in arguments, environment, headers or the address.
    texts = [text for text, _ in walk_values(server) if isinstance(text, str)]
    variables = {name for text in texts for name in list_variables(text)}
    return make_permissions(exec=programs, env=variables, network=_list_hosts(server))


def _list_hosts(value: dict[str, JsonValue]) -> set[str]:
    url = value.get("url")
    return {find_url_host(url) or ANY} if isinstance(url, str) else set()
