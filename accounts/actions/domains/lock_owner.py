"""Lock what decides about the domains of an owner."""

from __future__ import annotations

from accounts.models import Owner, User
from accounts.policies import check_may_manage_domains
from accounts.queries.organizations import lock_organization
from accounts.queries.users import lock_unchanged_account


def lock_owner_for(actor: User, owner: Owner) -> None:
    """Lock the account or the organization, and check that the actor may change its domains.

    Members are removed under the same lock, so that one who is removed at the same time changes
    nothing more. At most 3 queries. Raises as `check_may_manage_domains`, and `PasswordChangedError`.
    """
    if owner.organization is not None:
        lock_organization(owner.organization)
    # A new password ends the session that sends this.
    lock_unchanged_account(actor)
    check_may_manage_domains(actor, owner)
