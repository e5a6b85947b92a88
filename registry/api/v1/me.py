"""`/me`: who a token is."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from registry.api.conditional import PRIVATE, respond_json
from registry.api.v1.shapes import MeShape
from registry.api.views import ApiView, get_actor, get_request_token
from registry.documents import format_time


class MeView(ApiView):
    """The caller."""

    @extend_schema(operation_id="getMe", responses=MeShape)
    def get(self, request: Request) -> HttpResponse:
        """The account behind the token, and what the token may do."""
        actor, token = get_actor(request), get_request_token(request)
        document = {
            "username": actor.username,
            "isModerator": actor.is_moderator,
            "token": {
                "start": token.start,
                "name": token.name,
                "scopes": token.scopes,
                "limit": token.limit or None,
                "expiresAt": format_time(token.expires_at),
            },
            "scopes": [scope.name for scope in actor.scopes.order_by("name")],
        }
        return respond_json(request, document, cache=PRIVATE)
