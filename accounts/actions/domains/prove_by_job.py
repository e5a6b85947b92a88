"""Take the identity token of a CI job as the proof of the account or group of its repository."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts.actions.domains.lapse import lapse_domain, notify_contacts
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.domains.namespaces import fold_namespace
from accounts.models import Owner, OwnerDomain
from common.name_locks import lock_name

# From the last job on.
JOB_PROOF_LIFETIME = dt.timedelta(days=90)


def prove_by_job(*, owner: Owner, name: str, namespace_id: str) -> None:
    """Prove the namespace `name` of the owner, or prolong its proof.

    Only if the owner has added it: a job alone claims nothing. A file is the stronger proof, because
    everybody who may write to one repository can run a job in it; so nothing that a file proves changes, and
    no other owner loses a namespace. The permanent id tells an account from one that later got
    its name. Call it in the transaction that uses up the verified identity token. 1 query if there is
    nothing to prove.
    """
    folded = fold_namespace(name)
    if folded is None or not namespace_id or not owner.domains.filter(domain=folded).exists():
        return
    lock_name(f"domain:{folded}")
    proven = OwnerDomain.objects.filter(domain=folded, verified_at__isnull=False)
    domain = owner.domains.select_related("owner").filter(domain=folded).first()
    if domain is None or proven.exclude(pk=domain.pk).exists():
        return
    if not domain.is_proven:
        _mark_proven(domain, namespace_id)
    elif domain.method == OwnerDomain.Method.JOB:
        _prolong(domain, namespace_id)


def lapse_job_proof(domain: OwnerDomain) -> None:
    """End a proof of which no job published any longer. Call it in a transaction."""
    lapse_domain(domain, f"no job of it published for {JOB_PROOF_LIFETIME.days} days")


def _mark_proven(domain: OwnerDomain, namespace_id: str) -> None:
    now = timezone.now()
    domain.method, domain.namespace_id = OwnerDomain.Method.JOB, namespace_id
    domain.verified_at = domain.checked_at = now
    domain.next_check_at = now + JOB_PROOF_LIFETIME
    domain.failed_since, domain.problem = None, ""
    domain.save()
    record_audit_entry(
        actor=None, action="domain.proven", target=domain, method="job", namespace_id=namespace_id
    )


def _prolong(domain: OwnerDomain, namespace_id: str) -> None:
    if domain.namespace_id != namespace_id:
        lapse_domain(domain, "the name belongs to another account of the code host now")
        transaction.on_commit(partial(notify_contacts, "domain_lapsed", domain), robust=True)
        return
    now = timezone.now()
    domain.checked_at, domain.next_check_at = now, now + JOB_PROOF_LIFETIME
    domain.save(update_fields=["checked_at", "next_check_at"])
