"""`/organizations/<name>/robots`: robots and their tokens, for the members of an organization."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.organizations.robots import (
    ROBOT_TOKEN_DAYS,
    create_robot,
    create_robot_token,
    delete_robot,
    revoke_robot_token,
    rotate_robot_token,
)
from accounts.errors import OrganizationRequestError
from accounts.models import Organization, Token, User
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_robot, list_robots
from accounts.queries.tokens import list_tokens
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from marketplace.pages.organizations.frame import parse_number, redirect_to, render_page, run_button
from marketplace.pages.organizations.teams import get_insider, join_fields
from plugport.spec.errors import PlugportError

_TOKEN_SCOPES = ("read", "publish")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_robots(request: HttpRequest, name: str) -> HttpResponse:
    """The robots, and for managers the form for a new one. Raises `OrganizationRightError`."""
    viewer, organization = get_insider(request, name)
    if request.method == "POST":
        actions = {"create": _create_robot, "delete": _delete_robot}
        run_button(request, viewer, organization, actions)
        return redirect_to("organization-robots", organization)
    return render_page(request, "robots", organization, viewer, robots=list_robots(organization))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_robot(request: HttpRequest, name: str, robot: str) -> HttpResponse:
    """The tokens of a robot, for owners and managers. After a POST for one, also its text, once.

    Raises `OrganizationRightError` and `UnknownRobotError`.
    """
    viewer, organization = get_insider(request, name)
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_PEOPLE)
    account = get_robot(organization, robot)
    text = ""
    if request.method == "POST":
        if not is_confirmed(request):
            return redirect_to_confirmation(request.path, request)
        action = request.POST.get("action", "")
        if action in ("token", "rotate"):
            text = _try(request, lambda: _create_text(request, viewer, organization, robot))
        else:
            run_button(request, viewer, organization, {"revoke": _revoke_of(robot)})
        if not text:
            return redirect_to("organization-robot", organization, robot)
    # The text of a token is in this response and nowhere else, not even in the session.
    return render_page(
        request,
        "robot",
        organization,
        viewer,
        robot=account,
        tokens=list_tokens(account),
        token_text=text,
        token_days=ROBOT_TOKEN_DAYS,
        is_confirmed=is_confirmed(request),
    )


def _create_text(
    request: HttpRequest, viewer: User, organization: Organization, robot: str
) -> tuple[Token, str]:
    if request.POST.get("action") == "rotate":
        return rotate_robot_token(
            actor=viewer,
            organization=organization,
            robot_name=robot,
            token_id=parse_number(request.POST.get("id", "")),
        )
    return create_robot_token(
        actor=viewer,
        organization=organization,
        robot_name=robot,
        name=request.POST.get("name", "")[:300],
        scopes=_TOKEN_SCOPES,
    )


def _try(request: HttpRequest, create: Callable[[], tuple[Token, str]]) -> str:
    """The text of the new token; empty, with a message, if it cannot be created."""
    try:
        return create()[1]
    except PlugportError as error:
        details = " ".join(each.detail for each in error.fields) or error.hint or ""
        messages.error(request, f"{error.detail} {details}".strip())
        return ""


def _revoke_of(robot: str) -> Callable[[User, Organization, Mapping[str, str]], str]:
    def revoke(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
        token = revoke_robot_token(
            actor=viewer,
            organization=organization,
            robot_name=robot,
            token_id=parse_number(values.get("id", "")),
        )
        return f"The token “{token.name}” was revoked."

    return revoke


def _create_robot(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    try:
        robot = create_robot(actor=viewer, organization=organization, name=values.get("name", ""))
    except OrganizationRequestError as error:
        raise join_fields(error) from None
    return f"The robot {robot.username} is created. Add it to a team and create a token."


def _delete_robot(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    name = values.get("robot", "")
    delete_robot(actor=viewer, organization=organization, robot_name=name)
    return f"The robot {name} is deleted, and its tokens are revoked."
