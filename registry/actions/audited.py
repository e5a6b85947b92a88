"""What the acts of this app write to the audit log: their codes, and how plugins, releases, scopes and jobs are named."""

from __future__ import annotations

from accounts.audit.catalog import AuditAction, Severity, register_actions
from accounts.audit.targets import Target, register_target
from registry.models import Job, Plugin, Release, Scope
from registry.queries.audit import build_container

_ROUTINE, _NOTABLE, _SENSITIVE = Severity.ROUTINE, Severity.NOTABLE, Severity.SENSITIVE
_ACTIONS = (
    AuditAction("plugin.created", "A plugin was created", "plugin"),
    AuditAction("plugin.edited", "The description of a plugin was edited", "plugin"),
    AuditAction("plugin.featured", "A plugin was featured on the front page", "plugin", _NOTABLE),
    AuditAction(
        "plugin.unfeatured", "A plugin was removed from the front page", "plugin", _NOTABLE
    ),
    AuditAction("plugin.name-freed", "The name of a plugin without releases became free", "plugin"),
    AuditAction(
        "plugin.visibility-changed", "Others may see a plugin than before", "plugin", _SENSITIVE
    ),
    AuditAction(
        "scope.visibility-changed", "Others may see a scope than before", "scope", _SENSITIVE
    ),
    AuditAction("prefix.reserved", "A prefix of names was reserved", "prefix", _SENSITIVE),
    AuditAction("prefix.released", "A prefix of names is no longer reserved", "prefix", _SENSITIVE),
    AuditAction("scope.created", "A scope was created", "scope", _NOTABLE),
    AuditAction(
        "plugin.transfer-offered", "A plugin was offered to another owner", "plugin", _SENSITIVE
    ),
    AuditAction(
        "plugin.transfer-accepted", "Another owner accepted a plugin", "plugin", _SENSITIVE
    ),
    AuditAction("plugin.transfer-declined", "The receiver declined a plugin", "plugin", _NOTABLE),
    AuditAction(
        "plugin.transfer-canceled", "The transfer of a plugin was canceled", "plugin", _SENSITIVE
    ),
    AuditAction("plugin.transfer-expired", "Nobody accepted a plugin in time", "plugin", _NOTABLE),
    AuditAction(
        "plugin.transfer-failed",
        "The transfer of a plugin could not take effect",
        "plugin",
        _SENSITIVE,
    ),
    AuditAction("plugin.transferred", "A plugin got another owner", "plugin", _SENSITIVE),
    AuditAction(
        "scope.transfer-offered", "A scope was offered to another owner", "scope", _SENSITIVE
    ),
    AuditAction("scope.transfer-accepted", "Another owner accepted a scope", "scope", _SENSITIVE),
    AuditAction("scope.transfer-declined", "The receiver declined a scope", "scope", _NOTABLE),
    AuditAction(
        "scope.transfer-canceled", "The transfer of a scope was canceled", "scope", _SENSITIVE
    ),
    AuditAction("scope.transfer-expired", "Nobody accepted a scope in time", "scope", _NOTABLE),
    AuditAction(
        "scope.transfer-failed",
        "The transfer of a scope could not take effect",
        "scope",
        _SENSITIVE,
    ),
    AuditAction("scope.transferred", "A scope got another owner", "scope", _SENSITIVE),
    AuditAction("plugin.claim-made", "A plugin was claimed", "plugin", _SENSITIVE),
    AuditAction(
        "plugin.claim-objected", "An owner objected to a claim to a plugin", "plugin", _NOTABLE
    ),
    AuditAction(
        "plugin.claim-accepted", "An owner accepted a claim to a plugin", "plugin", _SENSITIVE
    ),
    AuditAction(
        "plugin.claim-granted", "A moderator granted a claim to a plugin", "plugin", _SENSITIVE
    ),
    AuditAction(
        "plugin.claim-refused", "A moderator refused a claim to a plugin", "plugin", _NOTABLE
    ),
    AuditAction(
        "plugin.claim-reversed",
        "A moderator took back a granted claim to a plugin",
        "plugin",
        _SENSITIVE,
    ),
    AuditAction("plugin.claim-withdrawn", "A claim to a plugin was withdrawn", "plugin", _NOTABLE),
    AuditAction("scope.claim-made", "A scope was claimed", "scope", _SENSITIVE),
    AuditAction(
        "scope.claim-objected", "An owner objected to a claim to a scope", "scope", _NOTABLE
    ),
    AuditAction(
        "scope.claim-accepted", "An owner accepted a claim to a scope", "scope", _SENSITIVE
    ),
    AuditAction(
        "scope.claim-granted", "A moderator granted a claim to a scope", "scope", _SENSITIVE
    ),
    AuditAction("scope.claim-refused", "A moderator refused a claim to a scope", "scope", _NOTABLE),
    AuditAction(
        "scope.claim-reversed",
        "A moderator took back a granted claim to a scope",
        "scope",
        _SENSITIVE,
    ),
    AuditAction("scope.claim-withdrawn", "A claim to a scope was withdrawn", "scope", _NOTABLE),
    AuditAction(
        "plugin.adoption-sought", "The owners of a plugin look for a new one", "plugin", _NOTABLE
    ),
    AuditAction(
        "plugin.adoption-ended",
        "The owners of a plugin no longer look for a new one",
        "plugin",
        _NOTABLE,
    ),
    AuditAction("member.invited", "A person was invited to a plugin", "plugin", _NOTABLE),
    AuditAction(
        "member.joined", "A person accepted an invitation to a plugin", "plugin", _SENSITIVE
    ),
    AuditAction("member.left", "A member left a plugin", "plugin", _NOTABLE),
    AuditAction("member.removed", "A member was removed from a plugin", "plugin", _SENSITIVE),
    AuditAction("member.role-changed", "A member got another role", "plugin", _SENSITIVE),
    AuditAction("invitation.declined", "A person declined an invitation to a plugin", "plugin"),
    AuditAction("invitation.withdrawn", "An invitation to a plugin was withdrawn", "plugin"),
    AuditAction(
        "plugin.publishing-changed", "How a plugin is published was changed", "plugin", _SENSITIVE
    ),
    AuditAction("trusted-publisher.added", "A CI job may publish a plugin", "plugin", _SENSITIVE),
    AuditAction(
        "trusted-publisher.removed", "A CI job may no longer publish a plugin", "plugin", _SENSITIVE
    ),
    AuditAction(
        "identity-token.refused", "A CI job was refused a token for a plugin", "plugin", _NOTABLE
    ),
    AuditAction("release.recorded", "A release was sent", "release"),
    AuditAction("release.published", "A release was published", "release", _NOTABLE),
    AuditAction("release.held", "A release was held for a moderator", "release", _NOTABLE),
    AuditAction("release.staged", "A release waits for approval", "release", _NOTABLE),
    AuditAction("release.rejected", "A release was rejected", "release", _NOTABLE),
    AuditAction("release.quarantined", "A release was blocked", "release", _SENSITIVE),
    AuditAction("release.revoked", "A release was blocked permanently", "release", _SENSITIVE),
    AuditAction("release.deprecated", "A release was deprecated", "release"),
    AuditAction("release.undeprecated", "A deprecation was taken back", "release"),
    AuditAction("release.yanked", "A release was yanked", "release", _NOTABLE),
    AuditAction("release.unyanked", "A yank was taken back", "release", _NOTABLE),
    AuditAction("job.requeued", "A failed job was started again", "job"),
)


def _describe_plugin(plugin: Plugin) -> Target:
    return Target("plugin", plugin.name, str(plugin.pk), build_container(plugin.pk))


def _describe_release(release: Release) -> Target:
    container = build_container(release.plugin_id)
    return Target("release", str(release), str(release.pk), container)


def _describe_scope(scope: Scope) -> Target:
    container = f"scope:{scope.pk}"
    return Target("scope", str(scope), str(scope.pk), container, owner_id=scope.owner_id)


def _describe_job(job: Job) -> Target:
    return Target("job", str(job), str(job.pk))


def register_audited() -> None:
    """Add the acts and targets of this app. Call it from `ready`."""
    register_actions(_ACTIONS)
    register_target(Plugin, _describe_plugin)
    register_target(Release, _describe_release)
    register_target(Scope, _describe_scope)
    register_target(Job, _describe_job)
