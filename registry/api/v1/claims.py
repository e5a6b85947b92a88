"""`/claims`, `/me/claims` and `/plugins/{name}/adoption`: claims to plugins and scopes of others."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.models import Token, User
from accounts.policies import check_token_limits, is_in_token_limits
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api import claims as api
from plugport.spec.api.bodies import AdoptionBody, ClaimAnswerBody, ClaimBody
from plugport.spec.api.validation import validate_body
from registry.actions.transfers.claims.answer_by_name import answer_claim
from registry.actions.transfers.claims.make import make_claim
from registry.actions.transfers.claims.seeking import change_seeks_adoption
from registry.api.v1.parameters import NAME
from registry.api.viewers import get_token_viewer
from registry.models import Claim, ClaimKind, Plugin, Scope
from registry.policies import check_token_may_change_scope
from registry.queries.claims import (
    can_read_parties,
    get_claim,
    get_claimable,
    list_claims_of,
    list_decided_claims,
)
from registry.queries.members import get_member_plugin
from registry.representations.claims import build_claim

_ID = OpenApiParameter("id", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH)


class ClaimsView(ApiView):
    """The public outcomes, and new claims."""

    @extend_schema(operation_id="listClaims", responses=api.ClaimList)
    def get(self, request: Request) -> HttpResponse:
        """List the decided claims to public plugins and scopes, at most 100. Needs no token."""
        rows = list_decided_claims()
        document: api.ClaimList = {"claims": [build_claim(row, has_parties=False) for row in rows]}
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(operation_id="makeClaim", request=ClaimBody, responses={201: api.Claim})
    def post(self, request: Request) -> HttpResponse:
        """Claim a plugin or scope of others. Requires `manage`.

        Nothing changes before its owners accept or a moderator decides. The owners get a mail.
        """
        actor = get_actor(request, "manage")
        body = validate_body(ClaimBody, request.data)
        target = get_claimable(body["name"], get_token_viewer(request))
        _check_limits(get_request_token(request), target)
        claim = make_claim(
            actor=actor,
            target=target,
            kind=ClaimKind(body["kind"]),
            reason=body["reason"],
            evidence=body.get("evidence", []),
            to=body.get("to", ""),
        )
        document = build_claim(claim, has_parties=True)
        return respond_json(request, document, cache=PRIVATE, status=201)


class MyClaimsView(ApiView):
    """The claims of the caller."""

    @extend_schema(operation_id="listMyClaims", responses=api.ClaimList)
    def get(self, request: Request) -> HttpResponse:
        """List the claims of the account, and the open ones that it answers, at most 100.

        With a token of a moderator that has `admin`, also those that moderators decide or can take back. Requires
        `read` or `manage`.
        """
        rows = list_claims_of(get_actor(request, "read", "manage"), has_decisions=True)
        token = get_request_token(request)
        document: api.ClaimList = {
            "claims": [
                build_claim(row, has_parties=True) for row in rows if _is_in_limits(token, row)
            ]
        }
        return respond_json(request, document, cache=PRIVATE)


class ClaimView(ApiView):
    """One claim."""

    @extend_schema(operation_id="getClaim", parameters=[_ID], responses=api.Claim)
    def get(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Return a decided claim; one that is open to its parties and moderators.

        What the parties wrote needs a token that may `read` or `manage`.
        """
        viewer = get_token_viewer(request)
        token = viewer.token
        user = viewer.user if viewer.is_signed_in else None
        claim = get_claim(user, id)
        if token is not None and not _is_in_limits(token, claim):
            user = None
            claim = get_claim(None, id)
        document = build_claim(claim, has_parties=can_read_parties(user, claim))
        return respond_json(request, document, cache=PRIVATE)


class ClaimAnswerView(ApiView):
    """What the parties and moderators do with a claim."""

    @extend_schema(
        operation_id="answerClaim", parameters=[_ID], request=ClaimAnswerBody, responses=api.Claim
    )
    def post(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Withdraw a claim, answer it as an owner, or decide as a moderator. Requires `manage`.

        Decisions also need `admin`.
        """
        # First, so that a token without the scope learns nothing about claims.
        actor = get_actor(request, "manage")
        body = validate_body(ClaimAnswerBody, request.data)
        _check_claim_limits(request, actor, id)
        claim = answer_claim(
            actor=actor, claim_id=id, answer=body["answer"], reason=body.get("reason", "")
        )
        return respond_json(request, build_claim(claim, has_parties=True), cache=PRIVATE)


class AdoptionView(ApiView):
    """Whether the owners of a plugin look for somebody who takes it over."""

    @extend_schema(
        operation_id="setAdoption",
        parameters=[NAME],
        request=AdoptionBody,
        responses=api.Adoption,
    )
    def put(self, request: Request, name: str) -> HttpResponse:
        """Say that the owners look for somebody who takes the plugin over, or no longer. Requires `manage`; for owners."""
        token = get_request_token(request)
        plugin = get_member_plugin(name, actor=token.user, token=token)
        actor = get_actor(request, "manage", plugin=plugin.name)
        seeks = validate_body(AdoptionBody, request.data)["seeksAdoption"]
        change_seeks_adoption(actor=actor, plugin=plugin, seeks_adoption=seeks)
        document: api.Adoption = {"name": plugin.name, "seeksAdoption": seeks}
        return respond_json(request, document, cache=PRIVATE)


def _check_claim_limits(request: Request, actor: User, claim_id: int) -> None:
    claim = get_claim(actor, claim_id)
    target = claim.claimed
    if target is not None:
        _check_limits(get_request_token(request), target)


def _check_limits(token: Token, target: Plugin | Scope) -> None:
    """Raise `TokenScopeError` for a token that is limited to others."""
    if isinstance(target, Scope):
        check_token_may_change_scope(token, target.name, target.owner.name)
    else:
        check_token_limits(token, target.parsed_name)


def _is_in_limits(token: Token, claim: Claim) -> bool:
    if claim.plugin is not None:
        return is_in_token_limits(token, claim.plugin.parsed_name)
    if claim.scope is None or not token.limits:
        return claim.scope is not None
    return str(claim.scope) in token.limits or claim.scope.owner.name in token.organization_limits
