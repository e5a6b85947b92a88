"""Take the identity token of a CI job as the proof of the account or group of its repository."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actions.domains.lapse import lapse_domain, notify_contacts
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.domains.namespaces import fold_namespace
from accounts.models import Owner, OwnerDomain
from accounts.trusted_publishing.providers import find_namespace_id
from common.name_locks import lock_name

# From the last job on.
JOB_PROOF_LIFETIME = dt.timedelta(days=90)
# How often the code host is asked whether the name still has the id.
JOB_CHECK_INTERVAL = dt.timedelta(days=1)
_MOVED = "the name belongs to another account of the code host now"


def prove_by_job(*, owner: Owner, name: str, namespace_id: str) -> None:
    """Prove the namespace `name` of the owner, or prolong its proof.

    Only if the owner has added it: a job alone claims nothing. A file is the stronger proof, because
    everybody who may write to one repository can run a job in it; so nothing that a file proves changes, and
    no other owner loses a namespace, unless a job had proven it of an account that had the name before: the
    permanent id tells them apart. Call it in the transaction that uses up the verified identity token. 1 query
    if there is nothing to prove.
    """
    folded = fold_namespace(name)
    if folded is None or not namespace_id or not owner.domains.filter(domain=folded).exists():
        return
    lock_name(f"domain:{folded}")
    _end_moved(_select_moved(folded, namespace_id).exclude(owner=owner))
    proven = OwnerDomain.objects.filter(domain=folded, verified_at__isnull=False)
    domain = owner.domains.select_related("owner").filter(domain=folded).first()
    if domain is None or proven.exclude(pk=domain.pk).exists():
        return
    if not domain.is_proven:
        _mark_proven(domain, namespace_id)
    elif domain.method == OwnerDomain.Method.JOB:
        _prolong(domain, namespace_id)


def end_moved_proofs(*, name: str, namespace_id: str) -> None:
    """End the proofs by jobs that a genuine identity token contradicts: 1 query if there are none.

    The id is permanent, and the name is not. If the name has another id, its account was renamed or deleted
    and somebody else has the name now; if the id has another name, its account was renamed. What the job
    wants, and whether it may, does not matter. Writes audit entries and mails.
    """
    folded = fold_namespace(name)
    if folded is None or not namespace_id or not _select_moved(folded, namespace_id).exists():
        return
    with transaction.atomic():
        lock_name(f"domain:{folded}")
        _end_moved(_select_moved(folded, namespace_id))


def _select_moved(folded: str, namespace_id: str) -> QuerySet[OwnerDomain]:
    host = folded.partition("/")[0]
    has_other_id = Q(domain=folded) & ~Q(namespace_id=namespace_id)
    has_other_name = Q(namespace_id=namespace_id, domain__startswith=f"{host}/") & ~Q(domain=folded)
    proven = OwnerDomain.objects.filter(method=OwnerDomain.Method.JOB, verified_at__isnull=False)
    return proven.filter(has_other_id | has_other_name)


def _end_moved(rows: QuerySet[OwnerDomain]) -> None:
    locked = rows.select_related("owner").select_for_update(of=("self",), no_key=True)
    for domain in locked.order_by("pk"):
        _end(domain)


def _end(domain: OwnerDomain) -> None:
    lapse_domain(domain, _MOVED)
    transaction.on_commit(partial(notify_contacts, "domain_lapsed", domain), robust=True)


def find_job_proof_problem(domain: OwnerDomain, now: dt.datetime) -> str:
    """Why a proof by a job ends now, "" if it stays. Asks the code host: 1 request."""
    if domain.checked_at is None or now - domain.checked_at >= JOB_PROOF_LIFETIME:
        return f"no job of it published for {JOB_PROOF_LIFETIME.days} days"
    # A host that does not say leaves it to the next job.
    found = find_namespace_id(domain.domain)
    return _MOVED if found and found != domain.namespace_id else ""


def _mark_proven(domain: OwnerDomain, namespace_id: str) -> None:
    now = timezone.now()
    domain.method, domain.namespace_id = OwnerDomain.Method.JOB, namespace_id
    domain.verified_at = domain.checked_at = now
    domain.next_check_at = now + JOB_CHECK_INTERVAL
    domain.failed_since, domain.problem = None, ""
    domain.save()
    record_audit_entry(
        actor=None, action="domain.proven", target=domain, method="job", namespace_id=namespace_id
    )


def _prolong(domain: OwnerDomain, namespace_id: str) -> None:
    if domain.namespace_id != namespace_id:
        _end(domain)
        return
    now = timezone.now()
    domain.checked_at, domain.next_check_at = now, now + JOB_CHECK_INTERVAL
    domain.save(update_fields=["checked_at", "next_check_at"])
