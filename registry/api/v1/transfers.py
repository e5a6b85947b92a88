"""`/plugins/{name}/transfer`, `/scopes/{name}/transfer` and `/me/transfers`: changes of owners."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.models import Token, User
from accounts.policies import check_token_may, list_in_token_limits
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api import transfers as api
from plugport.spec.api.bodies import TransferBody
from plugport.spec.api.validation import validate_body
from registry.actions.transfers.answer import accept_transfer, cancel_transfer, decline_transfer
from registry.actions.transfers.offer import offer_plugin_transfer, offer_scope_transfer
from registry.api.v1.parameters import NAME, SCOPE
from registry.models import Scope, Transfer
from registry.policies import check_token_may_change_scope
from registry.queries.members import get_member_plugin
from registry.queries.scopes import get_own_scope
from registry.queries.transfers import get_transfer, list_transfers
from registry.representations.transfers import build_offered_transfer, build_transfer

_ID = OpenApiParameter("id", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH)


class PluginTransferView(ApiView):
    """Offers of a plugin to another owner."""

    @extend_schema(
        operation_id="offerPlugin",
        parameters=[NAME],
        request=TransferBody,
        responses={201: api.OfferedTransfer},
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """Offer a plugin without a scope to another owner. Requires `manage`; for owners.

        It moves when the receiver has accepted and the delay is over. All its owners lose their role.
        """
        token = get_request_token(request)
        plugin = get_member_plugin(name, actor=token.user, token=token)
        actor = get_actor(request, "manage", plugin=plugin.name)
        to = validate_body(TransferBody, request.data)["to"]
        transfer = offer_plugin_transfer(actor=actor, plugin=plugin, to=to)
        document = build_offered_transfer(transfer, plugin)
        return respond_json(request, document, cache=PRIVATE, status=201)


class ScopeTransferView(ApiView):
    """Offers of a scope to another owner."""

    @extend_schema(
        operation_id="offerScope",
        parameters=[SCOPE],
        request=TransferBody,
        responses={201: api.OfferedTransfer},
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """Offer a scope, with the plugins that its owner owns in it. Requires `manage`; for owners.

        As with a plugin. The scope of the name of an account or organization stays with it.
        """
        token = get_request_token(request)
        check_token_may(token, ("manage",))
        if not token.organization_limits:
            check_token_may_change_scope(token, name, None)
        scope = get_own_scope(name, token.user)
        check_token_may_change_scope(token, name, scope.owner.name)
        to = validate_body(TransferBody, request.data)["to"]
        transfer = offer_scope_transfer(actor=token.user, scope=scope, to=to)
        document = build_offered_transfer(transfer, scope)
        return respond_json(request, document, cache=PRIVATE, status=201)


class TransfersView(ApiView):
    """The transfers of the caller."""

    @extend_schema(operation_id="listTransfers", responses=api.TransferList)
    def get(self, request: Request) -> HttpResponse:
        """List the open transfers to and from the account and its organizations, at most 100.

        Requires `read` or `manage`.
        """
        rows = list_transfers(get_actor(request, "read", "manage"))
        token = get_request_token(request)
        names = [row.plugin.parsed_name for row in rows if row.plugin is not None]
        allowed = list_in_token_limits(token, names)
        document: api.TransferList = {
            "transfers": [
                build_transfer(row)
                for row in rows
                if (row.plugin is not None and row.plugin.parsed_name in allowed)
                or (row.scope is not None and _is_scope_in_limits(token, row.scope))
            ]
        }
        return respond_json(request, document, cache=PRIVATE)


class AcceptTransferView(ApiView):
    """The answer yes of the receiver."""

    @extend_schema(
        operation_id="acceptTransfer", parameters=[_ID], request=None, responses=api.Transfer
    )
    def post(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Accept what is offered to the account or an organization that it owns. Requires `manage`."""
        return _act(request, id, accept_transfer)


class DeclineTransferView(ApiView):
    """The answer no of the receiver."""

    @extend_schema(
        operation_id="declineTransfer", parameters=[_ID], request=None, responses=api.Transfer
    )
    def post(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Decline what is offered. Requires `manage`."""
        return _act(request, id, decline_transfer)


class CancelTransferView(ApiView):
    """Both sides stop a transfer in time."""

    @extend_schema(
        operation_id="cancelTransfer", parameters=[_ID], request=None, responses=api.Transfer
    )
    def post(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Cancel a transfer before it takes effect; for owners on both sides. Requires `manage`."""
        return _act(request, id, cancel_transfer)


def _act(request: Request, transfer_id: int, act: Callable[..., Transfer]) -> HttpResponse:
    actor = _check_limits(request, transfer_id)
    transfer = act(actor=actor, transfer_id=transfer_id)
    return respond_json(request, build_transfer(transfer), cache=PRIVATE)


def _check_limits(request: Request, transfer_id: int) -> User:
    """Return the caller, whose token must be valid for what moves."""
    # First, so that a token without the scope learns nothing about transfers.
    actor = get_actor(request, "manage")
    transfer = get_transfer(actor, transfer_id)
    if transfer.scope is not None:
        owner = transfer.scope.owner.name
        check_token_may_change_scope(get_request_token(request), transfer.scope.name, owner)
    else:
        get_actor(request, "manage", plugin=transfer.target)
    return actor


def _is_scope_in_limits(token: Token, scope: Scope) -> bool:
    owner = scope.owner.name
    return not token.limits or str(scope) in token.limits or owner in token.organization_limits
