"""What the token of a robot changes: nothing beyond what its teams allow, on no route."""

from __future__ import annotations

from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from django.test import Client

from accounts.actions.organizations.robots import create_robot_token
from accounts.actions.organizations.teams import add_team_member
from accounts.queries.organizations import get_organization
from tests.functional.authorization.calls import list_calls
from tests.functional.authorization.roles import build_world
from tests.functional.authorization.test_authorization import send
from tests.support.people import bearer
from tests.support.publishing import Publisher

# About its own tokens, and its own membership.
_ALLOWED = {
    "DELETE /api/v1/me/tokens/current": "200",
    "POST /api/v1/me/tokens": "201",
    "PATCH /api/v1/me/organizations/<str:organization>": "200",
}


def test_a_robot_changes_nothing_else(publisher: Publisher, settings: Any, tmp_path: Path) -> None:
    settings.CLIENT_DIR = tmp_path
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "1000000/minute")
    world = build_world(publisher)
    owner, harbor = world.accounts["owner"], get_organization("harbor")
    add_team_member(actor=owner, organization=harbor, name="dev", username="harbor+ci")
    _, text = create_robot_token(
        actor=owner,
        organization=harbor,
        robot_name="harbor+ci",
        name="all",
        scopes=["read", "publish", "manage"],
    )
    client = Client(raise_request_exception=False)
    writes = [call for call in list_calls(world) if call.is_api and call.method != "GET"]
    assert len(writes) > 40
    cells = {call.title: send(client, SimpleCookie(), call, bearer(text)) for call in writes}
    done = {title: cell for title, cell in cells.items() if cell.startswith("2")}
    assert done == _ALLOWED
    assert not [title for title, cell in cells.items() if cell.startswith("5")]
