"""Who may take which name (PKG-1, PKG-2)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import TokenScopeError
from accounts.models import AuditEntry, User
from plugport.spec.errors import PlugportError
from plugport.spec.names import RESERVED_NAMES
from registry.actions.publish_release import publish_release
from registry.errors import (
    NameTakenError,
    NotMemberError,
    OfficialScopeError,
    ScopeDeniedError,
)
from registry.models import Member, Plugin, Role, Scope
from registry.publishing.receive import receive_file
from registry.work import work_off
from tests.support.people import make_user
from tests.support.publishing import make_package, publish_bytes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "twin", ["my.plugin", "myplugin", "my-plug1n", "rny-plugin", "m.y-p.lugin"]
)
def test_look_alikes_collide(owner: User, twin: str) -> None:
    publish_bytes(owner, make_package("my-plugin"))
    with pytest.raises(NameTakenError) as caught:
        publish_bytes(owner, make_package(twin))
    assert caught.value.context == {"collidesWith": "my-plugin"}
    assert Plugin.objects.count() == 1


def test_names_of_different_scopes_are_different_names(owner: User, outsider: User) -> None:
    publish_bytes(owner, make_package("@acme/chat"))
    publish_bytes(outsider, make_package("@mallory/chat"))
    publish_bytes(owner, make_package("chat"))
    assert Plugin.objects.count() == 3


def test_unscoped_names_are_first_come_first_served(owner: User, outsider: User) -> None:
    publish_bytes(owner, make_package("chat"))
    with pytest.raises(NotMemberError):
        publish_bytes(outsider, make_package("chat", "2.0.0"))


def test_the_first_plugin_makes_its_publisher_the_owner(owner: User) -> None:
    release = publish_bytes(owner, make_package("@acme/chat"))
    assert Member.objects.get().role == Role.OWNER
    assert release.plugin.scope == Scope.objects.get(name="acme", owner=owner)
    acts = AuditEntry.objects.values_list("action", "target")
    assert set(acts) == {
        ("scope.created", "@acme"),
        ("plugin.created", "@acme/chat"),
        ("release.recorded", "@acme/chat@1.0.0"),
    }


def test_an_accounts_name_is_its_scope_before_it_publishes(owner: User, outsider: User) -> None:
    with pytest.raises(ScopeDeniedError, match="account `acme`"):
        publish_bytes(outsider, make_package("@acme/chat"))
    publish_bytes(owner, make_package("@acme/chat"))


def test_a_free_scope_belongs_to_who_publishes_there_first(owner: User, outsider: User) -> None:
    publish_bytes(owner, make_package("@tools/hammer"))
    with pytest.raises(ScopeDeniedError, match="belongs to `acme`"):
        publish_bytes(outsider, make_package("@tools/nail"))
    publish_bytes(owner, make_package("@tools/nail"))


@pytest.mark.parametrize("twin", ["to-ols", "t.ools", "t0ols", "too1s"])
def test_scopes_collide_like_names(owner: User, outsider: User, twin: str) -> None:
    publish_bytes(owner, make_package("@tools/hammer"))
    for actor in (outsider, owner):
        with pytest.raises(ScopeDeniedError, match="as `@tools`"):
            publish_bytes(actor, make_package(f"@{twin}/saw"))


@pytest.mark.parametrize("scope", ["ar", "a-r", "a.r"])
def test_official_scopes_are_the_operators(owner: User, scope: str) -> None:
    with pytest.raises(OfficialScopeError, match="`@ar`"):
        publish_bytes(owner, make_package(f"@{scope}/bridge"))
    assert not Scope.objects.exists()


def test_what_the_operator_publishes_there_is_official() -> None:
    operator = make_user("root-operator", is_superuser=True)
    release = publish_bytes(operator, make_package("@ar/bridge"))
    work_off()
    release.refresh_from_db()
    assert (release.state, release.trust) == ("published", "official")
    assert release.plugin.__class__.objects.get().document["official"] is True


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES)[::15])
def test_reserved_names_are_nobodys(owner: User, name: str) -> None:
    with pytest.raises(PlugportError) as caught:
        publish_bytes(owner, make_package(name))
    assert caught.value.code in ("reserved-name", "invalid-manifest")
    assert not Plugin.objects.exists()


@pytest.mark.parametrize(
    ("limit", "is_allowed"),
    [
        ("", True),
        ("@acme", True),
        ("@acme/chat", True),
        ("@acme/other", False),
        ("@other", False),
        ("chat", False),
    ],
)
def test_a_limited_token_publishes_there_only(
    owner: User, tmp_path: Any, limit: str, is_allowed: bool
) -> None:
    path = tmp_path / "p.tgz"
    path.write_bytes(make_package("@acme/chat"))
    with receive_file(path) as received:
        if is_allowed:
            assert publish_release(actor=owner, received=received, token_limit=limit).is_new
            return
        with pytest.raises(TokenScopeError):
            publish_release(actor=owner, received=received, token_limit=limit)
    assert not Plugin.objects.exists()


@pytest.mark.parametrize("twin", ["ac-me", "acrne"])
def test_nobody_takes_a_scope_that_looks_like_an_account(
    owner: User, outsider: User, twin: str
) -> None:
    with pytest.raises(ScopeDeniedError, match="account `acme`, or too close"):
        publish_bytes(outsider, make_package(f"@{twin}/chat"))
    publish_bytes(owner, make_package("@acme/chat"))


def test_the_key_of_an_account_follows_its_name(owner: User) -> None:
    owner.username = "harbor"
    owner.save(update_fields=["username"])
    assert User.objects.get(pk=owner.pk).collision_key == "harbor"
