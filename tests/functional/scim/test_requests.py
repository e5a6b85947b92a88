"""Authentication, lists, selections, errors and limits of all endpoints."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions.scim.tokens import revoke_scim_token
from accounts.models import Organization, ScimFailure, ScimToken, User
from tests.support.people import bearer, create_api_token
from tests.support.scim import USER_SCHEMA, Provider, build_user

UNKNOWN = "pp_" + "A" * 43


def test_who_may_call(provider: Provider, other: Provider, owner: User) -> None:
    token = ScimToken.objects.get(organization=provider.organization)
    personal = create_api_token(owner)
    for text in ("", UNKNOWN, "nonsense", personal):
        answer = provider.send("GET", "Users", token=text)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    # The token of another organization learns nothing: not even that this one exists.
    foreign = provider.send("GET", "Users", token=other.token)
    missing = Client().get("/scim/v2/nowhere/Users", **bearer(other.token))
    assert (foreign.status, foreign.json) == (404, missing.json())
    # It is no token for anything else.
    assert Client().get("/api/v1/me", **bearer(provider.token)).status_code == 401
    browser = Client()
    browser.force_login(owner)
    assert browser.get("/scim/v2/harbor/Users").status_code == 401
    assert provider.send("GET", "Users").status == 200
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_address == "127.0.0.1"
    assert token.sha256 not in provider.token
    ScimToken.objects.filter(pk=token.pk).update(
        expires_at=timezone.now() - dt.timedelta(seconds=1)
    )
    assert provider.send("GET", "Users").status == 401
    ScimToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() + dt.timedelta(days=1))
    assert provider.send("GET", "Users").status == 200
    revoke_scim_token(actor=owner, organization=provider.organization, token_id=token.pk)
    assert provider.send("GET", "Users").status == 401


def test_discovery(provider: Provider) -> None:
    config = provider.send("GET", "ServiceProviderConfig").json
    assert config["patch"]["supported"]
    assert config["etag"]["supported"]
    assert not config["bulk"]["supported"]
    assert not config["sort"]["supported"]
    types = provider.send("GET", "ResourceTypes").json["Resources"]
    assert {each["endpoint"] for each in types} == {"/Users", "/Groups"}
    assert provider.send("GET", "ResourceTypes/User").status == 200
    assert provider.send("GET", f"Schemas/{USER_SCHEMA}").json["id"] == USER_SCHEMA
    assert provider.send("GET", "Schemas/nothing").status == 404
    assert provider.send("GET", "Schemas?filter=x").status == 403
    for method, path in (("GET", "Me"), ("PATCH", "Me"), ("POST", "Bulk"), ("POST", ".search")):
        assert provider.send(method, path, {}).status == 501
    assert provider.send("GET", "Robots").status == 404
    assert provider.send("DELETE", "Users").status == 405


def test_pages_of_a_list(provider: Provider) -> None:
    ids = [provider.create_user(f"user-{n}x@harbor.example")["id"] for n in range(5)]
    page = provider.send("GET", "Users?startIndex=2&count=2").json
    assert [each["id"] for each in page["Resources"]] == ids[1:3]
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 2)
    assert provider.send("GET", "Users?count=0").json["Resources"] == []
    assert provider.send("GET", "Users?startIndex=-4&count=9999").json["itemsPerPage"] == 5
    assert provider.send("GET", "Users?startIndex=999999999999999").status == 400
    assert provider.send("GET", "Users?startIndex=6").json["Resources"] == []
    for query in ("sortBy=userName", "sortOrder=descending", "cursor=", "count=x"):
        answer = provider.send("GET", f"Users?{query}")
        assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
        assert query.partition("=")[0] in answer.json["detail"]


def test_selections(provider: Provider) -> None:
    user = provider.create_user("jane@harbor.example", name={"givenName": "J", "familyName": "D"})
    path = f"Users/{user['id']}"
    some = provider.send("GET", f"{path}?attributes=USERNAME,name.givenName").json
    assert set(some) == {"schemas", "id", "userName", "name"}
    assert some["name"] == {"givenName": "J"}
    same = provider.send("GET", f"{path}?attributes={USER_SCHEMA}:userName").json
    assert set(same) == {"schemas", "id", "userName"}
    rest = provider.send("GET", f"{path}?excludedAttributes=emails,name.givenName,id").json
    assert "emails" not in rest
    assert rest["name"] == {"familyName": "D"}
    assert rest["id"] == user["id"]
    assert provider.send("GET", f"{path}?attributes=id&excludedAttributes=name").status == 400
    many = ",".join(f"a{n}" for n in range(60))
    assert provider.send("GET", f"{path}?attributes={many}").status == 400
    # Names have no case in bodies either.
    body = {"SCHEMAS": [USER_SCHEMA], "USERNAME": "joe@harbor.example", "DisplayName": "Joe"}
    created = provider.send("POST", "Users?attributes=displayName", body)
    assert set(created.json) == {"schemas", "id", "displayName"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"\xff\xfe", 400),
        (b'{"a":' * 50 + b"1" + b"}" * 50, 400),
        (b"[" * 100_000, 400),
        (b'{"x": "' + b"y" * (1 << 20) + b'"}', 413),
    ],
    ids=["empty", "cut", "list", "text", "encoding", "deep", "deeper", "large"],
)
def test_bodies_are_bounded(provider: Provider, body: bytes, status: int) -> None:
    for method, path in (("POST", "Users"), ("POST", "Groups")):
        answer = provider.send(method, path, body)
        assert answer.status == status, answer.json
        assert answer.json["status"] == str(status)


def test_other_types_of_bodies_are_refused(provider: Provider) -> None:
    url = "/scim/v2/harbor/Users"
    sent = Client().post(url, {"userName": "jane"}, **bearer(provider.token))
    assert sent.status_code == 415
    sent = Client().post(
        url, build_user("jane"), content_type="application/json", **bearer(provider.token)
    )
    assert sent.status_code == 201


@pytest.mark.parametrize(
    "operations",
    [
        [],
        ["x"],
        [{"op": "fly", "path": "active", "value": True}],
        [{"op": "replace", "path": "active"}],
        [{"op": "remove"}],
        [{"op": "replace", "path": "emails[", "value": "x"}],
        [{"op": "replace", "path": "x" * 2000 + "[", "value": "x"}],
        [{"op": "replace", "path": "userName", "value": None}],
        [{"op": "remove", "path": "userName"}],
        [{"op": "replace", "path": "meta", "value": {"version": "1"}}],
        [{"op": "replace", "path": "displayName", "value": {"x": 1}}],
        [{"op": "add", "path": "emails", "value": [{"value": f"a{n}@b.c"} for n in range(11)]}],
        [{"op": "add", "path": "emails", "value": [{"value": "a@b.c", "type": "\u0000"}]}],
        [{"op": "replace", "path": "displayName", "value": "a\u0000"}],
        [{"op": "replace", "path": "externalId", "value": "x" * 256}],
    ],
)
def test_bad_operations_change_nothing(provider: Provider, operations: list[Any]) -> None:
    user = provider.create_user("jane@harbor.example", displayName="Jane")
    answer = provider.patch(f"Users/{user['id']}", *operations)
    assert answer.status == 400, answer.json
    assert answer.json["scimType"]
    assert provider.send("GET", f"Users/{user['id']}").json == user


def test_refused_requests_are_listed(provider: Provider) -> None:
    provider.create_user("jane@harbor.example")
    for _ in range(55):
        assert provider.send("POST", "Users", build_user("jane@harbor.example")).status == 409
    failures = ScimFailure.objects.filter(organization=provider.organization)
    assert failures.count() == 50
    first = failures.first()
    assert first is not None
    assert (first.status, first.request) == (409, "POST /scim/v2/harbor/Users")
    assert "userName" in first.reason
    provider.send("GET", f"Users?filter={quote('x' * 1100)}")
    assert "at most 1000" in str(failures.values_list("reason", flat=True)[0])


def test_limits(provider: Provider, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "scim": "2/minute", "denied": "1/minute"}
    statuses = [provider.send("GET", "Users").status for _ in range(3)]
    assert statuses == [200, 200, 429]
    answer = provider.send("GET", "Users")
    assert "Retry-After" in answer.headers
    assert answer.json["status"] == "429"
    assert [provider.send("GET", "Users", token=UNKNOWN).status for _ in range(2)] == [401, 429]


def test_the_page_of_owners(provider: Provider, harbor: Organization, owner: User) -> None:
    group = provider.create_group("Engineers")
    provider.send("POST", "Users", b"{")
    browser = Client()
    browser.force_login(owner)
    path = "/organizations/harbor/provisioning"
    page = browser.get(path).content.decode()
    assert "/scim/v2/harbor" in page
    assert "Engineers" in page
    assert "not valid JSON" in page
    assert provider.token not in page
    made = browser.post(path, {"action": "create", "name": "Entra", "days": "30"})
    token = ScimToken.objects.get(name="Entra")
    assert token.start in made.content.decode()
    assert (token.expires_at - token.created_at).days in (29, 30)
    mapped = browser.post(
        path,
        {"action": "map", "group": group["id"], "team": "", "role": "billing"},
        follow=True,
    )
    assert "the role billing" in mapped.content.decode()
    for values, text in (
        ({"action": "create", "name": "", "days": "30"}, "1 to 100"),
        ({"action": "create", "name": "x", "days": "999"}, "1 to 366"),
        ({"action": "map", "group": group["id"], "role": "owner"}, "manager or of billing"),
        ({"action": "map", "group": "0" * 32}, "no such group"),
        ({"action": "map", "group": group["id"], "team": "nothing"}, "no team"),
        ({"action": "revoke", "token": "x"}, "no such SCIM token"),
        ({"action": "revoke", "token": str(token.pk)}, "is revoked"),
    ):
        assert text in browser.post(path, values, follow=True).content.decode(), text
    for role in ("manager", "member", "billing"):
        harbor.memberships.filter(user=owner).update(role=role)
        assert browser.get(path).status_code == 403
        assert browser.post(path, {"action": "create", "name": "x", "days": "9"}).status_code == 403
    assert Client().get(path).status_code == 302
