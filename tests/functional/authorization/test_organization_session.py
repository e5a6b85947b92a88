"""What a session of an organization's single sign-on reaches: every page, against `organization_session.txt`.

The account is the owner of `@acme/chat`, and of the organization `harbor`, whose provider opened the session.
The second column is that of a session with a password. `RECORD_TABLE=1` writes the file again.
"""

from __future__ import annotations

import os
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.queries.organizations import get_organization
from accounts.security.organization_session import ORGANIZATION_KEY
from tests.functional.authorization.calls import list_calls
from tests.functional.authorization.roles import build_world
from tests.functional.authorization.test_authorization import send
from tests.support.publishing import Publisher

pytestmark = [
    pytest.mark.usefixtures("_module_packages", "db"),
    pytest.mark.xdist_group("authorization-of-organization-session"),
]
_TABLE = Path(__file__).with_name("organization_session.txt")


def _open_session(client: Client, *, organization_id: int | None) -> SimpleCookie:
    session = client.session
    if organization_id is not None:
        session[ORGANIZATION_KEY] = organization_id
        session.save()
    client.get("/account")
    return client.cookies


def test_the_session_reaches_what_the_table_says(
    module_publisher: Publisher, settings: Any, tmp_path: Path
) -> None:
    """In a personal session, the same account reaches more."""
    settings.CLIENT_DIR = tmp_path
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "1000000/minute")
    world = build_world(module_publisher)
    harbor = get_organization("harbor")
    limited = _open_session(world.open_session("owner"), organization_id=harbor.pk)
    personal = _open_session(world.open_session("owner"), organization_id=None)
    client = Client(raise_request_exception=False)
    found = {}
    for call in list_calls(world):
        if not call.is_api:
            cells = [send(client, SimpleCookie(each), call, {}) for each in (limited, personal)]
            if cells != ["405", "405"]:
                found[call.title] = cells
    lines = [f"{a:<5}  {b:<5}  {title}\n" for title, (a, b) in found.items()]
    if os.environ.get("RECORD_TABLE"):
        _TABLE.write_text("".join(lines))
    assert _TABLE.read_text().splitlines() == [line.rstrip("\n") for line in lines]
