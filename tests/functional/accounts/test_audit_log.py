"""The pages and the API of the audit log, its filters and its files (ACC-4)."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.audit.formats import format_cef_line, format_json_line, format_syslog
from accounts.audit.origin import Origin, bind_origin
from accounts.models import ActorKind, AuditEntry, User
from registry.actions.invite_member import invite_member
from registry.models import Role
from tests.functional.pages.dom import parse
from tests.support.people import PASSWORD, bearer, create_api_token
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(create_user: Callable[..., User]) -> User:
    """An operator."""
    return create_user("root", is_staff=True, is_superuser=True)


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    AuditEntry.rows.all()
    return client


def act(
    actor: User, address: str = "", action: str = "email.verified", **values: Any
) -> AuditEntry:
    """An entry about the actor, from an address."""
    from django.test import RequestFactory

    request = RequestFactory(REMOTE_ADDR=address).get("/") if address else None
    with bind_origin(Origin("page", request)):
        return record_audit_entry(actor=actor, action=action, **{"target": actor, **values})


def list_shown(client: Client, path: str) -> list[str]:
    """The ids of the entries on the page."""
    page = parse(client.get(path).content.decode())
    return [str(each.attrs["id"]) for each in page.by_class("audit-entry")]


def test_the_own_log_has_what_the_account_did_and_what_concerns_it(
    publisher: Publisher, owner: User, outsider: User
) -> None:
    client = sign_in(outsider)
    plugin = publisher.publish().plugin
    AuditEntry.rows.all()
    invite_member(actor=owner, plugin=plugin, username="mallory", role=Role.PUBLISHER)
    invited = AuditEntry.rows.get(action="member.invited")
    own = act(outsider)
    act(owner)
    signed_in = AuditEntry.rows.get(action="sign-in.succeeded")
    shown = list_shown(client, "/account/security-log")
    assert shown == [f"entry-{each.pk}" for each in (own, invited, signed_in)]


def test_addresses_of_other_people_are_hidden_also_from_filters(
    owner: User, outsider: User
) -> None:
    client = sign_in(outsider)
    other = act(owner, "192.0.2.1", target=outsider)
    own = act(outsider, "192.0.2.2")
    with bind_origin(Origin("page", None)):
        record_audit_entry(actor=ActorKind.ANONYMOUS, action="sign-in.failed", subject=outsider)
    text = client.get("/account/security-log").content.decode()
    assert "192.0.2.2" in text
    assert "192.0.2.1" not in text
    assert list_shown(client, "/account/security-log?address=192.0.2.1") == []
    assert list_shown(client, "/account/security-log?address=192.0.2.2") == [f"entry-{own.pk}"]
    exported = client.post("/account/security-log/export").getvalue().decode()  # type: ignore[attr-defined]
    assert "192.0.2.1" not in exported
    assert any(json.loads(line)["id"] == other.pk for line in exported.splitlines())


def test_operators_see_and_filter_everything(root: User, owner: User, outsider: User) -> None:
    client = sign_in(root)
    one = act(owner, "192.0.2.1")
    two = act(outsider, "2001:db8::1", "password.changed")
    three = act(owner, action="plugin.edited", target="@acme/chat")
    system = record_audit_entry(actor=None, action="job.requeued", target="x")

    def filter_by(query: str) -> list[str]:
        return list_shown(client, f"/audit?{query}")

    assert filter_by("actor=acme") == [f"entry-{three.pk}", f"entry-{one.pk}"]
    assert filter_by("actor=system") == [f"entry-{system.pk}"]
    assert filter_by("action=password.changed") == [f"entry-{two.pk}"]
    assert filter_by("target=@acme/chat") == [f"entry-{three.pk}"]
    assert filter_by("target=mallory") == [f"entry-{two.pk}"]
    assert filter_by("address=2001:db8:0::1") == [f"entry-{two.pk}"]
    today = dt.datetime.now(dt.UTC).date()
    assert f"entry-{one.pk}" in filter_by(f"since={today}&until={today}")
    assert filter_by(f"until={today - dt.timedelta(days=2)}") == []
    assert filter_by(f"actor=acme&before={three.pk}") == [f"entry-{one.pk}"]


@pytest.mark.parametrize(
    "query", ["address=x", "since=tomorrow", "before=0", "before=x", "action=none", "actor=%00"]
)
def test_invalid_filters_are_named(root: User, query: str) -> None:
    response = sign_in(root).get(f"/audit?{query}")
    assert response.status_code == 400
    assert "Correct the filters." in response.content.decode()


def test_the_whole_log_is_unknown_to_others(owner: User, create_user: Callable[..., User]) -> None:
    staff = create_user("maude", is_staff=True, is_moderator=True)
    for user in (owner, staff):
        client = sign_in(user)
        assert client.get("/audit").status_code == 404
        assert client.post("/audit/export").status_code == 404
    assert Client().get("/audit").status_code == 302


def test_members_see_the_log_of_a_plugin(
    publisher: Publisher, owner: User, outsider: User, moderator: User
) -> None:
    release = publisher.publish()
    path = f"/plugins/{release.plugin.name}/owners/log"
    text = sign_in(owner).get(path).content.decode()
    assert "A release was published" in text
    assert "@acme/chat@1.0.0" in text
    assert sign_in(moderator).get(path).status_code == 200
    assert sign_in(outsider).get(path).status_code == 403
    assert sign_in(outsider).post(f"{path}/export").status_code == 403
    assert sign_in(outsider).get("/plugins/@acme/none/owners/log").status_code == 404
    assert Client().get(path).status_code == 302


def test_pages_cost_the_same_with_any_number_of_entries(root: User, owner: User) -> None:
    client = sign_in(root)

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    paths = ("/audit", "/account/security-log", "/audit?target=acme&actor=acme")
    first = [count(path) for path in paths]
    for number in range(120):
        act(root if number % 2 else owner, "192.0.2.1", subject=owner)
    # The session, the account, and then one query for each source and one for the name.
    assert [count(path) for path in paths] == first == [3, 4, 4]


def test_older_entries_are_on_the_next_page(owner: User) -> None:
    client = sign_in(owner)
    for _ in range(120):
        act(owner)
    path, shown = "/account/security-log?action=email.verified", []
    while path:
        page = parse(client.get(path).content.decode())
        shown += [str(each.attrs["id"]) for each in page.by_class("audit-entry")]
        older = [link.attrs["href"] for link in page.all("a") if link.attrs.get("rel") == "next"]
        path = f"{older[0]}" if older else ""
    ids = (
        AuditEntry.rows.filter(action="email.verified").order_by("-id").values_list("pk", flat=True)
    )
    assert shown == [f"entry-{pk}" for pk in ids]


def test_an_export_has_everything_that_matches_and_is_recorded(root: User, owner: User) -> None:
    for _ in range(60):
        act(owner, "192.0.2.1", "password.changed")
    act(owner)
    client = sign_in(root)
    response = client.post("/audit/export", {"action": "password.changed", "format": "jsonl"})
    assert response.headers["Content-Type"] == "application/jsonl"
    assert re.search(
        r'filename="audit-log-[0-9-]+\.jsonl"', response.headers["Content-Disposition"]
    )
    events = [json.loads(line) for line in response.getvalue().splitlines()]  # type: ignore[attr-defined]
    assert len(events) == 60
    assert {(event["actor"], event["address"]) for event in events} == {("acme", "192.0.2.1")}
    entry = AuditEntry.objects.get(action="audit.exported")
    assert (entry.actor, entry.target) == (root, "everything")
    assert entry.details == {"format": "jsonl", "filter": {"action": "password.changed"}}
    cef = client.post("/audit/export", {"format": "cef", "actor": "acme"}).getvalue()  # type: ignore[attr-defined]
    assert cef.count(b"CEF:0|Plugport|Plugport|") == 61
    assert client.get("/audit/export").status_code == 405


def test_the_log_of_the_account_by_the_api(owner: User, outsider: User) -> None:
    headers = bearer(create_api_token(owner, "read"))
    for _ in range(3):
        act(owner, "192.0.2.1")
    act(outsider)
    client = Client()
    first = client.get("/api/v1/me/audit?limit=2", **headers).json()  # type: ignore[arg-type]
    assert [item["action"] for item in first["items"]] == ["email.verified"] * 2
    assert first["items"][0]["address"] == "192.0.2.1"
    second = client.get(f"/api/v1/me/audit?before={first['next']}", **headers).json()  # type: ignore[arg-type]
    assert [item["action"] for item in second["items"]] == ["email.verified", "token.created"]
    assert second["next"] is None
    limited = bearer(create_api_token(owner, "read", limit="@acme/chat"))
    assert client.get("/api/v1/me/audit", **limited).status_code == 403  # type: ignore[arg-type]
    publish = bearer(create_api_token(owner, "publish"))
    assert client.get("/api/v1/me/audit", **publish).status_code == 403  # type: ignore[arg-type]
    assert client.get("/api/v1/me/audit").status_code == 401
    assert client.get("/api/v1/me/audit?limit=101", **headers).status_code == 400  # type: ignore[arg-type]


def test_signing_in_and_out_and_failures_are_recorded(owner: User) -> None:
    client = Client(REMOTE_ADDR="192.0.2.9")
    client.post("/login", {"login": "acme", "password": "wrong password"})
    client.post("/login", {"login": "nobody-of-that-name", "password": "wrong password"})
    client.post("/login", {"login": "acme", "password": PASSWORD})
    client.post("/logout")
    rows = AuditEntry.objects.order_by("id").values_list(
        "action", "actor_kind", "actor_name", "subject", "identity__address"
    )
    assert list(rows) == [
        ("sign-in.failed", "anonymous", "", owner.pk, "192.0.2.9"),
        ("sign-in.failed", "anonymous", "", None, "192.0.2.9"),
        ("sign-in.succeeded", "account", "acme", owner.pk, "192.0.2.9"),
        ("sign-in.ended", "account", "acme", owner.pk, "192.0.2.9"),
    ]
    everything = str(list(AuditEntry.objects.values()))
    assert "nobody-of-that-name" not in everything
    assert "wrong password" not in everything


def test_guesses_do_not_fill_the_database(owner: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": None, "sign_in": None, "login_failed": None}
    client = Client()
    for number in range(15):
        client.post("/login", {"login": f"nobody-{number}", "password": "wrong"})
    entries = list(AuditEntry.rows.order_by("id"))
    assert [entry.details["is_last_recorded"] for entry in entries] == [False] * 9 + [True]


def test_an_operator_changes_rights(root: User, owner: User) -> None:
    client = sign_in(root)
    path = f"/admin/accounts/user/{owner.pk}/change/"
    form = client.get(path).context["adminform"].form
    data = {key: value for key, value in form.initial.items() if value not in (None, False, [])}
    data |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "is_moderator": "on"}
    response = client.post(path, data)
    assert response.status_code == 302, response.context["errors"]
    entry = AuditEntry.objects.get(action="account.edited")
    assert (entry.actor, entry.subject, entry.via) == (root, owner, "admin")
    assert (entry.before, entry.after) == ({"is_moderator": False}, {"is_moderator": True})
    group = client.post("/admin/auth/group/add/", {"name": "auditors"})
    assert group.status_code == 302
    added = AuditEntry.objects.get(action="admin.changed")
    assert (added.target, added.details["model"], added.details["change"]) == (
        "auditors",
        "group",
        "added",
    )


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), text)


def parse_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """The header and the extensions, as a program reads them that knows only the format."""
    *header, rest = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    starts = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)(?<!\\)=", rest))
    pairs = {}
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        pairs[start[1]] = _unescape(rest[start.end() : end.start() if end else len(rest)])
    return header, pairs


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(name=TEXT, target=TEXT, value=TEXT, action=TEXT)
def test_any_text_is_one_line_of_cef_and_comes_back(
    name: str, target: str, value: str, action: str
) -> None:
    event: Any = {
        "id": 7,
        "at": "2026-11-29T12:00:00.000Z",
        "action": action,
        "title": action,
        "actorKind": "account",
        "actor": name,
        "subject": None,
        "targetKind": "plugin",
        "target": target,
        "via": "page",
        "credential": "token:1",
        "address": "192.0.2.1",
        "userAgent": None,
        "before": None,
        "after": value,
        "details": {"a": value},
    }
    line = format_cef_line(event).decode()
    assert line.startswith("CEF:0|Plugport|Plugport|")
    # Line breaks of ASCII end an entry; others are part of the text.
    assert line.count("\n") == 1
    assert "\r" not in line
    _, pairs = parse_cef(line[:-1])
    assert (pairs["suser"], pairs["cs1"], pairs["cs4"]) == (name, target, value)
    assert json.loads(pairs["cs5"]) == {"a": value}
    assert (pairs["rt"], pairs["src"]) == ("1795953600000", "192.0.2.1")
    assert json.loads(format_json_line(event)) == event
    message = format_syslog(event, sequence=2**31, host="plugins.example.org")
    length, _, rest = message.partition(b" ")
    assert int(length) == len(rest)
    head, _, body = rest.partition(b"\xef\xbb\xbf")
    assert re.fullmatch(
        rb"<1[01]\d>1 2026-11-29T12:00:00.000Z plugins\.example\.org plugport - [!-~]{1,32}"
        rb' \[origin software="plugport" swVersion="[0-9a-z.]+"\]\[meta sequenceId="1"\] ',
        head,
    )
    assert json.loads(body) == {"sequence": 2**31, **event}
