"""Which names and scopes an account may use (PKG-1, PKG-2)."""

from __future__ import annotations

from pathlib import Path

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
from registry.jobs.runner import run_pending_jobs
from registry.models import Member, Plugin, Role, Scope
from registry.publishing.receive import receive_file
from tests.support.people import create_user
from tests.support.publishing import build_package, publish_bytes

pytestmark = pytest.mark.django_db


def test_look_alikes_collide(owner: User) -> None:
    publish_bytes(owner, build_package("my-plugin"))
    for twin in ("my.plugin", "myplugin", "my-plug1n", "rny-plugin", "m.y-p.lugin"):
        with pytest.raises(NameTakenError) as caught:
            publish_bytes(owner, build_package(twin))
        assert caught.value.context == {"collidesWith": "my-plugin"}, twin
    assert Plugin.objects.count() == 1


def test_names_of_different_scopes_are_different_names(owner: User, outsider: User) -> None:
    publish_bytes(owner, build_package("@acme/chat"))
    publish_bytes(outsider, build_package("@mallory/chat"))
    publish_bytes(owner, build_package("chat"))
    assert Plugin.objects.count() == 3


def test_unscoped_names_are_first_come_first_served(owner: User, outsider: User) -> None:
    publish_bytes(owner, build_package("chat"))
    with pytest.raises(NotMemberError):
        publish_bytes(outsider, build_package("chat", "2.0.0"))


def test_the_first_plugin_makes_its_publisher_the_owner(owner: User) -> None:
    release = publish_bytes(owner, build_package("@acme/chat"))
    assert Member.objects.get().role == Role.OWNER
    assert release.plugin.scope == Scope.objects.get(name="acme", owner=owner)
    acts = AuditEntry.objects.values_list("action", "target")
    assert set(acts) == {
        ("scope.created", "@acme"),
        ("plugin.created", "@acme/chat"),
        ("release.recorded", "@acme/chat@1.0.0"),
    }


def test_a_user_name_is_reserved_as_a_scope(owner: User, outsider: User) -> None:
    with pytest.raises(ScopeDeniedError, match="account `acme`"):
        publish_bytes(outsider, build_package("@acme/chat"))
    publish_bytes(owner, build_package("@acme/chat"))


def test_a_free_scope_belongs_to_its_first_publisher(owner: User, outsider: User) -> None:
    publish_bytes(owner, build_package("@tools/hammer"))
    with pytest.raises(ScopeDeniedError, match="belongs to `acme`"):
        publish_bytes(outsider, build_package("@tools/nail"))
    publish_bytes(owner, build_package("@tools/nail"))


def test_scopes_collide_like_names(owner: User, outsider: User) -> None:
    publish_bytes(owner, build_package("@tools/hammer"))
    for twin in ("to-ols", "t.ools", "t0ols", "too1s"):
        for actor in (outsider, owner):
            with pytest.raises(ScopeDeniedError, match="as `@tools`"):
                publish_bytes(actor, build_package(f"@{twin}/saw"))


def test_official_scopes_are_reserved_for_the_operator(owner: User) -> None:
    for scope in ("ar", "a-r", "a.r"):
        with pytest.raises(OfficialScopeError, match="`@ar`"):
            publish_bytes(owner, build_package(f"@{scope}/bridge"))
    assert not Scope.objects.exists()


def test_a_plugin_of_the_operator_in_an_official_scope_is_official() -> None:
    operator = create_user("root-operator", is_superuser=True)
    release = publish_bytes(operator, build_package("@ar/bridge"))
    run_pending_jobs()
    release.refresh_from_db()
    assert (release.state, release.trust) == ("published", "official")
    assert release.plugin.__class__.objects.get().document["official"] is True


def test_reserved_names_are_refused(owner: User) -> None:
    for name in sorted(RESERVED_NAMES)[::15]:
        with pytest.raises(PlugportError) as caught:
            publish_bytes(owner, build_package(name))
        assert caught.value.code in ("reserved-name", "invalid-manifest"), name
    assert not Plugin.objects.exists()


def publish_with_limit(owner: User, folder: Path, name: str, limit: str) -> bool:
    """Publish with a limited token; return whether the release is new."""
    path = folder / "p.tgz"
    path.write_bytes(build_package(name))
    with receive_file(path) as received:
        return publish_release(actor=owner, received=received, token_limit=limit).is_new


def test_a_limited_token_publishes_within_its_limit_only(owner: User, tmp_path: Path) -> None:
    for limit in ("@acme/other", "@other", "chat"):
        with pytest.raises(TokenScopeError):
            publish_with_limit(owner, tmp_path, "@acme/chat", limit)
    assert not Plugin.objects.exists()
    for name, limit in {
        "@acme/free": "",
        "@acme/mail": "@acme",
        "@acme/chat": "@acme/chat",
    }.items():
        assert publish_with_limit(owner, tmp_path, name, limit), name


def test_a_scope_that_looks_like_an_account_is_refused(owner: User, outsider: User) -> None:
    for twin in ("ac-me", "acrne"):
        with pytest.raises(ScopeDeniedError, match="account `acme`, or too similar"):
            publish_bytes(outsider, build_package(f"@{twin}/chat"))
    publish_bytes(owner, build_package("@acme/chat"))


def test_the_key_of_an_account_follows_its_name(owner: User) -> None:
    owner.username = "harbor"
    owner.save(update_fields=["username"])
    assert User.objects.get(pk=owner.pk).collision_key == "harbor"
