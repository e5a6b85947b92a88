"""Components of an assistant's plugin that run on their own: hooks, MCP servers, language servers.

They are declared in the manifest or in files next to it. Each declaration is turned into the
permissions it amounts to: the component itself, the programs it starts, the hosts it connects to
and the environment variables it reads.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from plugport.spec.manifest.document import iter_values
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.fields import Cursor, ManifestProblems, iter_members
from plugport.spec.manifest.formats.base import PackageFiles
from plugport.spec.manifest.json_parser import parse_json
from plugport.spec.manifest.model import JsonValue, Permissions
from plugport.spec.manifest.permissions import (
    ANY,
    build_permissions,
    find_url_host,
    join_permissions,
)
from plugport.spec.manifest.shell_commands import get_program_name, list_programs, list_variables
from plugport.spec.text import find_unsafe_character, quote_text

MAX_COMPONENT_CHARS = 100


ComponentParser = Callable[[Cursor, PackageFiles], Permissions]


class ActiveComponent(Struct, frozen=True):
    """A component type: its manifest field, its prefix in `permissions.components`, its parser."""

    field: str
    component_type: str
    parse: ComponentParser


def parse_active_components(components: Cursor, package: PackageFiles) -> Permissions:
    """Return the permissions of all active components, declared inline and in files.

    `components` is the mapping that holds the fields `hooks`, `mcpServers` and `lspServers`.
    """
    assert isinstance(components.value, dict)
    permissions = []
    for component in ACTIVE_COMPONENTS:
        cursor = components.child(component.field, components.value.get(component.field))
        permissions += [
            parse_inline(component, cursor, package),
            parse_component_files(component, cursor, package),
        ]
    return join_permissions(*permissions)


def parse_toolset(components: Cursor, package: PackageFiles) -> Permissions:
    """Return the permissions of a toolset that is published with a manifest of another format.

    Assistants look for their own manifest (`.claude-plugin/plugin.json`) and run what it declares
    even if the package is published with another one. If it were not read, a package could hide its
    hooks there.
    """
    permissions = [parse_active_components(components, package)]
    for path in package.component_manifests:
        content = package.texts.get(path)
        if content is not None:
            permissions.append(
                parse_component_file(components, path, content, parse_active_components, package)
            )
    return join_permissions(*permissions)


def parse_inline(component: ActiveComponent, cursor: Cursor, package: PackageFiles) -> Permissions:
    """Return the permissions of the declarations in the manifest itself; paths are skipped."""
    return join_permissions(
        *(
            component.parse(item, package)
            for item in _iter_entries(cursor)
            if isinstance(item.value, dict)
        ),
    )


def collect_active_components(
    components: Cursor, package: PackageFiles, *, reads_default_files: bool
) -> dict[str, dict[str, JsonValue]]:
    """Return the declarations of each active component, as `hook:EVENT` or `mcp:SERVER`.

    Each maps the JSON of a declaration to its value, so that equal ones occur once.

    They come from the manifest itself, the files that it names, and with `reads_default_files` from
    the files that are always read. Problems of the files are reported.
    """
    assert isinstance(components.value, dict)
    if not reads_default_files:
        package = dataclasses.replace(package, component_files={})
    found: dict[str, dict[str, JsonValue]] = {}
    for component in ACTIVE_COMPONENTS:
        collector = replace(component, parse=partial(_collect_declarations, component, found))
        cursor = components.child(component.field, components.value.get(component.field))
        parse_inline(collector, cursor, package)
        parse_component_files(collector, cursor, package)
    return found


def _collect_declarations(
    component: ActiveComponent,
    found: dict[str, dict[str, JsonValue]],
    cursor: Cursor,
    package: PackageFiles,
) -> Permissions:
    if not isinstance(cursor.value, dict):
        return component.parse(cursor, package)  # reports the wrong type
    declared = cursor.value
    wrapped = declared.get(component.field)
    for name, value in (wrapped if isinstance(wrapped, dict) else declared).items():
        values = found.setdefault(f"{component.component_type}:{name}", {})
        values[json.dumps(value, sort_keys=True)] = value
    return Permissions()


def parse_component_files(
    component: ActiveComponent, cursor: Cursor, package: PackageFiles
) -> Permissions:
    """Return the permissions of the files that a field names and of those that are always read."""
    named = {item.value for item in _iter_entries(cursor) if isinstance(item.value, str)}
    permissions = []
    # Sorted, so that problems are reported in the same order each time.
    for path in sorted({*named, *package.component_files.get(component.field, ())}):
        actual = package.find(path)
        if actual is None:
            if package.paths is not None and path in named:
                cursor.warn(f"{quote_text(path)} is not in the package", "file-missing")
        elif actual in package.texts:
            content = package.texts[actual]
            permissions.append(
                parse_component_file(cursor, actual, content, component.parse, package)
            )
        else:
            # The file exceeds a limit of the archive reader. It may declare anything, so it counts
            # as everything: an author must not get fewer permissions shown by padding a file.
            cursor.warn(
                f"{quote_text(actual)} could not be read; it may declare any component",
                "file-not-read",
            )
            permissions.append(build_permissions(components={f"{component.component_type}:*"}))
    return join_permissions(*permissions)


def parse_component_file(
    cursor: Cursor, path: str, content: bytes, parse: ComponentParser, package: PackageFiles
) -> Permissions:
    """Parse one JSON file next to the manifest. Its problems carry its own name and lines."""
    problems = cursor.problems
    if path not in package.documents:
        try:
            package.documents[path] = parse_json(content, path)
        except ManifestError as error:
            package.documents[path] = error
    document = package.documents[path]
    if isinstance(document, ManifestError):
        problems.errors.add_all(document.fields)
        return Permissions()
    file_problems = ManifestProblems(document, problems.errors, problems.warnings, problems.hints)
    return parse(Cursor(document.root, (), file_problems), package)


def _iter_entries(cursor: Cursor) -> Iterator[Cursor]:
    if not isinstance(cursor.value, list):
        yield cursor
        return
    for index, value in enumerate(cursor.value):
        yield cursor.child(index, value)


def _parse_hooks(cursor: Cursor, package: PackageFiles) -> Permissions:
    """Parse hooks by event: `{EVENT: [{matcher, hooks: [{type, command}]}]}`."""
    # `hooks.json` wraps the events in a `hooks` member; a manifest usually does not.
    wrapped = cursor.value.get("hooks") if isinstance(cursor.value, dict) else None
    if isinstance(wrapped, dict):
        cursor = cursor.child("hooks", wrapped)
    permissions = []
    for event, member in iter_members(cursor, "a mapping of events to hooks"):
        if not _is_component_name(member, event):
            continue
        if not isinstance(member.value, list):
            member.expect("a list of hooks")
            continue
        permissions.append(build_permissions(components={f"hook:{event}"}))
        permissions.extend(
            _build_hook_permissions(hook, package) for hook in _iter_mappings(member.value)
        )
    return join_permissions(*permissions)


def _parse_servers(
    cursor: Cursor, package: PackageFiles, *, component_type: str, field: str
) -> Permissions:
    """Parse servers by name: `{SERVER: {command, args, env}}` or `{SERVER: {type, url}}`."""
    # `.mcp.json` exists with and without the `mcpServers` member around the servers.
    wrapped = cursor.value.get(field) if isinstance(cursor.value, dict) else None
    if isinstance(wrapped, dict):
        cursor = cursor.child(field, wrapped)
    permissions = []
    for name, member in iter_members(cursor, "a mapping of servers by name"):
        if not _is_component_name(member, name):
            continue
        if not isinstance(member.value, dict):
            member.expect("a mapping that describes a server")
            continue
        permissions.append(build_permissions(components={f"{component_type}:{name}"}))
        permissions.append(_build_server_permissions(member.value, package))
    return join_permissions(*permissions)


def _is_component_name(cursor: Cursor, name: str) -> bool:
    has_valid_length = name == name.strip() and 0 < len(name) <= MAX_COMPONENT_CHARS
    if not has_valid_length or find_unsafe_character(name) or "\n" in name:
        cursor.fail(
            f"{quote_text(name)} is not a valid component name",
            "invalid-name",
            allowed=f"1 to {MAX_COMPONENT_CHARS} characters without control characters",
        )
        return False
    return True


def _iter_mappings(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    return (each for each, _ in iter_values(value) if isinstance(each, dict))


def _build_hook_permissions(hook: dict[str, JsonValue], package: PackageFiles) -> Permissions:
    command = hook.get("command")
    line = command if isinstance(command, str) else ""
    programs = list_programs(line, package.root_variables)
    variables = list_variables(line, package.host_variables)
    return build_permissions(exec=programs, env=variables, network=_list_hosts(hook))


def _build_server_permissions(server: dict[str, JsonValue], package: PackageFiles) -> Permissions:
    command = server.get("command")
    programs = (
        {get_program_name(command, package.root_variables)}
        if isinstance(command, str) and command.strip()
        else set()
    )
    # Assistants expand variables in arguments, environment, headers and URLs alike.
    texts = [text for text, _ in iter_values(server) if isinstance(text, str)]
    variables = {name for text in texts for name in list_variables(text, package.host_variables)}
    return build_permissions(exec=programs, env=variables, network=_list_hosts(server))


def _list_hosts(value: dict[str, JsonValue]) -> set[str]:
    url = value.get("url")
    return {find_url_host(url) or ANY} if isinstance(url, str) else set()


ACTIVE_COMPONENTS = (
    ActiveComponent("hooks", "hook", _parse_hooks),
    ActiveComponent(
        "mcpServers", "mcp", partial(_parse_servers, component_type="mcp", field="mcpServers")
    ),
    ActiveComponent(
        "lspServers", "lsp", partial(_parse_servers, component_type="lsp", field="lspServers")
    ),
)
