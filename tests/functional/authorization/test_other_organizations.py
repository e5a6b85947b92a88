"""Routes of organizations with what belongs to another one, which must stay as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client

from accounts.actions.organizations.robots import create_robot
from accounts.actions.organizations.teams import create_team
from accounts.models import (
    ScimGroup,
    ScimToken,
    SsoGroupRule,
    Token,
    User,
)
from accounts.queries.organizations import get_organization
from accounts.security.organization_session import ORGANIZATION_KEY
from tests.functional.authorization.calls import Call, list_calls
from tests.functional.authorization.roles import World, build_world
from tests.support.organizations import build_organization
from tests.support.people import bearer, create_api_token, create_user
from tests.support.publishing import Publisher

pytestmark = pytest.mark.usefixtures("_module_packages", "db")
# Written by every request: the use of the token and of the session.
_USE = ("accounts.token", "accounts.accountsession")
_PAGES = "organizations/<str:name>/"
_OF_ORGANIZATIONS = re.compile(r"(api/v1/)?organizations/<|account/organizations/")
# Of pages, which redirect after a refusal too.
_REFUSED = (302, 400, 403, 404)


@pytest.fixture
def world(publisher: Publisher, settings: Any, tmp_path: Path) -> World:
    settings.CLIENT_DIR = tmp_path
    settings.CONFIRMATION_SECONDS = 86_400
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "1000000/minute")
    return build_world(publisher)


def _read_rows() -> set[str]:
    """Every row of the apps with what belongs to people and organizations, as text."""
    return {
        f"{model._meta.label_lower} {row}"
        for app in ("accounts", "registry")
        for model in apps.get_app_config(app).get_models()
        if model._meta.label_lower not in _USE
        for row in model._base_manager.values_list()
    }


def _list_writes(world: World, name: str) -> Iterator[tuple[Call, str]]:
    """The calls that change organizations, with the path of the one with that name."""
    for call in list_calls(world):
        if call.method != "GET" and _OF_ORGANIZATIONS.match(call.route):
            yield call, call.path.replace("/harbor", f"/{name}", 1)


def _send(
    call: Call, path: str, cookies: SimpleCookie, headers: Mapping[str, str], body: Any = None
) -> tuple[int, set[str]]:
    """Send the call, undo what it wrote; returns the status and the rows that it changed."""
    client = Client(raise_request_exception=False)
    client.cookies = SimpleCookie(cookies.output(header="", sep=";"))
    kind = {"content_type": "application/json", **headers} if call.is_api else {}
    with transaction.atomic():
        before = _read_rows()
        response = getattr(client, call.method.lower())(path, body or call.build_body(), **kind)
        changed = before ^ _read_rows()
        transaction.set_rollback(True)
    return response.status_code, changed


def _open(user: User, organization_id: int | None = None) -> SimpleCookie:
    client = Client()
    client.force_login(user)
    if organization_id is not None:
        session = client.session
        session[ORGANIZATION_KEY] = organization_id
        session.save()
    client.get("/account")
    return client.cookies


def test_an_owner_reaches_nothing_of_another_organization_by_its_ids(world: World) -> None:
    """The name in the path is that of the own organization, which has a team and a robot of the same names."""
    rival = create_user("rita-rival")
    build_organization(rival, "rival")
    own = get_organization("rival")
    create_team(actor=rival, organization=own, name="dev")
    create_robot(actor=rival, organization=own, name="ci")
    harbor = get_organization("harbor")
    scim = ScimToken.objects.create(
        organization=harbor, name="idp", sha256="0" * 64, expires_at=world.token.expires_at
    )
    group = ScimGroup.objects.create(organization=harbor, display_name="Dev", display_key="dev")
    robot_token = Token.objects.get(user__username="harbor+ci", name="ci")
    rule = SsoGroupRule.objects.get(connection__owner=harbor.owner)
    connection = rule.connection
    number = harbor.invitations.get().pk
    foreign: dict[str, list[dict[str, object]]] = {
        "robots/<str:robot>": [
            {"action": action, "id": robot_token.pk} for action in ("rotate", "revoke")
        ],
        "robots": [{"action": "delete", "robot": "harbor+ci"}],
        "members": [
            {"action": "remove", "username": "pat"},
            {"action": "change", "username": "pat", "role": "owner"},
            {"action": "withdraw", "invitation": number},
        ],
        "publishing": [{"action": "remove", "id": harbor.owner.issuers.get().pk}],
        "domains": [
            {"action": action, "domain": "harbor.example", "confirmed": "yes"}
            for action in ("check", "remove")
        ],
        "teams/<str:team>": [
            {"action": "add", "username": "pat"},
            {"action": "add", "username": "harbor+ci"},
            {"action": "give", "target": "@harbor/pier", "role": "owner"},
            {"action": "give", "target": "@harbor", "role": "owner"},
            {"action": "take", "target": "@harbor/pier"},
        ],
        "provisioning": [
            {"action": "revoke", "token": scim.pk},
            {"action": "map", "group": group.public_id, "team": "dev", "role": ""},
        ],
        "sso": [
            {"action": "remove", "rule": rule.pk},
            {
                "action": "add",
                "connection": connection.public_id,
                "group": "x",
                "gives": "team:dev",
            },
        ],
        "access": [
            {"action": "end", "kind": kind, "id": key, "name": thing}
            for kind, key, thing in (
                ("member", "", "pat"),
                ("robot-token", robot_token.pk, "harbor+ci"),
                ("scim-token", scim.pk, ""),
                ("connection", "", connection.public_id),
                ("domain", "", "harbor.example"),
                ("issuer", harbor.owner.issuers.get().pk, ""),
            )
        ],
    }
    cookies, headers = _open(rival), bearer(create_api_token(rival))
    writes = list(_list_writes(world, "rival"))
    for call, path in writes:
        status, changed = _send(call, path, cookies, headers)
        assert not [row for row in changed if "harbor" in row], f"{status} {call.method} {path}"
    pages = {call.route.removeprefix(_PAGES): (call, path) for call, path in writes}
    for tail, bodies in foreign.items():
        for body in bodies:
            status, changed = _send(*pages[tail], cookies, headers, body)
            assert not changed, f"{status} {tail} {body}: {changed}"
            assert status in _REFUSED, f"{status} {tail} {body}"


@pytest.mark.parametrize("kind", ["session", "token"])
def test_what_is_for_one_organization_reaches_no_other(world: World, kind: str) -> None:
    """Of an account that owns both: a session of single sign-on, and a token with a limit."""
    owner, harbor = world.accounts["owner"], get_organization("harbor")
    build_organization(owner, "rival")
    create_team(actor=owner, organization=get_organization("rival"), name="dev")
    is_session = kind == "session"
    cookies = _open(owner, harbor.pk) if is_session else SimpleCookie()
    headers = bearer(create_api_token(owner, limit="org:harbor"))
    writes = [each for each in _list_writes(world, "rival") if each[0].is_api is not is_session]
    for call, path in writes:
        status, changed = _send(call, path, cookies, headers)
        assert not changed, f"{status} {call.method} {path}: {changed}"
    assert any("/rival/" in path for _, path in writes)
