"""Who may do what: every route, asked by everyone, against `table.txt`.

The table is the specification. A cell is the HTTP status; `login` is a redirect to the sign-in page, `-`
a column that does not apply (pages have sessions, the API has tokens). A new route needs a row. After an
intended change, `RECORD_TABLE=1` writes the table again: read the difference before you commit it.
"""

from __future__ import annotations

import os
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import Client

from tests.functional.authorization.calls import Call, list_calls
from tests.functional.authorization.roles import COLUMNS, PEOPLE, World, build_world
from tests.support.publishing import Publisher

TABLE = Path(__file__).with_name("table.txt")
_JSON = "application/json"


def send(cookies: SimpleCookie, call: Call, headers: dict[str, Any]) -> str:
    """Send the request, undo what it wrote, and return its cell."""
    client = Client(raise_request_exception=False)
    # A copy: signing out deletes the cookie, but here the session goes on.
    client.cookies = SimpleCookie(cookies.output(header="", sep=";"))
    is_json = call.is_api and call.method != "GET" and call.title != "POST /api/v1/plugins"
    kind = {"content_type": _JSON} if is_json else {}
    data = None if call.method == "GET" else call.build_body()
    with transaction.atomic():
        response = getattr(client, call.method.lower())(call.path, data, **kind, **headers)
        # Within the transaction: a streamed response may read the database.
        if response.streaming:
            b"".join(response)
        transaction.set_rollback(True)
    location = response.headers.get("Location", "")
    if response.status_code == 302 and location.partition("?")[0] in ("/login", "/admin/login/"):
        return "login"
    return str(response.status_code)


def render_table(world: World) -> str:
    sessions = {person: world.open_session(person).cookies for person in PEOPLE}
    rows = [("", *COLUMNS)]
    for call in list_calls(world):
        if call.is_api:
            cells = [send(SimpleCookie(), call, world.get_headers(column)) for column in COLUMNS]
        else:
            cells = [send(sessions[c], call, {}) if c in sessions else "-" for c in COLUMNS]
        if set(cells) - {"405", "-"}:
            rows.append((call.title, *cells))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )


def test_everyone_may_do_what_the_table_says(
    publisher: Publisher, settings: Any, tmp_path: Path
) -> None:
    settings.CLIENT_DIR = tmp_path
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "1000000/minute")
    table = render_table(build_world(publisher))
    if os.environ.get("RECORD_TABLE"):
        TABLE.write_text(table)
    expected, found = TABLE.read_text().splitlines(), table.splitlines()
    assert [line for line in found if line not in expected] == [], "new or changed rows"
    assert [line for line in expected if line not in found] == [], "rows of no route"
