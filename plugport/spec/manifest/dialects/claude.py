"""`.claude-plugin/plugin.json`: plugins of Claude Code.

The format is open: unknown fields are common and kept. Hooks and servers may stand inline, in a
file that the manifest names, or in a file at its usual place that no field mentions.
"""

from __future__ import annotations

from dataclasses import replace

from plugport.spec.manifest.dependencies import read_plugins
from plugport.spec.manifest.dialects import claude_permissions, rows
from plugport.spec.manifest.dialects.acting import ACTING, read_acting
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
        if not isinstance(member.value, dict):
            _read_named_path(member)
        elif member.value.get("source") is not None:
            _read_named_path(member.child("source", member.value["source"]))


def _read_named_path(spot: Spot) -> None:
    if isinstance(spot.value, str):
        read_path(spot)
    else:
        # Catalogues count and describe their skills here; the assistant passes over it too.
        detail = f"is neither a path nor a mapping but {describe(spot.value)}"
        spot.warn(detail, "not-a-component", allowed="a path or a mapping")


def _check_acting(spot: Spot) -> None:
    for item in each_item(spot) if isinstance(spot.value, str | list) else (spot,):
        if isinstance(item.value, str):
            read_path(item)
        elif not isinstance(item.value, dict):
            item.expect("a path or a mapping")


def check_component(name: str, spot: Spot) -> None:
    """Check one sort of components: no path may lead out of the plugin."""
    (read_component_paths if name in PATHS else _check_acting)(spot)


def _make_component_row(name: str, doc: str) -> Row:
    def read(spot: Spot, draft: Draft) -> None:
        check_component(name, spot)
        draft.components[name] = spot.value

    return Row(
        name, f"components.{name}", doc, read, lambda manifest: manifest.components.get(name)
    )


def _complete(root: Spot, draft: Draft, package: Package) -> None:
    draft.permissions = join_permissions(draft.permissions, read_acting(root, package))


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
        *(_make_component_row(name, "a path, a list, or a mapping by name") for name in PATHS),
        *(
            _make_component_row(
                each.field, f"inline, or paths; always read: `{'`, `'.join(each.usual_paths)}`"
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
