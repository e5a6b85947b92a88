"""`/me`: the account behind a token.

The JSON is that of `accounts`. The view is here because `ApiView`, which authenticates, counts and
describes each call, belongs to the registry, and accounts cannot import it.
"""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.me import build_me
from accounts.api.views import ApiView, get_request_token
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api.accounts import Me
from registry.models import Scope


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
