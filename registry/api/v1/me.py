"""`/me`: the account behind a token.

The JSON is that of `accounts`. The views are here because the first one needs the scopes.
"""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.me import build_me
from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.audit.formats import build_event
from accounts.errors import TokenScopeError
from accounts.policies import format_limits
from accounts.queries.audit import AuditFilter, AuditScope, build_own_scope, list_entries
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api.accounts import AuditPage, Me
from registry.api.v1.parameters import AUDIT, get_int_parameter, get_text_parameter
from registry.models import Scope

_MAX_EVENTS = 100
_MAX_ID = 999_999_999


class MeView(ApiView):
    """The account of the caller."""

    @extend_schema(operation_id="getMe", responses=Me)
    def get(self, request: Request) -> HttpResponse:
        """Get the account behind the token and what the token may do."""
        token = get_request_token(request)
        scopes = (
            Scope.objects.filter(owner__user=token.user)
            .order_by("name")
            .values_list("name", flat=True)
        )
        return respond_json(request, build_me(token, plugin_scopes=scopes), cache=PRIVATE)


class MyAuditView(ApiView):
    """The security log of the caller."""

    @extend_schema(operation_id="listAuditEvents", parameters=AUDIT, responses=AuditPage)
    def get(self, request: Request) -> HttpResponse:
        """List what the account did and what concerns it, newest first.

        Requires `read` or `manage`, and a token without limits.
        """
        actor = get_actor(request, "read", "manage")
        token = get_request_token(request)
        if token.limits:
            raise TokenScopeError(
                f"This token is limited to {format_limits(token)}; the log is about the whole account.",
                hint="Create a token without limits on your account page.",
            )
        return respond_events(request, build_own_scope(actor))


def respond_events(request: Request, scope: AuditScope) -> HttpResponse:
    """One page of the entries of the scope: 1 query for each of its sources. Raises `QueryError`."""
    limit = get_int_parameter(request.GET, "limit", 50, _MAX_EVENTS)
    before = get_int_parameter(request.GET, "before", 0, _MAX_ID)
    wanted = AuditFilter(action=get_text_parameter(request.GET, "action"))
    entries = list_entries(scope, wanted, before=before or None, limit=limit + 1)
    document: AuditPage = {
        "items": [
            build_event(entry, with_address=scope.shows_address(entry)) for entry in entries[:limit]
        ],
        "next": entries[limit - 1].pk if len(entries) > limit else None,
    }
    return respond_json(request, document, cache=PRIVATE)
