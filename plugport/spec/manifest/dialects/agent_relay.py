"""`ar-plugin.yaml`: plugins of Agent Relay."""

from __future__ import annotations

import re
from dataclasses import replace

from plugport.spec.manifest.dependencies import read_minimum, read_packages, write_minimum
from plugport.spec.manifest.dialects import rows
from plugport.spec.manifest.dialects.base import Dialect, Package, Row
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot, read_choice
from plugport.spec.manifest.labels import MAX_TAGS
from plugport.spec.manifest.model import Config, Permissions
from plugport.spec.manifest.permissions import (
    join_permissions,
    make_permissions,
    subtract_permissions,
    write_permissions,
)

HOST = "agent-relay"
KINDS = ("bridge", "storage", "memory", "policy", "hook", "widget")

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,127}\Z")


def _read_type(spot: Spot, draft: Draft) -> None:
    draft.kind = read_choice(spot, KINDS)


def _read_min_version(spot: Spot, draft: Draft) -> None:
    wanted = read_minimum(spot)
    if wanted:
        draft.engine[HOST] = wanted


def derive_environment(config: Config | None) -> Permissions:
    """Give the permission to read the settings that are written like environment variables."""
    # The host hands such settings over in the environment, as the design's example has it.
    names = (*config.required, *config.optional) if config else ()
    return make_permissions(env={name for name in names if _VARIABLE.match(name)})


def _complete(_root: Spot, draft: Draft, _package: Package) -> None:
    draft.permissions = join_permissions(draft.permissions, derive_environment(draft.config))


DIALECT = Dialect(
    name="agent-relay",
    title="Agent Relay",
    path="ar-plugin.yaml",
    format="yaml",
    kinds=KINDS,
    has_kind_rows=True,
    rows=(
        rows.NAME,
        rows.VERSION,
        Row(
            "type",
            "kind",
            f"one of {', '.join(KINDS)}; required",
            _read_type,
            lambda m: m.kind,
            is_required=True,
        ),
        rows.DISPLAY_NAME,
        rows.DESCRIPTION,
        rows.AUTHOR,
        rows.REPOSITORY,
        rows.HOMEPAGE,
        rows.LICENSE,
        rows.MAIN,
        rows.TYPES,
        rows.CONFIG,
        rows.make_dependency_row(
            "dependencies", "packages", read_packages, "npm packages it needs"
        ),
        rows.make_dependency_row("peerDependencies", "peer", read_packages, "packages of the host"),
        rows.TAGS,
        rows.make_label_row("keywords", "tags", MAX_TAGS, "joined with `tags`", written=False),
        rows.CATEGORY,
        rows.MORE_CATEGORIES,
        Row(
            "minVersion",
            "engine",
            "least version of Agent Relay",
            _read_min_version,
            lambda m: write_minimum(m.engine.get(HOST)),
        ),
        replace(
            rows.PERMISSIONS,
            write=lambda m: write_permissions(
                subtract_permissions(m.permissions, derive_environment(m.config)),
            ),
        ),
    ),
    complete=_complete,
)
