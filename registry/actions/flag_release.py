"""Deprecate and yank: reversible flags that are independent of the release's state (REL-4)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from plugport.spec.names import PluginName
from registry.actions.parse_message import parse_message
from registry.journal import append_change
from registry.models import Release
from registry.policies import check_may_manage, check_served
from registry.publishing.release import refresh_after_change


def deprecate_release(
    *, actor: User, release: Release, message: str, replacement: str = ""
) -> Release:
    """Mark the release as no longer recommended; clients show `message` when they install it.

    Call it again to change the message. Raises `NotMemberError`, `InvalidMessageError`,
    `InvalidNameError` for the replacement, and `ReleaseBlockedError` unless it is published: the
    message of a blocked release would be shown to nobody.
    """
    # Before anything else: a refused call must not change the object in the caller's hands.
    check_may_manage(actor, release.plugin)
    check_served(release)
    message = parse_message("message", message, min_chars=1)
    replacement = str(PluginName.parse(replacement)) if replacement else ""
    # A new message keeps the date of the first deprecation.
    flags = {
        "deprecated_at": release.deprecated_at or timezone.now(),
        "deprecated_message": message,
        "replacement": replacement,
    }
    return _save_flags(
        actor, release, flags, "deprecated", message=message, replacement=replacement or None
    )


def undeprecate_release(*, actor: User, release: Release) -> Release:
    """Remove the deprecation. Raises `NotMemberError`."""
    check_may_manage(actor, release.plugin)
    flags = {"deprecated_at": None, "deprecated_message": "", "replacement": ""}
    return _save_flags(actor, release, flags, "undeprecated")


def yank_release(*, actor: User, release: Release, reason: str | None = None) -> Release:
    """Hide the release from version resolution; exact requests and lockfiles still get it.

    Without a `reason`, a release that is already yanked keeps the one it has.
    Raises `NotMemberError`, `InvalidMessageError`, `ReleaseBlockedError`.
    """
    check_may_manage(actor, release.plugin)
    check_served(release)
    reason = release.yanked_reason if reason is None else reason
    reason = parse_message("reason", reason, min_chars=0)
    flags = {"yanked_at": release.yanked_at or timezone.now(), "yanked_reason": reason}
    return _save_flags(actor, release, flags, "yanked", reason=reason)


def unyank_release(*, actor: User, release: Release) -> Release:
    """Make the release available to version resolution again. Raises `NotMemberError`."""
    check_may_manage(actor, release.plugin)
    return _save_flags(actor, release, {"yanked_at": None, "yanked_reason": ""}, "unyanked")


def _save_flags(
    actor: User, release: Release, flags: dict[str, Any], event: str, **details: Any
) -> Release:
    """Write the flags, the plugin's document, the audit entry and the journal in one transaction."""
    for column, value in flags.items():
        setattr(release, column, value)
    with transaction.atomic():
        # Only this action's columns: a yank and a deprecation at the same time are both kept.
        release.save(update_fields=list(flags))
        refresh_after_change(release)
        record_audit_entry(actor=actor, action=f"release.{event}", target=release, **details)
        append_change(release.plugin, f"release.{event}", release.version, **details)
    return release
