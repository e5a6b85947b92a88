"""Measure the audit log: writing an entry, sealing, and verifying a million entries, on each database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import islice

import django

from bench.report import report
from bench.running import ROOT, Registry, build_parser, create_registry, list_databases

_WRITES = 500
_BATCH = 5000
_MAX_WRITE_MS = 1.0
_VERIFY_SECONDS, _VERIFIED = 60.0, 1_000_000


def _measure_in_registry(registry: Registry, entries: int) -> None:
    """Run this module with the settings of the registry, which differ from those of this process."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.audit",
            "--inside",
            registry.database,
            "--entries",
            str(entries),
        ],
        cwd=ROOT,
        env=registry.environment,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"bench.audit failed with exit code {done.returncode}")


def _measure_writes(database: str) -> None:
    """What an entry adds to the transaction of its act."""
    from django.db import transaction

    from accounts.actions.record_audit_entry import record_audit_entry
    from accounts.models import User

    user = User.objects.create(username="bench")
    seconds = []
    for number in range(_WRITES):
        with transaction.atomic():
            started = time.perf_counter()
            record_audit_entry(actor=user, action="token.created", target=user, number=number)
            seconds.append(time.perf_counter() - started)
    median = sorted(seconds)[len(seconds) // 2] * 1000
    report(f"{database}: writing an entry, median", median, "ms", maximum=_MAX_WRITE_MS)


def _fill(entries: int) -> None:
    from accounts.actions.record_audit_entry import digest_new_identity
    from accounts.models import ActorKind, AuditEntry, AuditIdentity, User

    user = User.objects.get(username="bench")
    numbers = iter(range(entries))
    while batch := list(islice(numbers, _BATCH)):
        identities = [
            AuditIdentity(
                account_id=user.pk,
                name=user.username,
                address="192.0.2.1",
                user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                salt=f"{number:032x}",
            )
            for number in batch
        ]
        AuditIdentity.objects.bulk_create(identities)
        AuditEntry.rows.bulk_create(
            AuditEntry(
                action="release.published",
                actor_kind=ActorKind.ACCOUNT,
                actor=user,
                identity=identity,
                identity_digest=digest_new_identity(identity),
                target_kind="release",
                target_name=f"@bench/plugin-{number}@1.0.0",
                container=f"plugin:{number}",
                via="worker",
                before="checking",
                after="published",
                details={"reason": "All checks passed."},
            )
            for number, identity in zip(batch, identities, strict=True)
        )


def _measure(database: str, entries: int) -> None:
    from accounts.audit.checkpoints import sign_checkpoint
    from accounts.audit.heads import iter_heads, list_public_keys
    from accounts.audit.sealer import seal_entries
    from accounts.audit.verification import verify_log

    _measure_writes(database)
    _fill(entries)
    started = time.perf_counter()
    sealed = seal_entries()
    report(f"{database}: sealing", sealed / (time.perf_counter() - started), "entries/s")
    sign_checkpoint()
    started = time.perf_counter()
    result = verify_log(trusted_keys=list_public_keys(), heads=list(iter_heads()))
    seconds = time.perf_counter() - started
    if not result.is_intact or result.entries != sealed:
        raise SystemExit(f"the log is not intact: {result.problems[:1]}")
    report(
        f"{database}: verifying {result.entries:,} entries",
        seconds,
        "s",
        maximum=_VERIFY_SECONDS * result.entries / _VERIFIED,
    )


def main() -> None:
    """Print the figures of each database that responds."""
    parser = build_parser(__doc__)
    parser.add_argument("--entries", type=int, default=_VERIFIED)
    parser.add_argument("--inside", default="", help="measure in this process, with this label")
    options = parser.parse_args()
    if options.inside:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        django.setup()
        _measure(options.inside, options.entries)
        return
    for database in list_databases(options.database):
        with create_registry(database) as registry:
            _measure_in_registry(registry, options.entries)


if __name__ == "__main__":
    main()
