"""What acts about domains write to the audit log."""

from __future__ import annotations

from accounts.actions.organizations.audited import build_container
from accounts.audit.catalog import AuditAction, Severity, register_actions
from accounts.audit.targets import Target, register_target
from accounts.models import OwnerDomain

_NOTABLE, _SENSITIVE = Severity.NOTABLE, Severity.SENSITIVE
_KIND = "domain"
_ACTIONS = (
    AuditAction("domain.added", "A domain was added, without proof", _KIND),
    AuditAction("domain.proven", "A domain was proven", _KIND, _SENSITIVE),
    AuditAction("domain.check-failed", "The proof of a domain was not found", _KIND, _NOTABLE),
    AuditAction("domain.lapsed", "A domain is no longer proven", _KIND, _SENSITIVE),
    AuditAction("domain.removed", "A domain was removed", _KIND, _SENSITIVE),
)


def _describe_domain(domain: OwnerDomain) -> Target:
    owner = domain.owner
    return Target(
        _KIND,
        domain.domain,
        str(domain.pk),
        "" if owner.organization_id is None else build_container(owner.organization_id),
        owner_id=owner.pk,
        subject_id=owner.user_id,
    )


def register_audited() -> None:
    """Add the acts and the target. Call it from `ready`."""
    register_actions(_ACTIONS)
    register_target(OwnerDomain, _describe_domain)
