"""A small catalog with something of everything that a page shows, and all changes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from accounts.actions.domains.add_domain import remove_domain
from accounts.models import OwnerDomain, User
from registry.actions import flag_release, moderate_release
from registry.actions.change_member_role import change_member_role
from registry.actions.create_scope import create_scope
from registry.actions.edit_plugin import edit_plugin
from registry.actions.feature_plugin import feature_plugin
from registry.actions.invitations.accept_invitation import accept_invitation
from registry.actions.invite_member import invite_member
from registry.actions.remove_member import remove_member
from registry.models import Member, Plugin, Release, Role
from registry.models.states import ReleaseState
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes


@dataclass(frozen=True)
class World:
    """`@acme/chat` 1.0.0 and 2.0.0 need `@acme/base`; both are in one category, chat is featured."""

    publisher: Publisher
    owner: User
    moderator: User
    joiner: User

    def get_release(self, version: str = "2.0.0", name: str = "@acme/chat") -> Release:
        """The current row of a release."""
        return Release.objects.select_related("plugin").get(plugin__name=name, version=version)

    def get_plugin(self, name: str = "@acme/chat") -> Plugin:
        """The current row of a plugin."""
        return Plugin.objects.get(name=name)


def build_world(publisher: Publisher) -> World:
    """Publish the catalog as the account `acme`, which has the member `helper`."""
    moderator = create_user("maude", is_moderator=True, is_staff=True)
    helper, joiner = create_user("helper"), create_user("joiner")
    publisher.publish("@acme/base", categories=["communication"])
    for version in ("1.0.0", "2.0.0"):
        release = publisher.publish(
            "@acme/chat",
            version,
            categories=["communication"],
            tags=["talk"],
            dependencies={"plugins": {"@acme/base": "*"}},
        )
    old = Release.objects.get(plugin=release.plugin, version="1.0.0")
    flag_release.deprecate_release(
        actor=publisher.actor, release=old, message="Old.", replacement="@acme/base"
    )
    Member.objects.create(plugin=release.plugin, holder=helper.owner, role=Role.MAINTAINER)
    feature_plugin(actor=moderator, plugin=release.plugin)
    return World(publisher, publisher.actor, moderator, joiner)


@dataclass(frozen=True)
class Change:
    """A change through its action, what comes before it, and some of the paths that show it."""

    apply: Callable[[World], object]
    prepare: Callable[[World], object] | None
    shown_on: frozenset[str]


def _rename(world: World) -> None:
    world.owner.username = "acme-two"
    world.owner.save()


def _prove(world: World) -> None:
    OwnerDomain.objects.create(
        owner=world.owner.owner, domain="acme.example", token="x", verified_at=timezone.now()
    )


def _change(
    apply: Callable[[World], object],
    *shown_on: str,
    prepare: Callable[[World], object] | None = None,
) -> Change:
    return Change(apply, prepare, frozenset(shown_on))


def _join(world: World, role: Role) -> None:
    invitation = invite_member(
        actor=world.owner, plugin=world.get_plugin(), username="joiner", role=role
    )
    accept_invitation(actor=world.joiner, invitation_id=invitation.pk)


def _edit(world: World, **changes: object) -> None:
    edit_plugin(actor=world.owner, plugin=world.get_plugin(), changes=changes)


def _block(world: World, version: str, name: str = "@acme/chat") -> Release:
    release = world.get_release(version, name)
    moderate_release.quarantine_release(actor=world.moderator, release=release, reason="Look.")
    return release


def _restore(world: World) -> None:
    moderate_release.restore_release(
        actor=world.moderator, release=world.get_release("1.0.0"), reason="Fine."
    )


def _hold(world: World) -> None:
    publish_bytes(world.owner, build_package(version="3.0.0"))
    Release.objects.filter(version="3.0.0").update(state=ReleaseState.HELD)


def _approve(world: World) -> None:
    moderate_release.approve_release(
        actor=world.moderator, release=world.get_release("3.0.0"), reason="Fine."
    )


def _yank(world: World) -> None:
    flag_release.yank_release(actor=world.owner, release=world.get_release(), reason="Broken.")


def _publish_dependent(world: World) -> None:
    world.publisher.publish(
        "@acme/third",
        categories=["communication"],
        tags=["talk", "chat"],
        dependencies={"plugins": {"@acme/base": "*"}},
    )


_API, _CHAT, _BASE = "/api/v1/plugins/@acme/chat", "/plugins/@acme/chat", "/plugins/@acme/base"
_LISTS = ("/search", "/search?q=chat", "/api/v1/plugins", "/categories/communication", "/tags/talk")
_TABS = tuple(f"{_CHAT}/{tab}" for tab in ("versions", "files", "security", "stats"))
_OLD = tuple(
    f"{_CHAT}/1.0.0{tab}" for tab in ("", "/dependencies", "/files", "/files/index.js", "/security")
)
_COMPARISONS = tuple(
    f"{_CHAT}/compare{query}"
    for query in ("", "?from=1.0.0&to=2.0.0", "?from=1.0.0&to=2.0.0&file=README.md")
)
_BADGES = tuple(f"/badges/@acme/chat/{name}.svg" for name in ("version", "trust", "license"))
CHANGES: Mapping[str, Change] = {
    "a new version": _change(
        lambda w: w.publisher.publish(version="3.0.0", license="Apache-2.0"),
        *("/", _CHAT, *_TABS, f"{_CHAT}/files/index.js", f"{_CHAT}/dependencies", *_LISTS),
        *(_API, f"{_API}/versions", f"{_API}/readme", f"{_API}/latest", f"{_API}/stats"),
        *("/feeds/updates.atom", "/feeds/plugins/@acme/chat.atom", "/feeds/users/acme.atom"),
        *("/feeds/scopes/acme.atom", "/badges/@acme/chat/version.svg", "/@acme"),
        *_COMPARISONS,
        *("/badges/@acme/chat/license.svg", "/api/v1/plugins/recent", "/@helper"),
    ),
    "a new plugin": _change(
        _publish_dependent,
        *("/", "/categories", "/tags", "/search?q=chat&tag=talk&sort=name", *_LISTS),
        *("/@acme", "/feeds/new.atom", "/feeds/updates.atom"),
        *(_BASE, f"{_BASE}/dependents", "/api/v1/plugins/@acme/base/dependents"),
        *("/api/v1/categories", "/api/v1/tags", "/categories/communication?sort=name"),
        *("/api/v1/plugins?q=chat&limit=5", "/api/v1/plugins/recent"),
    ),
    "an edit": _change(
        lambda w: _edit(w, description="Another text."),
        *("/featured", "/api/v1/plugins/featured", "/api/v1/plugins/popular?limit=2"),
        *("/", _CHAT, _API, f"{_BASE}/dependents", *_LISTS),
    ),
    "other categories": _change(
        lambda w: _edit(w, categories=["tools"], tags=["other"]),
        *("/categories", "/tags", "/tags/talk", "/api/v1/categories", "/api/v1/tags", _CHAT, _API),
        *("/categories/communication", "/search"),
    ),
    "a deprecation": _change(
        lambda w: flag_release.deprecate_release(
            actor=w.owner, release=w.get_release(), message="Old.", replacement="@acme/base"
        ),
        *("/", _CHAT, *_TABS, _API, f"{_API}/versions", "/badges/@acme/chat/version.svg"),
        *("/feeds/plugins/@acme/chat.atom", f"{_API}/latest", "/search"),
    ),
    "the end of a deprecation": _change(
        lambda w: flag_release.undeprecate_release(actor=w.owner, release=w.get_release("1.0.0")),
        *(*_OLD, f"{_API}/1.0.0", f"{_API}/versions", f"{_CHAT}/versions"),
    ),
    "a yank": _change(
        _yank, *(_CHAT, f"{_CHAT}/versions", _API, f"{_API}/versions", f"{_API}/latest", "/search")
    ),
    "a quarantine": _change(
        lambda w: _block(w, "2.0.0"),
        *(_CHAT, *_TABS, _API, f"{_API}/versions", f"{_API}/readme", f"{_API}/latest", "/search"),
        *("/feeds/updates.atom", "/feeds/plugins/@acme/chat.atom", "/feeds/users/acme.atom"),
        *_COMPARISONS,
    ),
    "a quarantine of an old version": _change(
        lambda w: _block(w, "1.0.0"),
        *(*_OLD, f"{_API}/1.0.0", f"{_API}/1.0.0/readme", f"{_API}/versions", *_COMPARISONS),
    ),
    "a quarantine of all versions": _change(
        lambda w: (_block(w, "1.0.0"), _block(w, "2.0.0")),
        *("/", "/featured", *_LISTS, *_BADGES, "/badges/@acme/chat/downloads.svg", "/tags"),
        *("/api/v1/tags", f"{_BASE}/dependents", _BASE, "/api/v1/plugins/@acme/base/dependents"),
        *("/@acme", "/@helper", "/feeds/new.atom", _CHAT, _API),
        *("/sitemap.xml", "/sitemaps/1.xml"),
        *("/api/v1/plugins/popular?limit=2", "/api/v1/plugins/featured"),
    ),
    "the end of a quarantine": _change(
        _restore,
        *(*_OLD, f"{_API}/versions", f"{_API}/1.0.0"),
        prepare=lambda w: _block(w, "1.0.0"),
    ),
    "an approval": _change(
        _approve,
        *("/", _CHAT, *_TABS, _API, f"{_API}/versions", f"{_API}/latest", "/search"),
        *("/feeds/updates.atom", "/badges/@acme/chat/version.svg"),
        prepare=_hold,
    ),
    "a held version": _change(_hold),
    "a rejected version": _change(
        lambda w: moderate_release.reject_release(
            actor=w.moderator, release=w.get_release("3.0.0"), reason="No."
        ),
        prepare=_hold,
    ),
    "a revocation": _change(
        lambda w: moderate_release.revoke_release(
            actor=w.moderator, release=w.get_release(), reason="Bad."
        ),
        *(_CHAT, _API, f"{_API}/versions", f"{_API}/readme", "/search", "/feeds/updates.atom"),
    ),
    "a quarantine of what others need": _change(
        lambda w: _block(w, "1.0.0", "@acme/base"),
        # The name of the replacement is no link any longer.
        *(f"{_CHAT}/dependencies", _BASE, "/api/v1/plugins/@acme/base", f"{_CHAT}/1.0.0"),
    ),
    "another featured plugin": _change(
        lambda w: feature_plugin(actor=w.moderator, plugin=w.get_plugin("@acme/base")),
        *("/", "/featured", "/api/v1/plugins/featured"),
    ),
    "no featured plugin": _change(
        lambda w: feature_plugin(actor=w.moderator, plugin=w.get_plugin(), is_featured=False),
        *("/", "/featured", "/api/v1/plugins/featured"),
    ),
    "a proof that ends": _change(
        lambda w: remove_domain(actor=w.owner, owner=w.owner.owner, domain="acme.example"),
        *("/@acme", _CHAT, *_TABS, _API, "/api/v1/owners/acme", "/api/v1/scopes/acme"),
        prepare=_prove,
    ),
    "a new owner": _change(
        lambda w: _join(w, Role.OWNER),
        *(_CHAT, _API, "/@joiner", "/search", "/api/v1/plugins"),
    ),
    "a new maintainer": _change(lambda w: _join(w, Role.MAINTAINER), "/@joiner"),
    "another role": _change(
        lambda w: change_member_role(
            actor=w.owner, plugin=w.get_plugin(), username="helper", role=Role.PUBLISHER
        )
    ),
    "a removed member": _change(
        lambda w: remove_member(actor=w.owner, plugin=w.get_plugin(), username="helper"),
        *("/@helper", "/api/v1/owners/helper"),
    ),
    "a new scope": _change(lambda w: create_scope(actor=w.joiner, name="joiner-tools"), "/@joiner"),
    "a closed account": _change(
        lambda w: User.objects.filter(username="acme").update(is_active=False),
        *("/@acme", _CHAT, "/search", "/feeds/users/acme.atom"),
    ),
    "a renamed account": _change(
        _rename,
        *("/@acme", f"{_CHAT}/versions", f"{_API}/versions", f"{_API}/1.0.0"),
        *("/feeds/users/acme.atom", "/feeds/plugins/@acme/chat.atom"),
    ),
}
