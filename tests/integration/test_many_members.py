"""The end of large organizations and teams: nobody keeps a right, and the statements do not grow with the people."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions.delete_organization import delete_organization
from accounts.actions.organizations.invitations import invite_person
from accounts.actions.organizations.robots import create_robot, create_robot_token
from accounts.actions.organizations.teams import create_team, delete_team
from accounts.actions.tokens.create_token import create_token
from accounts.audit.sealer import seal_entries
from accounts.audit.verification import verify_log
from accounts.errors import InvalidTokenError
from accounts.models import (
    AuditEntry,
    AuditIdentity,
    Organization,
    OrganizationMember,
    OrganizationRole,
    Team,
    TeamMember,
    Token,
    User,
)
from accounts.queries.tokens import get_token
from registry.actions.organizations.team_rights import set_team_right
from registry.models import Role
from tests.support.organizations import build_organization
from tests.support.people import create_user

pytestmark = pytest.mark.django_db
FEW, MANY = 3, 200
# SQLite takes 999 values a statement; the widest row, an audit entry, has 18.
_ROWS_A_BATCH = 50


def fill(owner: User, name: str, people: int, robots: int) -> tuple[Organization, list[str]]:
    """An organization with members in a team, limited tokens and robots; the texts of all tokens."""
    organization = build_organization(owner, name)
    team = create_team(actor=owner, organization=organization, name="dev")
    set_team_right(
        actor=owner,
        organization=organization,
        team_name="dev",
        target=f"@{name}",
        role=Role.PUBLISHER,
    )
    users = User.objects.bulk_create(
        User(
            username=f"{name}{n:04}",
            collision_key=f"{name}{n:04}",
            password="!",
            email=f"{name}{n}@example.test",
        )
        for n in range(people)
    )
    members = OrganizationMember.objects.bulk_create(
        OrganizationMember(organization=organization, user=user, role=OrganizationRole.MEMBER)
        for user in users
    )
    TeamMember.objects.bulk_create(TeamMember(team=team, member=member) for member in members)
    texts = []
    for user in users:
        _, text = create_token(
            actor=user, name="own", scopes=["read"], limits=[f"org:{name}"], is_by_operator=True
        )
        texts.append(text)
    for number in range(robots):
        robot = create_robot(actor=owner, organization=organization, name=f"ci{number}")
        for label in ("one", "two"):
            _, text = create_robot_token(
                actor=owner,
                organization=organization,
                robot_name=robot.username,
                name=label,
                scopes=["read"],
            )
            texts.append(text)
    for number in range(5):
        invite_person(
            actor=owner,
            organization=organization,
            addressee=f"guest{number}@example.test",
            role=OrganizationRole.MEMBER,
        )
    return organization, texts


def count(act: Callable[[], None]) -> int:
    """The number of statements, without those that put further rows of one insert."""
    with CaptureQueriesContext(connection) as queries:
        act()
    statements = [each["sql"] for each in queries]
    inserts = [sql for sql in statements if sql.startswith("INSERT INTO") and "audit" in sql]
    return len(statements) - len(inserts)


def test_deleting_an_organization_takes_as_many_statements_for_200_members_as_for_3(
    owner: User,
) -> None:
    second = create_user("second")
    counts, inserts = [], []
    for name, people, robots in (("small", FEW, 1), ("large", MANY, 10)):
        organization, texts = fill(owner, name, people, robots)
        OrganizationMember.objects.create(
            organization=organization, user=second, role=OrganizationRole.OWNER
        )
        entries, identities = AuditEntry.objects.count(), AuditIdentity.objects.count()
        mail.outbox.clear()
        with CaptureQueriesContext(connection) as queries:
            counts.append(
                count(
                    lambda name=name, organization=organization: delete_organization(  # type: ignore[misc]
                        actor=owner, organization=organization, confirmation=name
                    )
                )
            )
        inserts.append(len(queries) - counts[-1])
        # The creator, the second owner, the members; each token and robot; the organization.
        expected = 2 + people + len(texts) + robots + 1
        assert AuditEntry.objects.count() - entries == expected
        assert AuditIdentity.objects.count() - identities == expected
        for text in texts:
            with pytest.raises(InvalidTokenError):
                get_token(text)
        assert not OrganizationMember.objects.filter(organization=organization).exists()
        assert not Team.objects.filter(organization=organization).exists()
        assert not organization.invitations.exists()
        assert not organization.robots.filter(is_active=True).exists()
        assert [each.to for each in mail.outbox] == [["second@example.test"]]
    # Rows of memberships and teams are deleted in batches of 100.
    assert counts[0] <= counts[1] <= counts[0] + 2 * MANY // 100 <= 45
    # Two tables, and at worst as many batches as the rows need on SQLite.
    assert inserts[1] <= inserts[0] + 2 * (2 * MANY + 30) // _ROWS_A_BATCH + 4


def test_each_of_many_entries_is_complete_and_in_the_chain(owner: User) -> None:
    organization, texts = fill(owner, "harbor", 60, 2)
    delete_organization(actor=owner, organization=organization, confirmation="harbor")
    removed = AuditEntry.objects.filter(action="organization.removed", target_name="harbor")
    assert removed.count() == 61
    for entry in removed.select_related("identity", "subject"):
        assert (entry.actor, entry.actor_name) == (owner, owner.username)
        assert entry.container == f"organization:{organization.pk}" or entry.owner_id
        assert entry.details == {"role": "owner" if entry.subject == owner else "member"}
    assert removed.values("subject").distinct().count() == 61
    revoked = AuditEntry.objects.filter(action="token.revoked")
    assert {int(each.target_id) for each in revoked} == set(
        Token.objects.filter(revoked_at__isnull=False).values_list("pk", flat=True)
    )
    assert revoked.count() == len(texts)
    seal_entries()
    report = verify_log(trusted_keys=set(), heads=[])
    # The file is written by the worker.
    assert {each["kind"] for each in report.to_json()["problems"]} <= {"head-file"}


def test_tokens_for_something_else_stay(owner: User) -> None:
    organization, _ = fill(owner, "harbor", FEW, 0)
    member = User.objects.get(username="harbor0000")
    kept = [
        create_token(actor=member, name="x", scopes=["read"], limits=limits, is_by_operator=True)[1]
        for limits in ([], ["@other"], ["org:harbor", "@other"])
    ]
    delete_organization(actor=owner, organization=organization, confirmation="harbor")
    for text in kept:
        assert get_token(text).user == member


def test_deleting_a_team_takes_as_many_statements_for_200_members_as_for_3(owner: User) -> None:
    counts = []
    for name, people in (("small", FEW), ("large", MANY)):
        organization, _ = fill(owner, name, people, 0)
        counts.append(
            count(
                lambda organization=organization: delete_team(  # type: ignore[misc]
                    actor=owner, organization=organization, name="dev"
                )
            )
        )
        assert not TeamMember.objects.filter(team__organization=organization).exists()
        assert organization.memberships.count() == people + 1
    assert counts[0] == counts[1]
