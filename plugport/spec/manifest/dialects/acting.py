"""The parts of an assistant's plugin that act by themselves, inline or in files of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from plugport.spec.manifest.assistants import read_hooks, read_lsp_servers, read_mcp_servers
from plugport.spec.manifest.dialects.base import Package
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.fields import Faults, Spot
from plugport.spec.manifest.json_text import load_json
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import join_permissions, make_permissions
from plugport.spec.manifest.subfiles import (
    AGENT_PLUGINS_MCP,
    CLAUDE_HOOKS,
    CLAUDE_LSP,
    CLAUDE_MANIFEST,
    CLAUDE_MCP,
)
from plugport.spec.text import show


@dataclass(frozen=True, slots=True)
class Acting:
    """One sort of acting part: its field, the files assistants look for, and how all are read."""

    field: str
    usual_paths: tuple[str, ...]
    sort: str
    read: Callable[[Spot], Permissions]


ACTING = (
    Acting("hooks", (CLAUDE_HOOKS,), "hook", read_hooks),
    Acting("mcpServers", (CLAUDE_MCP, AGENT_PLUGINS_MCP), "mcp", read_mcp_servers),
    Acting("lspServers", (CLAUDE_LSP,), "lsp", read_lsp_servers),
)


def read_inline(acting: Acting, spot: Spot) -> Permissions:
    """Read what stands in the manifest itself; paths are passed over."""
    return join_permissions(
        *(acting.read(item) for item in _each_entry(spot) if isinstance(item.value, dict)),
    )


def read_acting(components: Spot, package: Package) -> Permissions:
    """Read all that acts, inline and in files; `components` holds the fields."""
    assert isinstance(components.value, dict)
    found = []
    for acting in ACTING:
        spot = components.child(acting.field, components.value.get(acting.field))
        found += [read_inline(acting, spot), read_files(acting, spot, package)]
    return join_permissions(*found)


def read_toolset(components: Spot, package: Package) -> Permissions:
    """Read all that acts in a toolset of another dialect.

    A manifest of Claude Code beside its own counts too: an assistant runs what that says.
    """
    own = read_acting(components, package)
    content = package.texts.get(CLAUDE_MANIFEST)
    if content is None:
        return own
    read = partial(read_acting, package=package)
    return join_permissions(own, read_subfile(components, CLAUDE_MANIFEST, content, read))


def read_files(acting: Acting, spot: Spot, package: Package) -> Permissions:
    """Read the files that the field names, and the usual ones, which need no naming.

    A file that is there but was not kept might hold anything, and counts as that (`hook:*`).
    """
    named = {item.value for item in _each_entry(spot) if isinstance(item.value, str)}
    found = []
    for path in sorted(named | set(acting.usual_paths)):
        present = package.find(path)
        if present is None:
            if package.paths is not None and path in named:
                spot.warn(f"{show(path)} is named, but not in the package", "file-missing")
        elif present in package.texts:
            found.append(read_subfile(spot, present, package.texts[present], acting.read))
        else:
            # Too large, or crowded out by other files: not knowing must not look like nothing.
            spot.warn(f"{show(present)} was not read; anything may be in it", "file-not-read")
            found.append(make_permissions(components={f"{acting.sort}:*"}))
    return join_permissions(*found)


def read_subfile(
    spot: Spot, path: str, content: bytes, read: Callable[[Spot], Permissions]
) -> Permissions:
    """Read one file beside the manifest; its faults carry its own name and lines."""
    faults = spot.faults
    try:
        document = load_json(content, path)
    except ManifestError as error:
        faults.errors.extend(error.fields)
        return Permissions()
    inner = Faults(document, faults.errors, faults.warnings, faults.hints)
    return read(Spot(document.root, (), inner))


def _each_entry(spot: Spot) -> Iterator[Spot]:
    if not isinstance(spot.value, list):
        yield spot
        return
    for index, value in enumerate(spot.value):
        yield spot.child(index, value)
