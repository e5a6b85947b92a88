"""Small files beside a manifest that say what a plugin's parts do.

Whoever reads a package keeps their bytes and hands them to `read_manifest`.
"""

from __future__ import annotations

from plugport.spec.manifest.detect import DETECTION, find_dialect

CLAUDE_MANIFEST = ".claude-plugin/plugin.json"
CLAUDE_HOOKS = "hooks/hooks.json"
CLAUDE_MCP = ".mcp.json"
CLAUDE_LSP = ".lsp.json"
AGENT_PLUGINS_MCP = "mcp.json"
SUBFILES: tuple[str, ...] = (CLAUDE_HOOKS, CLAUDE_MCP, CLAUDE_LSP, AGENT_PLUGINS_MCP)

MANIFEST_PATTERNS: tuple[str, ...] = tuple(pattern for pattern, _ in DETECTION)


def is_manifest_path(path: str) -> bool:
    """Whether a path relative to the root is one a manifest may have."""
    return find_dialect(path) is not None


def is_subfile(path: str) -> bool:
    """Whether a file says what the parts of a plugin do.

    Besides the usual places these are any hook or server files in `hooks/`, which manifests may
    name.
    """
    # Most desktops do not tell upper from lower case, so an assistant there finds `Hooks/` too.
    name = path.casefold()
    return name in SUBFILES or (name.startswith("hooks/") and name.endswith(".json"))
