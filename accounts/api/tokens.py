"""`/me/tokens`: the tokens of the account."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.actions.tokens.create_token import create_token
from accounts.actions.tokens.revoke_token import revoke_token
from accounts.actions.tokens.token_request import DEFAULT_DAYS
from accounts.api.token_json import build_listed_token
from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.queries.tokens import list_visible_tokens
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api import accounts as api
from plugport.spec.api.bodies import TokenBody
from plugport.spec.api.validation import validate_body

_TOKEN_ID = OpenApiParameter(
    "id", OpenApiTypes.INT64, OpenApiParameter.PATH, description="The id of the token."
)


class TokensView(ApiView):
    """The tokens of the caller."""

    @extend_schema(operation_id="listTokens", responses=api.TokenList)
    def get(self, request: Request) -> HttpResponse:
        """List the tokens of the account that are not revoked, newest first. Requires `manage`.

        A token that is limited to plugins or networks sees only itself and the tokens that it created.
        """
        get_actor(request, "manage")
        caller = get_request_token(request)
        document: api.TokenList = {
            "tokens": [
                build_listed_token(token, caller=caller) for token in list_visible_tokens(caller)
            ]
        }
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(operation_id="createToken", request=TokenBody, responses={201: api.NewToken})
    def post(self, request: Request) -> HttpResponse:
        """Create a token. Requires `manage`.

        The new token cannot do more than the token of this call and expires no later. It cannot create
        tokens itself, and ends when the token of this call is revoked. A mail tells the owner.
        """
        actor = get_actor(request, "manage")
        body = validate_body(TokenBody, request.data)
        caller = get_request_token(request)
        token, text = create_token(
            actor=actor,
            name=body["name"],
            scopes=body["scopes"],
            limits=body.get("limits", ()),
            networks=body.get("networks", ()),
            days=body.get("days", DEFAULT_DAYS),
            creator=caller,
        )
        document: api.NewToken = {**build_listed_token(token, caller=caller), "token": text}
        return respond_json(request, document, status=201, cache=PRIVATE)


class TokenView(ApiView):
    """One token of the caller."""

    @extend_schema(
        operation_id="revokeToken",
        parameters=[_TOKEN_ID],
        request=None,
        responses={200: api.ListedToken},
    )
    def delete(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Revoke a token, and with it the tokens that it created. Requires `manage`."""
        actor = get_actor(request, "manage")
        caller = get_request_token(request)
        token = revoke_token(actor=actor, token_id=id, caller=caller)
        return respond_json(request, build_listed_token(token, caller=caller), cache=PRIVATE)


class CurrentTokenView(ApiView):
    """The token of the call."""

    @extend_schema(
        operation_id="revokeCurrentToken", request=None, responses={200: api.ListedToken}
    )
    def delete(self, request: Request) -> HttpResponse:
        """Revoke the token of this call, as when a program signs out. Any token may.

        The tokens that it created stay valid.
        """
        caller = get_request_token(request)
        token = revoke_token(actor=caller.user, token_id=caller.pk, ends_children=False)
        return respond_json(request, build_listed_token(token, caller=caller), cache=PRIVATE)
