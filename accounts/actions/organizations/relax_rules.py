"""Switch off what keeps the owners of an organization out, as an operator."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import OrganizationRightError
from accounts.mails import notify_owner
from accounts.models import Organization, User
from accounts.policies import is_operator
from accounts.queries.organizations import list_owner_accounts, lock_organization

# The column of each rule, its name for people, and the act that switches it off.
_RULES = (
    ("requires_second_factor", "a second factor", "organization.second-factor-optional"),
    ("sso_only", "its single sign-on", "organization.sso-optional"),
)


def relax_organization_rules(*, actor: User | None, organization: Organization) -> list[str]:
    """Require neither a second factor nor the single sign-on any longer; returns what was required.

    For an organization whose owners are all locked out. `actor` None means an operator at the command
    line. Writes an audit entry for each rule and mails the owners. Raises `OrganizationRightError` for
    other accounts than operators, and `UnknownOrganizationError`.
    """
    if actor is not None and not is_operator(actor):
        raise OrganizationRightError("Only operators switch off the rules of an organization.")
    relaxed = []
    with transaction.atomic():
        locked = lock_organization(organization)
        for column, what, action in _RULES:
            if getattr(locked, column):
                setattr(locked, column, False)
                relaxed.append(what)
                record_audit_entry(actor=actor, action=action, target=locked, by_operator=True)
        locked.save(update_fields=[column for column, _, _ in _RULES])
        owners = list_owner_accounts(locked) if relaxed else []
    for owner in owners:
        notify_owner(
            "organization_relaxed",
            owner.email,
            organization=locked.name,
            rules=" or ".join(relaxed),
        )
    return relaxed
