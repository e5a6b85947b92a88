"""The visibility of a plugin when its first release is sent."""

from __future__ import annotations

from plugport.spec.errors import FieldError
from plugport.spec.names import PluginName
from plugport.spec.text import quote_text
from registry.errors import InvalidVisibilityError, VisibilityConflictError
from registry.models import Plugin, Scope, Visibility


def parse_visibility(text: str) -> Visibility:
    """Return the visibility of that name. Raises `InvalidVisibilityError`."""
    if text not in Visibility.values:
        allowed = ", ".join(Visibility.values)
        raise InvalidVisibilityError(
            f"{quote_text(text)} is no visibility.",
            hint=f"Use one of: {allowed}.",
            fields=[FieldError("visibility", "It is not known.", allowed=allowed)],
        )
    return Visibility(text)


def check_visibility_allowed(name: PluginName, visibility: Visibility, scope: Scope | None) -> None:
    """Raise unless a plugin of that name may have the visibility; `scope` is None if it is new.

    Raises `InvalidVisibilityError` for a name without a scope, and `VisibilityConflictError` if the
    scope is narrower.
    """
    if visibility is Visibility.PUBLIC and scope is None:
        return
    if name.scope is None:
        raise InvalidVisibilityError(
            f"`{name}` has no scope, so it is public.",
            hint=f"Publish it under a scope to make it {visibility}, such as `@my-scope/{name}`.",
            fields=[FieldError("visibility", "It needs a name with a scope.")],
        )
    if scope is not None and visibility.is_wider_than(Visibility(scope.visibility)):
        raise VisibilityConflictError(
            f"The scope `{scope}` is {scope.visibility}, so `{name}` cannot be {visibility}.",
            hint=f"Change the visibility of the scope first: `plugport visibility {scope}"
            f" {visibility}`.",
        )


def choose_visibility(name: PluginName, scope: Scope | None, requested: str) -> Visibility:
    """Return the visibility of a new plugin: the requested one, else that of its scope.

    Raises what `parse_visibility` and `check_visibility_allowed` raise.
    """
    if requested:
        visibility = parse_visibility(requested)
    else:
        visibility = Visibility(scope.visibility) if scope is not None else Visibility.PUBLIC
    check_visibility_allowed(name, visibility, scope)
    return visibility


def check_same_visibility(plugin: Plugin, requested: str) -> None:
    """Raise unless the plugin has the requested visibility, or none is requested.

    A release never changes it: that is an act of its own, with a preview. Raises
    `InvalidVisibilityError` and `VisibilityConflictError`.
    """
    if requested and parse_visibility(requested) != plugin.visibility:
        raise VisibilityConflictError(
            f"`{plugin.name}` is {plugin.visibility}. A release does not change that.",
            hint=f"Run `plugport visibility {plugin.name} {requested}`, or publish without the option.",
        )
