"""`/scopes`: create scopes."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_request_token
from accounts.errors import UnknownUserError
from accounts.models import Owner, User
from accounts.policies import is_moderator
from common.api.conditional import PRIVATE, respond_json
from common.times import format_time
from plugport.spec.api.accounts import Scope as ScopeDocument
from plugport.spec.api.bodies import ScopeBody
from plugport.spec.api.validation import validate_body
from plugport.spec.text import has_nul, quote_text
from registry.actions.create_scope import create_scope
from registry.errors import NotMemberError
from registry.policies import check_token_may_change_scope


class ScopesView(ApiView):
    """The scopes of accounts."""

    @extend_schema(
        operation_id="createScope",
        request=ScopeBody,
        responses={201: ScopeDocument, 200: ScopeDocument},
    )
    def post(self, request: Request) -> HttpResponse:
        """Create a scope for the account of the token. Requires `manage`.

        The response is 200 if the owner has the scope already. `owner` is an organization of which the
        account is an owner; moderators may set every account and organization.
        """
        token = get_request_token(request)
        body = validate_body(ScopeBody, request.data)
        check_token_may_change_scope(token, body["name"], body.get("owner"))
        owner = _find_owner(token.user, body.get("owner"))
        scope, is_new = create_scope(actor=token.user, name=body["name"], owner=owner)
        document: ScopeDocument = {
            "name": scope.name,
            "owner": scope.owner.name,
            "createdAt": format_time(scope.created_at),
        }
        return respond_json(request, document, cache=PRIVATE, status=201 if is_new else 200)


def _find_owner(actor: User, name: str | None) -> Owner | None:
    """Return the owner of the scope, None for the caller.

    Raises `NotMemberError` and `UnknownUserError`.
    """
    if name is None or name == actor.username:
        return None
    rows = Owner.objects.select_related("organization__owner", "user")
    owner = None if has_nul(name) else rows.filter(name=name).first()
    if owner is not None and owner.organization is not None:
        return owner
    # Before it is said whether an account exists.
    if not is_moderator(actor):
        raise NotMemberError("Only moderators may create scopes for other accounts.")
    if owner is None:
        raise UnknownUserError(f"No account or organization is named {quote_text(name)}.")
    return owner
