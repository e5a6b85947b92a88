"""`/scopes`: create scopes."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_request_token
from accounts.queries.users import get_user
from common.api.conditional import PRIVATE, respond_json
from common.times import format_time
from plugport.spec.api.accounts import Scope as ScopeDocument
from plugport.spec.api.bodies import ScopeBody
from plugport.spec.api.validation import validate_body
from registry.actions.create_scope import create_scope
from registry.policies import check_may_assign_scopes, check_token_may_create_scope


class ScopesView(ApiView):
    """The scopes of accounts."""

    @extend_schema(
        operation_id="createScope",
        request=ScopeBody,
        responses={201: ScopeDocument, 200: ScopeDocument},
    )
    def post(self, request: Request) -> HttpResponse:
        """Create a scope for the account of the token. Requires `manage`.

        The response is 200 if the account has the scope already. Moderators may set `owner`.
        """
        token = get_request_token(request)
        body = validate_body(ScopeBody, request.data)
        check_token_may_create_scope(token, body["name"])
        owner = token.user
        if body.get("owner", owner.username) != owner.username:
            # Before the lookup, which tells whether an account exists.
            check_may_assign_scopes(token.user)
            owner = get_user(body["owner"])
        scope, is_new = create_scope(actor=token.user, name=body["name"], owner=owner)
        document: ScopeDocument = {
            "name": scope.name,
            "owner": scope.owner.name,
            "createdAt": format_time(scope.created_at),
        }
        return respond_json(request, document, cache=PRIVATE, status=201 if is_new else 200)
