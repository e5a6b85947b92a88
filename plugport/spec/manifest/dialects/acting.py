"""The parts of an assistant's plugin that act by themselves, inline or in files of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plugport.spec.manifest.assistants import read_hooks, read_lsp_servers, read_mcp_servers
from plugport.spec.manifest.dialects.base import Package
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.fields import Faults, Spot
from plugport.spec.manifest.json_text import load_json
from plugport.spec.manifest.model import JsonValue, Permissions
from plugport.spec.manifest.permissions import join_permissions, make_permissions
from plugport.spec.manifest.subfiles import CLAUDE_HOOKS, CLAUDE_LSP, CLAUDE_MCP
from plugport.spec.text import show


@dataclass(frozen=True, slots=True)
class Acting:
    """One sort of acting part: its field, the file it usually has, and how either is read."""

    field: str
    usual_path: str
    sort: str
    read: Callable[[Spot], Permissions]


ACTING = (
    Acting("hooks", CLAUDE_HOOKS, "hook", read_hooks),
    Acting("mcpServers", CLAUDE_MCP, "mcp", read_mcp_servers),
    Acting("lspServers", CLAUDE_LSP, "lsp", read_lsp_servers),
)


def read_inline(acting: Acting, spot: Spot) -> Permissions:
    """Read what stands in the manifest itself; paths are passed over."""
    return join_permissions(
        *(acting.read(item) for item in _each_entry(spot) if isinstance(item.value, dict)),
    )


def read_files(acting: Acting, spot: Spot, package: Package) -> Permissions:
    """Read the files that the field names, and the usual one, which needs no naming.

    A file that is there but was not kept might hold anything, and counts as that (`hook:*`).
    """
    named = {
        item.value.removeprefix("./") for item in _each_entry(spot) if isinstance(item.value, str)
    }
    found = []
    for path in sorted(named | {acting.usual_path}):
        content = package.texts.get(path)
        if content is not None:
            found.append(read_subfile(spot, path, content, acting.read))
        elif package.paths is not None and path in package.paths:
            spot.warn(f"{show(path)} was not read; anything may be in it", "file-not-read")
            found.append(make_permissions(components={f"{acting.sort}:*"}))
        elif package.paths is not None and path in named:
            spot.warn(f"{show(path)} is named, but not in the package", "file-missing")
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


def derive_permissions(components: JsonValue, faults: Faults) -> Permissions:
    """Give what follows from components inside a manifest."""
    assert isinstance(components, dict)
    return join_permissions(
        *(
            read_inline(acting, Spot(components.get(acting.field), (acting.field,), faults))
            for acting in ACTING
        ),
    )
