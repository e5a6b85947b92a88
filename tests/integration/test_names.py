"""Which names and scopes an account may use (PKG-1, PKG-2)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.actions.tokens.create_token import create_token
from accounts.errors import EmailNotVerifiedError, TokenScopeError
from accounts.models import AuditEntry, User
from plugport.spec.errors import PlugportError
from plugport.spec.names import (
    RESERVED_NAMES,
    PluginName,
    ReservedNameError,
    load_well_known_names,
)
from registry.actions.create_scope import create_scope
from registry.actions.publish_release import publish_release
from registry.errors import (
    NameTakenError,
    NotMemberError,
    OfficialScopeError,
    ScopeDeniedError,
    ScopeLimitError,
    ScopeNotCreatedError,
    WellKnownNameError,
)
from registry.jobs.runner import run_pending_jobs
from registry.models import Member, Plugin, Release, Role, Scope
from registry.policies import MAX_SCOPES
from registry.publishing.receive import receive_file
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

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
    assert release.plugin.scope == Scope.objects.get(name="acme", owner=owner.owner)
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


def test_publishing_creates_no_scope_but_the_accounts_own(owner: User, outsider: User) -> None:
    with pytest.raises(ScopeNotCreatedError, match="no scope `@hammers`") as caught:
        publish_bytes(owner, build_package("@hammers/hammer"))
    assert "`plugport scope create hammers`" in (caught.value.hint or "")
    assert not Scope.objects.exists()
    scope, is_new = create_scope(actor=owner, name="@hammers")
    assert is_new
    assert create_scope(actor=owner, name="hammers") == (scope, False)
    publish_bytes(owner, build_package("@hammers/hammer"))
    for action in (
        lambda: publish_bytes(outsider, build_package("@hammers/nail")),
        lambda: create_scope(actor=outsider, name="hammers"),
    ):
        with pytest.raises(ScopeDeniedError, match="belongs to `acme`"):
            action()


def test_an_account_that_is_not_verified_creates_no_scope() -> None:
    with pytest.raises(EmailNotVerifiedError):
        create_scope(actor=create_user("newcomer", is_verified=False), name="tide")


def test_scopes_that_exist_stay_usable(owner: User) -> None:
    """Also those of before the rules: too many, and with well-known names."""
    for name in ("google", "a1", "a2", "a3", "a4", "a5"):
        Scope.objects.create(
            name=name, owner=owner.owner, collision_key=PluginName(None, name).collision_key
        )
    publish_bytes(owner, build_package("@google/chat"))
    publish_bytes(owner, build_package("@a5/chat"))
    publish_bytes(owner, build_package("@acme/chat"))
    with pytest.raises(ScopeLimitError):
        create_scope(actor=owner, name="a6")


def test_an_account_creates_five_scopes_besides_its_own(owner: User) -> None:
    create_scope(actor=owner, name="acme")
    for number in range(MAX_SCOPES):
        create_scope(actor=owner, name=f"team-{number}x")
    with pytest.raises(ScopeLimitError, match="5 scopes besides `@acme`"):
        create_scope(actor=owner, name="one-more")
    moderator = create_user("judge", is_moderator=True)
    scope, _ = create_scope(actor=moderator, name="one-more", owner=owner.owner)
    assert scope.owner == owner.owner


def test_names_of_well_known_projects_are_reserved(owner: User, outsider: User) -> None:
    for name in ("google", "g00gle", "lodash"):
        with pytest.raises(WellKnownNameError) as caught:
            create_scope(actor=owner, name=name)
        assert caught.value.context["name"] == name
        with pytest.raises(WellKnownNameError, match="is reserved: ") as caught:
            publish_bytes(owner, build_package(name))
        assert "proof" in (caught.value.hint or "")
    publish_bytes(owner, build_package("@acme/lodash"))
    with pytest.raises(NotMemberError):
        create_scope(actor=outsider, name="lodash", owner=owner.owner)


def test_a_moderator_gives_a_well_known_name_to_its_owner(owner: User) -> None:
    moderator = create_user("judge", is_moderator=True)
    create_scope(actor=moderator, name="lodash", owner=owner.owner)
    publish_bytes(owner, build_package("@lodash/tool"))
    publish_bytes(owner, build_package("lodash"))
    publish_bytes(moderator, build_package("react"))


def test_the_list_of_well_known_names() -> None:
    names = load_well_known_names()
    assert len(names) >= 500
    for known in names.values():
        assert PluginName(known.name, known.name)
        assert known.type in ("organization", "package")
        assert len(known.reason) > 8
        assert known.name not in RESERVED_NAMES
    assert {"google", "microsoft", "lodash"} <= {known.name for known in names.values()}


def test_a_rejected_first_upload_frees_its_name_after_a_day(owner: User, outsider: User) -> None:
    first = publish_rejected(outsider, "chat")
    for name in ("chat", "c-hat"):
        with pytest.raises((NotMemberError, NameTakenError)):
            publish_bytes(owner, build_package(name))
    # Sending it again does not extend the wait.
    move_upload(first, hours=25)
    publish_rejected(outsider, "chat")
    release = publish_bytes(owner, build_package("chat"))
    assert [member.holder.user for member in release.plugin.members.all()] == [owner]
    assert list(release.plugin.releases.all()) == [release]
    with pytest.raises(NotMemberError):
        publish_bytes(outsider, build_package("chat", "2.0.0"))
    assert AuditEntry.objects.filter(action="plugin.name-freed", target="chat").exists()


def test_a_freed_name_frees_similar_names(owner: User, outsider: User) -> None:
    move_upload(publish_rejected(outsider, "my-chat"), hours=25)
    publish_bytes(owner, build_package("mychat"))
    assert [plugin.name for plugin in Plugin.objects.all()] == ["mychat"]


def test_a_name_is_not_freed_while_a_release_is_open(owner: User, outsider: User) -> None:
    move_upload(publish_rejected(outsider, "chat"), hours=25)
    publish_bytes(outsider, build_package("chat", "2.0.0"))
    with pytest.raises(NotMemberError):
        publish_bytes(owner, build_package("chat"))
    run_pending_jobs()
    with pytest.raises(NotMemberError):
        publish_bytes(owner, build_package("chat"))


def publish_rejected(actor: User, name: str) -> Release:
    """Publish a package that the checks reject."""
    release = publish_bytes(actor, build_package(name, main="missing.js"))
    run_pending_jobs()
    release.refresh_from_db()
    assert release.state == "rejected"
    return release


def move_upload(release: Release, *, hours: int) -> None:
    """Move the upload of the release into the past."""
    at = timezone.now() - dt.timedelta(hours=hours)
    Release.objects.filter(pk=release.pk).update(created_at=at)


def test_scopes_collide_like_names(owner: User, outsider: User) -> None:
    create_scope(actor=owner, name="tool-box")
    for twin in ("toolbox", "t.oolbox", "t0olbox", "too1box"):
        for actor in (outsider, owner):
            with pytest.raises(ScopeDeniedError, match="as `@tool-box`"):
                publish_bytes(actor, build_package(f"@{twin}/saw"))
            with pytest.raises(ScopeDeniedError, match="as `@tool-box`"):
                create_scope(actor=actor, name=twin)


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
    token, _ = create_token(
        actor=owner, name="test", scopes=["publish"], limits=[limit] if limit else []
    )
    with receive_file(path) as received:
        return publish_release(actor=owner, received=received, token=token).is_new


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


def _rename(plugin: Plugin, name: str) -> None:
    """Give the plugin a name that was reserved after it was published."""
    key = PluginName.parse(name).collision_key
    Plugin.objects.filter(pk=plugin.pk).update(name=name, collision_key=key)


@pytest.mark.parametrize("name", ["cards", "@acme/files", "nul.tool"])
def test_a_name_that_is_reserved_later_stays_with_its_plugin(
    publisher: Publisher, name: str
) -> None:
    """Further versions are published, with a warning."""
    _rename(publisher.publish("@acme/deck").plugin, name)
    release = publisher.publish(name, "1.1.0")
    assert release.state == "published", release.verdict_reason
    found = [finding for run in release.checks.all() for finding in run.findings]
    (warning,) = [finding for finding in found if finding["rule"] == "name-reserved"]
    assert warning["severity"] == "warning"
    assert "A plugin that already has the name keeps it." in warning["hint"]


def test_a_reserved_name_without_a_published_release_is_refused(owner: User) -> None:
    """Its plugin exists because of an upload that nobody has accepted."""
    release = publish_bytes(owner, build_package("@acme/deck"))
    _rename(release.plugin, "cards")
    with pytest.raises(ReservedNameError):
        publish_bytes(owner, build_package("cards", "1.1.0"))
