"""Reserved prefixes: who may use them, and what was there before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.actions.create_account import create_account
from accounts.actions.organizations.organization import create_organization
from accounts.errors import PrefixTakenError, ReservedPrefixError, UnknownPrefixError
from accounts.models import AuditEntry, GrandfatheredName, OrganizationRole, ReservedPrefix, User
from accounts.username_rules import USERNAME_VALIDATORS
from plugport.spec.names import InvalidNameError, list_prefix_keys
from registry.actions.create_scope import create_scope
from registry.actions.organizations.reserve_prefix import release_prefix, reserve_prefix
from registry.errors import NotMemberError
from tests.support.organizations import build_organization
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("northwind", ["northwlnd"]),
        ("north-wind-tools", ["north", "northwlnd", "northwlndtools"]),
        ("n.orth", ["n", "north"]),
        ("bar-n", ["bar", "bam"]),
    ],
)
def test_prefixes_end_at_separators(name: str, keys: list[str]) -> None:
    assert list_prefix_keys(name) == keys


def test_strangers_get_no_such_name(publisher: Publisher) -> None:
    ada = publisher.actor
    northwind = build_organization(ada, "northwind", mia="member").owner
    reserve_prefix(actor=None, prefix="Northwind-", owner=northwind, reason="A company.")
    eve, mia = create_user("eve"), User.objects.get(username="mia")
    for actor in (eve, mia):
        for name in ("northwind-tools", "n0rthwind-tools", "north-wind"):
            with pytest.raises(
                ReservedPrefixError, match=r"prefix `northwind`.*for `northwind`"
            ) as caught:
                publish_bytes(actor, build_package(name))
            assert caught.value.code == "reserved-prefix"
            assert "/contact" in (caught.value.hint or "")
            with pytest.raises(ReservedPrefixError):
                create_scope(actor=actor, name=name)
            with pytest.raises(ReservedPrefixError):
                create_organization(actor=actor, name=name)
            with pytest.raises(ValidationError, match=r"reserved|too similar"):
                create_account(User(username=name, email="x@example.test"))
            with pytest.raises(ValidationError, match="reserved"):
                USERNAME_VALIDATORS[-1](name)
    # Neither a longer word, nor what is inside a scope of one's own.
    publish_bytes(eve, build_package("northwindy"))
    publish_bytes(eve, build_package("@eve/northwind-tools"))


def test_the_owner_and_moderators_use_it(
    publisher: Publisher, create_user: Callable[..., User]
) -> None:
    ada = publisher.actor
    northwind = build_organization(ada, "northwind").owner
    reserve_prefix(actor=None, prefix="northwind", owner=northwind)
    publish_bytes(ada, build_package("northwind-tools"))
    create_scope(actor=ada, name="northwind-labs", owner=northwind)
    create_organization(actor=ada, name="northwind-west")
    # Its own scope, which the first plugin creates.
    publish_bytes(ada, build_package("@northwind/chat"))
    moderator = create_user("mod", is_moderator=True)
    create_scope(actor=moderator, name="northwind-east", owner=create_user("ben").owner)
    # A longer prefix decides before a shorter one.
    ben = User.objects.get(username="ben")
    reserve_prefix(actor=None, prefix="northwind-ben", owner=ben.owner)
    publish_bytes(ben, build_package("northwind-ben-tools"))
    with pytest.raises(ReservedPrefixError):
        publish_bytes(ada, build_package("northwind-ben-more"))
    northwind.organization.memberships.filter(user=ada).update(role=OrganizationRole.MEMBER)
    with pytest.raises(ReservedPrefixError):
        publish_bytes(ada, build_package("northwind-more"))


def test_a_token_of_a_moderator_needs_the_scope_admin(create_user: Callable[..., User]) -> None:
    """A token of a pipeline that publishes must not take names that are reserved."""
    reserve_prefix(actor=None, prefix="northwind")
    moderator = create_user("mod", is_moderator=True)
    # As the authentication does for other tokens.
    moderator.is_elevated = False
    with pytest.raises(ReservedPrefixError):
        publish_bytes(moderator, build_package("northwind-tools"))
    moderator.is_elevated = True
    publish_bytes(moderator, build_package("northwind-tools"))


def test_what_was_there_before_is_kept_and_listed(publisher: Publisher) -> None:
    ada, eve = publisher.actor, create_user("eve")
    northwind = build_organization(ada, "northwind").owner
    create_scope(actor=ada, name="northwind-labs", owner=northwind)
    create_user("northwind-fan")
    build_organization(eve, "north-wind-club")
    create_scope(actor=eve, name="northwind-eve")
    publish_bytes(eve, build_package("northwind-hub"))
    publish_bytes(eve, build_package("northwindy"))
    reserved = reserve_prefix(actor=None, prefix="northwind", owner=northwind)
    assert [(each.kind, each.name) for each in reserved.grandfathered.all()] == [
        ("account", "northwind-fan"),
        ("organization", "north-wind-club"),
        ("plugin", "northwind-hub"),
        ("scope", "northwind-eve"),
    ]
    entry = AuditEntry.objects.get(action="prefix.reserved")
    assert (entry.target_name, entry.details) == ("northwind", {"grandfathered": 4})
    # They go on: other versions, plugins in such scopes, and the own scope.
    publish_bytes(eve, build_package("northwind-hub", "2.0.0"))
    publish_bytes(eve, build_package("@northwind-eve/chat"))
    publish_bytes(User.objects.get(username="northwind-fan"), build_package("@northwind-fan/x"))
    with pytest.raises(PrefixTakenError, match="reserved already"):
        reserve_prefix(actor=None, prefix="north-wind")
    release_prefix(actor=None, prefix="northwind")
    assert not GrandfatheredName.objects.exists()
    create_scope(actor=create_user("sam"), name="northwind-sam")
    with pytest.raises(UnknownPrefixError):
        release_prefix(actor=None, prefix="northwind")


def test_only_operators_reserve(create_user: Callable[..., User]) -> None:
    for actor in (create_user("eve"), create_user("mod", is_moderator=True, is_staff=True)):
        with pytest.raises(NotMemberError):
            reserve_prefix(actor=actor, prefix="northwind")
        with pytest.raises(NotMemberError):
            release_prefix(actor=actor, prefix="northwind")
    operator = create_user("olga", is_superuser=True)
    with pytest.raises(InvalidNameError):
        reserve_prefix(actor=operator, prefix="no spaces")
    assert reserve_prefix(actor=operator, prefix="northwind").owner is None


def test_the_command_shows_reserves_and_releases(
    create_user: Callable[..., User], capsys: pytest.CaptureFixture[str]
) -> None:
    create_user("northwind-fan")
    create_user("ada")
    call_command("reserve_prefix", "northwind", "--dry-run")
    assert capsys.readouterr().out.splitlines() == [
        "1 names would stay with their owners",
        "account northwind-fan",
    ]
    assert not ReservedPrefix.objects.exists()
    call_command("reserve_prefix", "northwind", "--owner", "@ada", "--reason", "A company.")
    assert "reserved northwind; 1 names stay" in capsys.readouterr().out
    with pytest.raises(CommandError, match="reserved already"):
        call_command("reserve_prefix", "northwind")
    call_command("reserve_prefix", "northwind", "--release")
    assert capsys.readouterr().out == "released northwind\n"
    with pytest.raises(CommandError, match="no account or organization"):
        call_command("reserve_prefix", "northwind", "--owner", "nobody")
