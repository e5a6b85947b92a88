"""Requests that write answer for a plugin that is not visible as for a name that does not exist."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from accounts.models import User
from tests.functional.authorization.calls import BODIES, iter_routes
from tests.functional.visibility.test_absence import SECRET, UNKNOWN, Person, fill
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher

_METHODS = ("POST", "PUT", "PATCH", "DELETE")


def list_writes() -> list[tuple[str, str]]:
    """The methods of the routes with the name of a plugin that change something."""
    found = []
    for route, pattern in iter_routes(get_resolver()):
        if ":name>" not in route or "scopes/" in route:
            continue
        if route.startswith("api/") and not route.startswith("api/v1/"):
            continue
        view: Any = getattr(pattern.callback, "cls", None)
        methods = _METHODS if view is None else [m for m in _METHODS if hasattr(view, m.lower())]
        found += [(method, route) for method in methods]
    return sorted(found)


@pytest.fixture
def world(publisher: Publisher) -> Publisher:
    publisher.publish("@acme/open")
    return publisher


@pytest.mark.parametrize("visibility", ["private", "internal"])
def test_writes_answer_like_those_of_an_unknown_name(
    world: Publisher, owner: User, moderator: User, settings: Any, visibility: str
) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "1000000/minute")
    world.publish(SECRET, visibility=visibility)
    people = {
        "stranger": Person(create_user("sam", is_verified=False)),
        "limited": Person(token=create_api_token(owner, "manage", limit="@acme/open")),
        "publish": Person(token=create_api_token(owner, "publish")),
    }
    if visibility == "private":
        # Every account may see internal plugins of a person.
        people["moderator"] = Person(token=create_api_token(moderator))
    writes = list_writes()
    assert len(writes) > 15
    for who, person in people.items():
        # The first use of a token and of a session is recorded.
        client = person.open()
        client.get("/api/v1/me", **person.headers)
        for method, route in writes:
            body = BODIES.get(f"{method} {route}", dict)()
            secret, unknown = (
                _ask(client, person, method, fill(route, name), body) for name in (SECRET, UNKNOWN)
            )
            assert secret == unknown, (who, method, route)


def _ask(client: Client, person: Person, method: str, path: str, body: Any) -> tuple[int, str, int]:
    is_json = path.startswith("/api/")
    kind = {"content_type": "application/json"} if is_json else {}
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        response = getattr(client, method.lower())(path, body, **kind, **person.headers)
        transaction.set_rollback(True)
    text = re.sub("zq(secret|absent)", "NAME", response.content.decode())
    text = re.sub(r'nonce-[\w+/=-]+|csrf\w*" value="\w+"|[0-9a-f]{32}', "", text)
    return response.status_code, text, len(queries)
