"""Races between threads, which need a database with real concurrency."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.models import User
from plugport.spec.errors import PlugportError
from registry.actions.change_member_role import change_member_role
from registry.actions.create_scope import create_scope
from registry.actions.flag_release import yank_release
from registry.actions.invitations.accept_invitation import accept_invitation
from registry.actions.invitations.decline_invitation import decline_invitation
from registry.actions.invitations.withdraw_invitation import withdraw_invitation
from registry.actions.invite_member import invite_member
from registry.actions.publish_release import Publication, publish_release
from registry.actions.remove_member import remove_member
from registry.downloads import counts as download_counts
from registry.downloads.counts import flush_downloads
from registry.downloads.receipts import ReceiptKey, SentBytes, write_receipts
from registry.errors import (
    AlreadyInvitedError,
    LastOwnerError,
    NameTakenError,
    NotMemberError,
    PublishRaceError,
    ScopeDeniedError,
    ScopeLimitError,
    UnknownInvitationError,
    VersionTakenError,
)
from registry.jobs.queue import enqueue_job, finish_job, lease_job
from registry.jobs.runner import run_pending_jobs
from registry.journal import append_entry
from registry.models import (
    Artifact,
    DownloadCount,
    DownloadReceipt,
    Invitation,
    Job,
    JournalEntry,
    Member,
    Plugin,
    Release,
    Role,
    Scope,
    Upload,
)
from registry.policies import MAX_SCOPES
from registry.publishing.receive import receive_file
from registry.publishing.sweep import sweep_storage
from tests.processes.harness import build_environment
from tests.support.data import ROOT
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
T = TypeVar("T")
THREADS = 8


@pytest.fixture(autouse=True)
def _on_postgres(postgres: str, transactional_db: None) -> None:
    assert connection.vendor == "postgresql"


def run_together(works: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Start all functions at the same moment, each in a thread with its own connection."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T | Exception:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return work()
        except Exception as error:  # noqa: BLE001 -- returned to the caller
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.fixture
def send(tmp_path: Path) -> Callable[[User, bytes], Callable[[], Publication]]:
    """Return a function that publishes these bytes, to run in a thread."""

    def make(actor: User, body: bytes) -> Callable[[], Publication]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.tgz"
        path.write_bytes(body)

        def publish() -> Publication:
            with receive_file(path) as received:
                return publish_release(actor=actor, received=received)

        return publish

    return make


def split(answers: Sequence[Any]) -> tuple[list[Any], list[Exception]]:
    errors = [a for a in answers if isinstance(a, Exception)]
    return [a for a in answers if not isinstance(a, Exception)], errors


def test_one_of_many_publishers_of_a_version_succeeds(owner: User, send: Any) -> None:
    bodies = [build_package(files={"n.txt": str(number)}) for number in range(THREADS)]
    done, errors = split(run_together([send(owner, body) for body in bodies]))
    assert len(done) == 1
    assert {type(error) for error in errors} == {VersionTakenError}
    assert Release.objects.count() == Artifact.objects.count() == Job.objects.count() == 1
    assert not Upload.objects.exists()


def test_the_same_bytes_at_once_are_one_release(owner: User, send: Any, packages_dir: Path) -> None:
    body = build_package()
    done, errors = split(run_together([send(owner, body) for _ in range(THREADS)]))
    assert errors == []
    assert {each.release.pk for each in done} == {Release.objects.get().pk}
    assert [each.is_new for each in done].count(True) == 1
    assert len([p for p in packages_dir.rglob("*") if p.is_file()]) == 1


def test_one_of_several_look_alike_names_is_published(owner: User, send: Any) -> None:
    names = ["my-plugin", "my.plugin", "myplugin", "my-plug1n"]
    done, errors = split(run_together([send(owner, build_package(name)) for name in names]))
    assert len(done) == 1
    assert {type(error) for error in errors} == {NameTakenError}
    assert Plugin.objects.count() == 1


def test_one_of_two_accounts_gets_a_new_scope(owner: User, outsider: User) -> None:
    works = [lambda u=user: create_scope(actor=u, name="tide") for user in (owner, outsider)]
    done, errors = split(run_together(works))  # type: ignore[arg-type]
    assert len(done) == 1
    assert {type(error) for error in errors} == {ScopeDeniedError}
    assert Scope.objects.get() == done[0][0]


def test_two_owners_cannot_leave_at_once(owner: User, publisher: Publisher) -> None:
    plugin = publisher.publish("@acme/chat").plugin
    owners = [owner, *(create_user(f"owner-{number}") for number in range(THREADS - 1))]
    Member.objects.bulk_create(
        Member(plugin=plugin, holder=user.owner, role=Role.OWNER) for user in owners[1:]
    )
    _, errors = split(
        run_together(
            [
                lambda u=user: (
                    remove_member(actor=u, plugin=plugin, username=u.username)
                    if u.pk % 2
                    else change_member_role(
                        actor=u, plugin=plugin, username=u.username, role=Role.PUBLISHER
                    )
                )
                for user in owners
            ]
        )
    )
    assert [type(error) for error in errors] == [LastOwnerError]
    last = Member.objects.get(role=Role.OWNER).holder.user
    plugin.refresh_from_db()
    assert plugin.document["owners"] == [last.username]


def test_an_invitation_is_accepted_or_withdrawn(owner: User, publisher: Publisher) -> None:
    """Whichever is first. An account is invited once, and joins once."""
    plugin = publisher.publish("@acme/chat").plugin
    guest = create_user("guest")
    invites = [
        lambda: invite_member(actor=owner, plugin=plugin, username="guest", role=Role.OWNER)
    ] * THREADS
    done, errors = split(run_together(invites))
    assert len(done) == 1
    assert {type(error) for error in errors} == {AlreadyInvitedError}
    number = done[0].pk
    answers: list[Callable[[], Any]] = [
        lambda: accept_invitation(actor=guest, invitation_id=number),
        lambda: accept_invitation(actor=guest, invitation_id=number),
        lambda: decline_invitation(actor=guest, invitation_id=number),
        lambda: withdraw_invitation(actor=owner, plugin=plugin, username="guest"),
    ]
    done, errors = split(run_together(answers))
    assert len(done) == 1
    assert {type(error) for error in errors} == {UnknownInvitationError}
    joined = isinstance(done[0], Member)
    assert plugin.members.filter(holder__user=guest).exists() is joined
    assert not Invitation.objects.exists()


def test_one_account_invites_and_removes_at_once(owner: User, publisher: Publisher) -> None:
    """The audit entry of a removal refers to the account that the invitation locks."""
    plugin = publisher.publish("@acme/chat").plugin
    half = THREADS // 2
    people = [create_user(f"person-{number}") for number in range(4 * THREADS)]
    Member.objects.bulk_create(
        Member(plugin=plugin, holder=user.owner, role=Role.PUBLISHER)
        for user in people[: 2 * THREADS]
    )
    for first in range(0, 2 * THREADS, half):
        works: list[Callable[[], Any]] = []
        for number in range(first, first + half):
            member, guest = people[number].username, people[2 * THREADS + number].username
            works += [
                lambda name=member: remove_member(actor=owner, plugin=plugin, username=name),
                lambda name=guest: invite_member(
                    actor=owner, plugin=plugin, username=name, role=Role.PUBLISHER
                ),
            ]
        _, errors = split(run_together(works))
        assert errors == []
    assert plugin.members.count() == 1
    assert plugin.invitations.count() == 2 * THREADS


def test_an_account_cannot_exceed_its_scopes_at_once(owner: User) -> None:
    works = [lambda n=n: create_scope(actor=owner, name=f"team-{n}x") for n in range(THREADS)]
    done, errors = split(run_together(works))  # type: ignore[arg-type]
    assert len(done) == Scope.objects.count() == MAX_SCOPES
    assert {type(error) for error in errors} == {ScopeLimitError}


def test_one_of_several_accounts_takes_a_freed_name(owner: User, outsider: User, send: Any) -> None:
    squatter = create_user("squatter")
    send(squatter, build_package("tide", main="missing.js"))()
    run_pending_jobs()
    Release.objects.update(created_at=timezone.now() - dt.timedelta(hours=25))
    works = [
        send(user, build_package("tide", "2.0.0", description=user.username))
        for user in (owner, outsider, squatter)
    ]
    done, errors = split(run_together(works))
    assert len(done) == 1
    assert {type(error) for error in errors} <= {NotMemberError, PublishRaceError}
    assert Plugin.objects.get().members.get().holder.user == done[0].release.published_by


_RUN_TWO_JOBS = """
import django; django.setup()
from registry.jobs.runner import run_pending_jobs
print(run_pending_jobs(max_jobs=2))
"""


def test_many_versions_of_one_plugin_at_once(owner: User, send: Any, packages_dir: Path) -> None:
    versions = [f"1.0.{number}" for number in range(THREADS)]
    works = [send(owner, build_package(version=version)) for version in versions]
    assert split(run_together(works))[1] == []
    # Checks run in the main thread only, because signals enforce their time limit.
    name = quote(str(connection.settings_dict["NAME"]))
    url = urlsplit(os.environ["PLUGPORT_TEST_DATABASE_URL"])._replace(path=f"/{name}").geturl()
    environment = build_environment(packages_dir.parent, DATABASE_URL=url)
    command = [sys.executable, "-c", _RUN_TWO_JOBS]
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [worker.communicate()[0] for worker in workers].count("2\n") >= 1
    run_pending_jobs()
    plugin = Plugin.objects.get()
    assert plugin.document["distTags"] == {"latest": f"1.0.{THREADS - 1}"}
    assert Release.objects.filter(state="published").count() == THREADS
    serials = list(JournalEntry.objects.values_list("serial", flat=True))
    assert serials == list(range(serials[0], serials[0] + THREADS))


def test_serials_have_no_gap_and_follow_the_commits() -> None:
    def append(number: int) -> list[int]:
        serials = []
        for turn in range(10):
            with transaction.atomic():
                entry = append_entry("plugin.edited", f"p{number}")
                if turn % 3 == 0:
                    transaction.set_rollback(True)
                else:
                    serials.append(entry.serial)
        return serials

    responses = run_together([lambda n=number: append(n) for number in range(THREADS)])  # type: ignore[misc]
    taken = sorted(serial for response in responses for serial in response)  # type: ignore[union-attr]
    assert taken == list(JournalEntry.objects.values_list("serial", flat=True))
    assert taken == list(range(taken[0], taken[0] + len(taken)))
    for response in responses:
        assert response == sorted(response)  # type: ignore[arg-type]


def test_a_reader_never_sees_a_serial_before_a_lower_one() -> None:
    """A follower reads after its last serial, so no lower serial may appear later."""
    is_over = threading.Event()

    def follow() -> list[int]:
        seen: list[int] = []
        while not is_over.is_set() or seen[-1:] != latest():
            seen += JournalEntry.objects.filter(serial__gt=seen[-1] if seen else 0).values_list(
                "serial", flat=True
            )
        return seen

    def latest() -> list[int]:
        return list(JournalEntry.objects.order_by("-serial").values_list("serial", flat=True)[:1])

    def write() -> list[int]:
        for _ in range(20):
            with transaction.atomic():
                append_entry("plugin.edited", "p")
        return []

    def write_all() -> list[int]:
        run_together([write] * 4)
        is_over.set()
        return []

    followed = run_together([follow, write_all])[0]
    assert followed == list(JournalEntry.objects.values_list("serial", flat=True))
    assert len(followed) == 80


def test_every_job_is_taken_once() -> None:
    for number in range(60):
        enqueue_job("check-release", str(number))

    def work() -> list[int]:
        leases = list(iter(lease_job, None))
        for lease in leases:
            finish_job(lease)
        return [lease.job_id for lease in leases]

    taken, errors = split(run_together([work] * THREADS))
    assert errors == []
    counts = Counter(job_id for response in taken for job_id in response)
    assert len(counts) == 60
    assert set(counts.values()) == {1}
    assert not Job.objects.exists()


def test_counts_of_many_processes_add_up(publisher: Any) -> None:
    """Overlapping sets of releases, written at once: no deadlock, no count lost or doubled."""
    releases = [publisher.publish(f"@acme/p{n % 3}", f"1.{n}.0") for n in range(9)]
    today = timezone.now().date()

    def write(part: slice) -> None:
        for _ in range(10):
            download_counts.write_counts(Counter({(r.pk, today): 1 for r in releases[part]}))

    parts = [slice(0, 9), slice(3, 9), slice(0, 6), slice(2, 7)]
    assert run_together([lambda p=part: write(p) for part in parts]) == [None] * 4  # type: ignore[misc]
    expected = [10 * sum(n in range(*p.indices(9)) for p in parts) for n in range(9)]
    assert [Release.objects.get(pk=r.pk).downloads for r in releases] == expected
    assert sum(Plugin.objects.values_list("downloads", flat=True)) == sum(expected)
    assert sum(DownloadCount.objects.values_list("count", flat=True)) == sum(expected)
    assert flush_downloads() == 0


def test_one_client_of_many_processes_counts_once(publisher: Any) -> None:
    """The ranges of each client arrive through several processes, which write at the same time."""
    releases = [publisher.publish(f"@acme/p{n}") for n in range(3)]
    today = timezone.now().date()

    def write(part: int) -> int:
        sent = {
            ReceiptKey(release.pk, today, f"client-{client}"): SentBytes(4, ((part, part + 1),))
            for release in releases
            for client in range(10)
        }
        with transaction.atomic():
            return write_receipts(sent).total()

    works = [lambda p=part: write(p) for part in (0, 1, 2, 3, 0, 1, 2, 3)]
    completed, errors = split(run_together(works))  # type: ignore[arg-type]
    assert errors == []
    assert sum(completed) == 30
    assert DownloadReceipt.objects.filter(is_complete=True).count() == 30


def test_publishing_flagging_counting_and_sweeping_do_not_block_each_other(
    publisher: Any, send: Any
) -> None:
    release = publisher.publish()
    today = timezone.now().date()

    def flag() -> None:
        for _ in range(5):
            yank_release(actor=publisher.actor, release=Release.objects.get(pk=release.pk))

    def count() -> None:
        for _ in range(10):
            download_counts.write_counts(Counter({(release.pk, today): 1}))

    def sweep() -> None:
        for _ in range(10):
            sweep_storage()

    bodies = [build_package(version=f"2.0.{n}") for n in range(3)]
    works = [
        flag,
        count,
        sweep,
        *(send(publisher.actor, body) for body in bodies),
        run_pending_jobs,
    ]
    assert split(run_together(works))[1] == []
    run_pending_jobs()
    assert Plugin.objects.get().document["latestVersion"] == "2.0.2"
    release.refresh_from_db()
    assert release.downloads == 10


_MIGRATE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("migrate", check_unapplied=True)
call_command("migrate", "registry", "zero", verbosity=0)
call_command("migrate", verbosity=0)
"""


def test_migrations_run_forwards_and_back(own_database: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MIGRATE],
        cwd=ROOT,
        env=build_environment(tmp_path, DATABASE_URL=own_database),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with psycopg.connect(own_database) as raw:
        raw.execute(
            "INSERT INTO registry_journalentry (serial, event, plugin, version, data, at)"
            " VALUES (1, 'a', 'b', 'c', '{}', now())"
        )
        for statement in (
            "UPDATE registry_journalentry SET event = 'x'",
            "DELETE FROM registry_journalentry",
        ):
            with (
                pytest.raises(psycopg.errors.RaiseException, match="append-only"),
                raw.transaction(),
            ):
                raw.execute(statement)


def test_a_lost_race_gives_an_error_of_the_registry(owner: User, send: Any) -> None:
    """The loser of a race gets an error with a hint, not a message of the database."""
    bodies = [build_package("chat", files={"n.txt": str(number)}) for number in range(4)]
    _, errors = split(run_together([send(owner, body) for body in bodies]))
    for error in errors:
        assert isinstance(error, PlugportError)
        assert error.hint
