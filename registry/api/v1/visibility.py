"""`/plugins/{name}/visibility` and `/scopes/{name}/visibility`: who may see them, with a preview."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.policies import check_token_may
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api import visibility as api
from plugport.spec.api.bodies import VisibilityBody
from plugport.spec.api.validation import validate_body
from registry.actions.change_visibility import change_scope_visibility, change_visibility
from registry.api.v1.parameters import NAME, SCOPE
from registry.models import Plugin, Scope, Visibility
from registry.policies import (
    check_may_change_scope_visibility,
    check_may_change_visibility,
    check_token_may_change_scope,
)
from registry.queries.members import get_member_plugin
from registry.queries.scopes import get_own_scope
from registry.queries.visibility_choices import (
    VisibilityChoice,
    list_plugin_choices,
    list_scope_choices,
)


class PluginVisibilityView(ApiView):
    """Who may see a plugin."""

    @extend_schema(operation_id="getVisibility", parameters=[NAME], responses=api.VisibilityState)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Get the visibility, and who would see the plugin with each. Requires `manage`; for owners."""
        token = get_request_token(request)
        plugin = get_member_plugin(name, actor=token.user, token=token)
        actor = get_actor(request, "manage", plugin=plugin.name)
        check_may_change_visibility(actor, plugin)
        return _respond(request, plugin, list_plugin_choices(plugin, actor))

    @extend_schema(
        operation_id="changeVisibility",
        parameters=[NAME],
        request=VisibilityBody,
        responses=api.VisibilityState,
    )
    def put(self, request: Request, name: str) -> HttpResponse:
        """Change who may see the plugin, at once. Requires `manage`; for owners.

        What others have installed stays with them.
        """
        token = get_request_token(request)
        plugin = get_member_plugin(name, actor=token.user, token=token)
        actor = get_actor(request, "manage", plugin=plugin.name)
        visibility = Visibility(validate_body(VisibilityBody, request.data)["visibility"])
        changed = change_visibility(actor=actor, plugin=plugin, visibility=visibility)
        return _respond(request, changed, list_plugin_choices(changed, actor))


class ScopeVisibilityView(ApiView):
    """Who may see the plugins of a scope."""

    @extend_schema(
        operation_id="getScopeVisibility", parameters=[SCOPE], responses=api.VisibilityState
    )
    def get(self, request: Request, name: str) -> HttpResponse:
        """Get the visibility, and the plugins that change with each. Requires `manage`; for the owner."""
        scope = _get_scope(request, name)
        check_may_change_scope_visibility(get_request_token(request).user, scope)
        return _respond(request, scope, list_scope_choices(scope))

    @extend_schema(
        operation_id="changeScopeVisibility",
        parameters=[SCOPE],
        request=VisibilityBody,
        responses=api.VisibilityState,
    )
    def put(self, request: Request, name: str) -> HttpResponse:
        """Change the widest visibility of the scope's plugins, at once. Requires `manage`; for the owner.

        It is also that of new plugins. Plugins that are wider get it; none becomes wider.
        """
        scope = _get_scope(request, name)
        visibility = Visibility(validate_body(VisibilityBody, request.data)["visibility"])
        changed = change_scope_visibility(
            actor=get_request_token(request).user, scope=scope, visibility=visibility
        )
        return _respond(request, changed, list_scope_choices(changed))


def _get_scope(request: Request, name: str) -> Scope:
    """Return the scope of the caller, whose token must be valid for all of it."""
    token = get_request_token(request)
    check_token_may(token, ("manage",))
    if not token.organization_limits:
        check_token_may_change_scope(token, name, None)
    scope = get_own_scope(name, token.user)
    check_token_may_change_scope(token, name, scope.owner.name)
    return scope


def _respond(
    request: Request, target: Plugin | Scope, choices: Sequence[VisibilityChoice]
) -> HttpResponse:
    document: api.VisibilityState = {
        "name": str(target),
        "visibility": target.visibility,
        "choices": [
            {
                "visibility": choice.visibility,
                "allowed": choice.is_allowed,
                "readers": choice.readers,
                "people": list(choice.people),
                "dependents": list(choice.dependents),
                "dependencies": list(choice.dependencies),
                "plugins": list(choice.plugins),
            }
            for choice in choices
        ],
    }
    return respond_json(request, document, cache=PRIVATE)
