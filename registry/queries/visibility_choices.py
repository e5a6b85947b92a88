"""Who would see a plugin or a scope with each visibility. Tests pin the query counts stated here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from registry.models import Dependency, Plugin, Release, Scope, Visibility
from registry.queries.visible import Viewer, list_restricted

# Of the names in one list of a preview.
MAX_NAMES = 50
READERS = {
    Visibility.PUBLIC: "Everybody, without an account too.",
    Visibility.INTERNAL: "All accounts of this registry with a verified address.",
    Visibility.PRIVATE: "People with a role, and the owner of the scope.",
}


@dataclass(frozen=True, slots=True)
class VisibilityChoice:
    """One visibility, and what it means.

    `people` have a role; they see it in any case. `dependents` are public plugins that need this one and
    that others could no longer install; `dependencies` are needed by this one, and are not public.
    `plugins` are those of a scope that change with it. `is_allowed`: the scope is not narrower.
    `readers` is who sees it, as a sentence.
    """

    visibility: Visibility
    is_current: bool
    is_allowed: bool
    readers: str
    people: Sequence[str] = ()
    dependents: Sequence[str] = ()
    dependencies: Sequence[str] = ()
    plugins: Sequence[str] = ()


def list_plugin_choices(plugin: Plugin, viewer: User) -> list[VisibilityChoice]:
    """The choices of the plugin's owner: 4 queries."""
    scope = plugin.scope
    members = plugin.members.order_by("created_at", "pk").values_list("holder__name", flat=True)
    owners = [scope.owner.name] if scope is not None else []
    people = list(dict.fromkeys([*owners, *members[:MAX_NAMES]]))
    dependents = Plugin.objects.filter(is_listed=True, latest__dependencies__name=plugin.name)
    dependent_names = list(dependents.order_by("name").values_list("name", flat=True)[:MAX_NAMES])
    hidden = list_hidden_dependencies(plugin, Viewer(viewer))
    return [
        VisibilityChoice(
            each,
            is_current=each == plugin.visibility,
            is_allowed=_is_allowed(each, scope),
            readers=_describe_readers(each, scope),
            people=people,
            dependents=() if each is Visibility.PUBLIC else dependent_names,
            dependencies=[name for name, other in hidden if each.is_wider_than(other)],
        )
        for each in Visibility
    ]


def _describe_readers(visibility: Visibility, scope: Scope | None) -> str:
    """Who sees it. The scope is loaded with its owner."""
    if visibility is Visibility.INTERNAL and scope is not None and scope.owner.organization_id:
        return f"All members of {scope.owner.name}."
    return READERS[visibility]


def _is_allowed(visibility: Visibility, scope: Scope | None) -> bool:
    if scope is None:
        return visibility is Visibility.PUBLIC
    return not visibility.is_wider_than(Visibility(scope.visibility))


def list_hidden_dependencies(plugin: Plugin, viewer: Viewer) -> list[tuple[str, Visibility]]:
    """What the newest release needs and is not public, of what the viewer may see: 1 query."""
    return _list_hidden(plugin.latest_id, viewer)


def list_wider_dependencies(release: Release, viewer: Viewer) -> list[str]:
    """The dependencies that some users of the release cannot see, of those that the viewer can see: 1 query."""
    visibility = Visibility(release.plugin.visibility)
    hidden = _list_hidden(release.pk, viewer)
    return [name for name, other in hidden if visibility.is_wider_than(other)]


def _list_hidden(release_id: int | None, viewer: Viewer) -> list[tuple[str, Visibility]]:
    needed = Dependency.objects.filter(release=release_id).values("name")
    rows = list_restricted(viewer).filter(name__in=needed).order_by("name")
    pairs = rows.values_list("name", "visibility")[:MAX_NAMES]
    return [(name, Visibility(visibility)) for name, visibility in pairs]


def list_scope_choices(scope: Scope) -> list[VisibilityChoice]:
    """The choices of the scope's owner: 1 query."""
    pairs = Plugin.objects.filter(scope=scope).order_by("name").values_list("name", "visibility")
    plugins = [(name, Visibility(visibility)) for name, visibility in pairs]
    return [
        VisibilityChoice(
            each,
            is_current=each == scope.visibility,
            is_allowed=True,
            readers=_describe_readers(each, scope),
            people=[scope.owner.name],
            plugins=[name for name, other in plugins if other.is_wider_than(each)],
        )
        for each in Visibility
    ]
