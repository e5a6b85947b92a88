"""Deprecate and yank: flags beside the state, both reversible (REL-4)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.audit import record_act
from accounts.models import User
from plugport.spec.errors import FieldError, InvalidError
from plugport.spec.names import PluginName
from registry.journal import append_entry
from registry.models import Release
from registry.policies import check_may_manage
from registry.publishing.release import refresh_after_change

MESSAGE_CHARS = 500
# Each act writes its own columns: of a yank and a deprecation at once, neither is lost.
_DEPRECATION = ("deprecated_at", "deprecated_message", "replacement")
_YANK = ("yanked_at", "yanked_reason")


class FlagTextError(InvalidError):
    """The message of a deprecation or yank is missing or too long."""

    code, title = "invalid-message", "Invalid message"


def deprecate_release(
    *, actor: User, release: Release, message: str, replacement: str = ""
) -> Release:
    """Mark the release as no longer recommended; it installs with `message`.

    Changing the message of a deprecated release is the same call. Raises `NotMemberError`,
    `FlagTextError`, `InvalidNameError` (replacement).
    """
    text = _check_text("message", message, is_needed=True)
    other = str(PluginName.parse(replacement)) if replacement else ""
    release.deprecated_at = release.deprecated_at or timezone.now()
    release.deprecated_message, release.replacement = text, other
    return _save(
        actor, release, _DEPRECATION, "deprecated", message=text, replacement=other or None
    )


def undeprecate_release(*, actor: User, release: Release) -> Release:
    """Take the mark back. Raises `NotMemberError`."""
    release.deprecated_at, release.deprecated_message, release.replacement = None, "", ""
    return _save(actor, release, _DEPRECATION, "undeprecated")


def yank_release(*, actor: User, release: Release, reason: str = "") -> Release:
    """Hide the release from new resolution; exact requests and lockfiles still get it.

    Raises `NotMemberError`, `FlagTextError`.
    """
    text = _check_text("reason", reason, is_needed=False)
    release.yanked_at = release.yanked_at or timezone.now()
    release.yanked_reason = text
    return _save(actor, release, _YANK, "yanked", reason=text)


def unyank_release(*, actor: User, release: Release) -> Release:
    """Let resolution find the release again. Raises `NotMemberError`."""
    release.yanked_at, release.yanked_reason = None, ""
    return _save(actor, release, _YANK, "unyanked")


def _check_text(field: str, text: str, *, is_needed: bool) -> str:
    text = text.strip()
    if (is_needed and not text) or len(text) > MESSAGE_CHARS:
        least = 1 if is_needed else 0
        fault = FieldError(
            field,
            f"It has {len(text)} characters.",
            found=str(len(text)),
            allowed=f"{least} to {MESSAGE_CHARS} characters",
        )
        raise FlagTextError(f"The {field} cannot be used.", fields=[fault])
    return text


def _save(
    actor: User, release: Release, columns: tuple[str, ...], event: str, **details: str | None
) -> Release:
    """Write the flags, the plugin's document, the audit entry and the journal, or nothing."""
    check_may_manage(actor, release.plugin)
    with transaction.atomic():
        release.save(update_fields=columns)
        refresh_after_change(release)
        record_act(actor=actor, action=f"release.{event}", target=str(release), **details)
        append_entry(f"release.{event}", release.plugin.name, release.version, **details)
    return release
