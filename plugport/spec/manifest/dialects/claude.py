"""`.claude-plugin/plugin.json`: plugins of Claude Code.

The format is open: unknown fields are common and kept. Hooks and servers may stand inline, in a
file that the manifest names, or in a file at its usual place that no field mentions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from plugport.spec.manifest.dependencies import read_plugins
from plugport.spec.manifest.dialects import claude_permissions, rows
from plugport.spec.manifest.dialects.acting import ACTING, read_files, read_inline
from plugport.spec.manifest.dialects.base import Dialect, Package, Row
from plugport.spec.manifest.dialects.user_config import read_user_config, write_user_config
from plugport.spec.manifest.document import describe
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot, each_item, each_member, read_path
from plugport.spec.manifest.labels import MAX_TAGS
from plugport.spec.manifest.permissions import join_permissions

_KEPT = "$schema strict source settings monitors channels themes experimental defaultEnabled"
PATHS = ("commands", "agents", "skills", "outputStyles")
COMPONENTS = (*PATHS, *(acting.field for acting in ACTING))


def read_component_paths(spot: Spot) -> None:
    """Check the paths of commands, agents and skills: a path, a list, or a mapping by name."""
    if not isinstance(spot.value, dict):
        for item in each_item(spot, "a path, a list of paths, or a mapping"):
            read_path(item)
        return
    for _, member in each_member(spot):
        source = member.value.get("source") if isinstance(member.value, dict) else member.value
        if isinstance(source, str):
            read_path(member.child("source", source))
        elif not isinstance(member.value, dict):
            # Catalogues count and describe their skills here; the assistant passes over it too.
            detail = f"is neither a path nor a mapping but {describe(member.value)}"
            member.warn(detail, "not-a-component", allowed="a path or a mapping")


def _check_acting(spot: Spot) -> None:
    for item in each_item(spot) if isinstance(spot.value, str | list) else (spot,):
        if isinstance(item.value, str):
            read_path(item)
        elif not isinstance(item.value, dict):
            item.expect("a path or a mapping")


def _make_component_row(name: str, check: Callable[[Spot], None], doc: str) -> Row:
    def read(spot: Spot, draft: Draft) -> None:
        check(spot)
        draft.components[name] = spot.value

    return Row(name, doc, read, lambda manifest: manifest.components.get(name))


def _complete(root: Spot, draft: Draft, package: Package) -> None:
    assert isinstance(root.value, dict)
    for acting in ACTING:
        spot = root.child(acting.field, root.value.get(acting.field))
        inline, files = read_inline(acting, spot), read_files(acting, spot, package)
        draft.permissions = join_permissions(draft.permissions, inline, files)


DIALECT = Dialect(
    name="claude",
    title="Claude Code",
    path=".claude-plugin/plugin.json",
    format="json",
    kinds=("toolset",),
    rows=(
        rows.NAME,
        rows.VERSION,
        rows.DISPLAY_NAME,
        rows.DESCRIPTION,
        rows.AUTHOR,
        rows.HOMEPAGE,
        rows.REPOSITORY,
        rows.LICENSE,
        rows.KEYWORDS,
        rows.make_label_row("tags", "tags", MAX_TAGS, "joined with `keywords`", written=False),
        rows.CATEGORY,
        rows.MORE_CATEGORIES,
        *(
            _make_component_row(name, read_component_paths, "a path, a list, or a mapping by name")
            for name in PATHS
        ),
        *(
            _make_component_row(
                each.field, _check_acting, f"inline, or paths; `{each.usual_path}` is always read"
            )
            for each in ACTING
        ),
        rows.make_dependency_row("dependencies", "plugins", read_plugins, "plugins it needs"),
        replace(rows.ENGINE, name="engines", doc="hosts and their ranges"),
        rows.make_row(
            "userConfig", "config", read_user_config, "settings by name", write_user_config
        ),
        claude_permissions.ROW,
    ),
    kept=frozenset(_KEPT.split()),
    complete=_complete,
)
