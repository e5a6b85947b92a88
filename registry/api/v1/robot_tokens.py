"""`/organizations/{organization}/robots/{robot}/tokens`: the tokens of robots."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.actions.organizations.robots import (
    ROBOT_TOKEN_DAYS,
    create_robot_token,
    revoke_robot_token,
    rotate_robot_token,
)
from accounts.api.token_json import build_listed_token
from accounts.api.views import ApiView, get_request_token
from accounts.models import Token
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_organization, get_robot
from accounts.queries.tokens import list_tokens
from common.api.conditional import PRIVATE, respond_json
from common.times import format_time
from plugport.spec.api import accounts as accounts_api
from plugport.spec.api import organizations as api
from plugport.spec.api.validation import validate_body
from registry.api.v1.organizations import get_organization_actor
from registry.api.v1.parameters import ORGANIZATION, ROBOT

_TOKEN_ID = OpenApiParameter(
    "id", OpenApiTypes.INT64, OpenApiParameter.PATH, description="The id of the token."
)


class RobotTokensView(ApiView):
    """The tokens of one robot."""

    @extend_schema(
        operation_id="listRobotTokens",
        parameters=[ORGANIZATION, ROBOT],
        responses=accounts_api.TokenList,
    )
    def get(self, request: Request, organization: str, robot: str) -> HttpResponse:
        """List the tokens that are not revoked, newest first. For owners and managers; requires `manage`."""
        actor = get_organization_actor(request, organization)
        found, caller = get_organization(organization), get_request_token(request)
        check_organization_right(actor, found, OrganizationRight.MANAGE_PEOPLE)
        tokens = list_tokens(get_robot(found, robot))
        document: accounts_api.TokenList = {
            "tokens": [build_listed_token(token, caller=caller) for token in tokens]
        }
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(
        operation_id="createRobotToken",
        parameters=[ORGANIZATION, ROBOT],
        request=api.RobotTokenBody,
        responses={201: api.RobotToken},
    )
    def post(self, request: Request, organization: str, robot: str) -> HttpResponse:
        """Create a token of a robot. For owners and managers; requires `manage`."""
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        body = validate_body(api.RobotTokenBody, request.data)
        token, text = create_robot_token(
            actor=actor,
            organization=found,
            robot_name=robot,
            name=body["name"],
            scopes=body["scopes"],
            limits=body.get("limits", []),
            days=body.get("days", ROBOT_TOKEN_DAYS),
            creator=get_request_token(request),
        )
        return respond_json(request, _build_new(token, text), cache=PRIVATE, status=201)


class RobotTokenView(ApiView):
    """One token of a robot."""

    @extend_schema(
        operation_id="revokeRobotToken",
        parameters=[ORGANIZATION, ROBOT, _TOKEN_ID],
        responses=accounts_api.ListedToken,
    )
    def delete(self, request: Request, organization: str, robot: str, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Revoke a token of a robot. For owners and managers; requires `manage`."""
        token = revoke_robot_token(
            actor=get_organization_actor(request, organization),
            organization=get_organization(organization),
            robot_name=robot,
            token_id=id,
        )
        document = build_listed_token(token, caller=get_request_token(request))
        return respond_json(request, document, cache=PRIVATE)


class RotateRobotTokenView(ApiView):
    """The replacement of a token of a robot."""

    @extend_schema(
        operation_id="rotateRobotToken",
        parameters=[ORGANIZATION, ROBOT, _TOKEN_ID],
        request=None,
        responses={201: api.RobotToken},
    )
    def post(self, request: Request, organization: str, robot: str, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Revoke a token of a robot and create one that can do the same, with the same lifetime.

        For owners and managers; requires `manage`.
        """
        token, text = rotate_robot_token(
            actor=get_organization_actor(request, organization),
            organization=get_organization(organization),
            robot_name=robot,
            token_id=id,
            creator=get_request_token(request),
        )
        return respond_json(request, _build_new(token, text), cache=PRIVATE, status=201)


def _build_new(token: Token, text: str) -> api.RobotToken:
    return {
        "robot": token.user.username,
        "name": token.name,
        "token": text,
        "expiresAt": format_time(token.expires_at),
    }
