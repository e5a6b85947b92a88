"""Who may do what: every route, asked by everyone, against `table.txt`.

The table is the specification. A cell is the HTTP status; `login` is a redirect to the sign-in page, `-`
a column that does not apply (pages have sessions, the API has tokens). `302+` left an entry in the audit
log: pages redirect after an act and after a refusal alike. A new route needs a row. After an intended
change, `RECORD_TABLE=1` writes the table again: read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import AuditEntry
from tests.functional.authorization.calls import Call, list_calls
from tests.functional.authorization.roles import COLUMNS, PEOPLE, World, build_world
from tests.functional.authorization.table import Cells, read_table, record_rows
from tests.support.dns_server import open_dns_server
from tests.support.publishing import Publisher

pytestmark = pytest.mark.usefixtures("_module_packages", "db")
_JSON = "application/json"
# Each part asks every twelfth row, and each worker takes the next part when it has time.
_PARTS = 12


@pytest.fixture(scope="module")
def world(module_publisher: Publisher) -> World:
    """The same for all parts that a worker runs: what a request writes is undone."""
    return build_world(module_publisher)


@pytest.fixture(scope="module")
def calls(world: World) -> list[Call]:
    return list_calls(world)


@pytest.fixture(scope="module")
def sessions(world: World) -> dict[str, SimpleCookie]:
    """The cookies of each person, after the request that records where the session is used."""
    clients = {person: world.open_session(person) for person in PEOPLE}
    for client in clients.values():
        client.get("/account")
    return {person: client.cookies for person, client in clients.items()}


@pytest.fixture(scope="module")
def client() -> Client:
    """One for all requests, like a server: each `Client` would build the middleware again."""
    return Client(raise_request_exception=False)


@pytest.fixture(autouse=True)
def _settings(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.CLIENT_DIR = tmp_path
    # However long the test takes: nobody has to confirm anything.
    settings.CONFIRMATION_SECONDS = 86_400
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "1000000/minute")
    # Domains are checked with this server, which has no records.
    with open_dns_server(settings):
        yield


def send(client: Client, cookies: SimpleCookie, call: Call, headers: dict[str, Any]) -> str:
    """Send the request, undo what it wrote, and return its cell."""
    # A copy: signing out deletes the cookie, but here the session goes on.
    client.cookies = SimpleCookie(cookies.output(header="", sep=";"))
    is_json = call.is_api and call.method != "GET" and call.title != "POST /api/v1/plugins"
    kind = {"content_type": _JSON} if is_json else {}
    data = None if call.method == "GET" else call.build_body()
    with transaction.atomic():
        before = _find_last_entry()
        response = getattr(client, call.method.lower())(call.path, data, **kind, **headers)
        # Within the transaction: a streamed response may read the database.
        if response.streaming:
            b"".join(response)
        is_done = response.status_code == 302 and _find_last_entry() != before
        transaction.set_rollback(True)
    location = response.headers.get("Location", "")
    if response.status_code == 302 and location.partition("?")[0] in ("/login", "/admin/login/"):
        return "login"
    return f"{response.status_code}{'+' * is_done}"


def _find_last_entry() -> int | None:
    return AuditEntry.rows.order_by("-id").values_list("id", flat=True).first()


def ask_everyone(
    client: Client, world: World, sessions: Mapping[str, SimpleCookie], call: Call
) -> Cells:
    """The cells of a row."""
    if call.is_api:
        return tuple(
            send(client, SimpleCookie(), call, world.get_headers(column)) for column in COLUMNS
        )
    return tuple(
        send(client, sessions[column], call, {}) if column in sessions else "-"
        for column in COLUMNS
    )


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(part, marks=pytest.mark.xdist_group(f"authorization-{part}"))
        for part in range(_PARTS)
    ],
)
def test_everyone_may_do_what_the_table_says(
    part: int,
    client: Client,
    world: World,
    calls: list[Call],
    sessions: Mapping[str, SimpleCookie],
) -> None:
    asked = calls[part::_PARTS]
    cells = {call.title: ask_everyone(client, world, sessions, call) for call in asked}
    # A method that a route answers with 405 for everyone has no row.
    found = {title: row for title, row in cells.items() if set(row) - {"405", "-"}}
    titles = [call.title for call in calls]
    if os.environ.get("RECORD_TABLE"):
        record_rows(COLUMNS, titles, asked=set(cells), found=found)
    table = read_table()
    assert found == {title: row for title, row in table.items() if title in cells}
    assert [title for title in table if title not in titles] == [], "rows of no route"
