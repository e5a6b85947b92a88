"""Delete a domain with its proof: by its owner, or because its owner ends."""

from __future__ import annotations

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import OwnerDomain, User


def end_domain(domain: OwnerDomain, *, by: User) -> None:
    """Delete the domain and write an audit entry, in the transaction of the caller."""
    record_audit_entry(
        actor=by, action="domain.removed", target=domain, was_proven=domain.is_proven
    )
    OwnerDomain.objects.filter(pk=domain.pk).delete()
