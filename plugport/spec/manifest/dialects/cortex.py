"""`manifest.yaml`: plugins of CORTEX, which run as containers."""

from __future__ import annotations

from dataclasses import replace

from plugport.spec.manifest.dependencies import read_minimum, read_plugins, write_minimum
from plugport.spec.manifest.dialects import rows
from plugport.spec.manifest.dialects.base import Dialect, Row
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot, each_member, read_flag
from plugport.spec.manifest.model import JsonValue, Manifest
from plugport.spec.manifest.permissions import (
    ANY,
    join_permissions,
    make_permissions,
    subtract_permissions,
    write_permissions,
)
from plugport.spec.text import show

HOST = "cortex"
# `trust.network` and `trust.filesystem` are all or nothing.
FULL = {"network": ANY, "filesystem": "write:/"}
TRUST = ("min_cortex_version", "sandbox", *FULL)


def _read_trust(spot: Spot, draft: Draft) -> None:
    for key, member in each_member(spot):
        if key == "min_cortex_version":
            wanted = read_minimum(member)
            draft.engine.update({HOST: wanted} if wanted else {})
        elif key == "sandbox":
            # What is no truth value was reported; the safe side is the sandbox.
            draft.kind_fields["sandbox"] = read_flag(member) is not False
        elif key in FULL:
            asked = make_permissions(**{key: {FULL[key]}} if read_flag(member) else {})
            draft.permissions = join_permissions(draft.permissions, asked)
        else:
            member.warn(f"{show(key)} is unknown here", "unknown-field", allowed=", ".join(TRUST))


def _write_trust(manifest: Manifest) -> JsonValue:
    written: dict[str, JsonValue] = {
        "min_cortex_version": write_minimum(manifest.engine.get(HOST)),
        "sandbox": manifest.kind_fields.get("sandbox"),
    }
    for key, value in FULL.items():
        written[key] = value in getattr(manifest.permissions, key) or None
    return {key: value for key, value in written.items() if value is not None} or None


def _write_permissions(manifest: Manifest) -> JsonValue:
    full = make_permissions(**{key: {value} for key, value in FULL.items()})
    return write_permissions(subtract_permissions(manifest.permissions, full))


DIALECT = Dialect(
    name="cortex",
    title="CORTEX",
    path="manifest.yaml",
    format="yaml",
    kinds=("container",),
    rows=(
        rows.NAME,
        rows.VERSION,
        rows.DISPLAY_NAME,
        rows.DESCRIPTION,
        rows.AUTHOR_LINE,
        rows.LICENSE,
        rows.HOMEPAGE,
        rows.REPOSITORY,
        rows.CATEGORIES,
        rows.TAGS,
        rows.make_kind_row("container", "runtime"),
        rows.make_kind_row("container", "capabilities"),
        Row(
            "trust",
            "permissions, engine, kindFields.sandbox",
            "`{min_cortex_version, sandbox, network, filesystem}`",
            _read_trust,
            _write_trust,
        ),
        rows.make_dependency_row("dependencies", "plugins", read_plugins, "plugins it needs"),
        replace(rows.PERMISSIONS, write=_write_permissions),
    ),
)
