"""Filters: the same results as the evaluation of the library, and no way around them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import ScimFilter

from accounts.models import Organization, ScimUser, User
from accounts.queries.scim import select_scim_users
from accounts.sso.scim.filters import parse_user_filter
from accounts.sso.scim.representations import build_user_resource
from accounts.sso.scim.resources import User as UserResource
from tests.support.scim import Provider

_FILTER: Any = ScimFilter[UserResource]
PEOPLE: tuple[dict[str, Any], ...] = (
    {"userName": "ann@harbor.example", "displayName": "Ann", "externalId": "A1"},
    {"userName": "BOB@harbor.example", "displayName": "bÖb", "name": {"familyName": "O'Neil"}},
    {"userName": "cid%", "displayName": "100%_\\", "active": False, "externalId": "a1"},
    {"userName": 'dan"x', "name": {"givenName": "Dan", "familyName": "ann"}},
)


@pytest.fixture
def people(provider: Provider) -> None:
    for person in PEOPLE:
        mail = person["userName"] if "@" in person["userName"] else "x@y.example"
        values = {k: v for k, v in person.items() if k != "userName"}
        provider.create_user(
            person["userName"], **{"emails": [{"value": mail, "type": "work"}], **values}
        )


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ANN@harbor.example"',
        'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ann@harbor.example"',
        'userName ne "ann@harbor.example"',
        'userName sw "b" or userName ew "%"',
        'userName co "%"',
        'userName co "_"',
        'userName eq "dan\\"x"',
        'displayName eq "BÖB"',
        'displayName co "_\\\\"',
        "displayName pr",
        "not (displayName pr)",
        'externalId eq "A1"',
        "externalId pr",
        "active eq true",
        "active eq false and displayName pr",
        'name.familyName eq "o\'neil"',
        'name.givenName sw "d" and not (active eq false)',
        'emails.value eq "ANN@harbor.example"',
        'emails eq "ann@harbor.example"',
        'emails[type eq "work" and value eq "ann@harbor.example"]',
        'emails[type eq "home"]',
        'emails.type eq "work"',
        'meta.created gt "2020-01-01T00:00:00Z"',
        'meta.lastModified lt "2020-01-01T00:00:00Z"',
        'userName eq "x" or (userName eq "cid%" and (active eq false or displayName eq "y"))',
        'USERNAME EQ "cid%"',
    ],
)
def test_filters_find_what_the_library_finds(provider: Provider, people: None, text: str) -> None:
    answer = provider.send("GET", f"Users?filter={quote(text)}")
    assert answer.status == 200, answer.json
    found = {each["userName"] for each in answer.json["Resources"]}
    parsed = _FILTER(text)
    rows = ScimUser.objects.all()
    if "meta." not in text:
        assert found == {row.user_name for row in rows if parsed.match(build_user_resource(row))}
    else:
        assert found == ({row.user_name for row in rows} if " gt " in text else set())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        "userName eq x",
        'userName eq "x',
        'userName eq "x" or',
        "userName eq 'x' OR 1=1",
        'userName eq "x"; DROP TABLE accounts_user',
        'userName eq "\u0000"',
        'userName eq "\\u0000"',
        'password eq "x"',
        'user.password eq "x"',
        'organization eq "1"',
        'user__is_superuser eq "true"',
        'schemas eq "x"',
        'name eq "x"',
        'title eq "x"',
        'userName gt "a"',
        'userName eq ""',
        "userName eq null",
        'active eq "maybe"',
        "active gt true",
        'externalId co "a"',
        'emails.value co "a"',
        'emails[type eq "work" or value eq "x"]',
        "emails[primary eq true]",
        'meta.created eq "yesterday"',
        " or ".join(['userName eq "x"'] * 21),
        "(" * 11 + 'userName eq "x"' + ")" * 11,
        "(" * 400 + ")" * 400,
        'userName eq "' + "x" * 1000 + '"',
    ],
)
def test_other_filters_are_refused(provider: Provider, people: None, text: str) -> None:
    answer = provider.send("GET", f"Users?filter={quote(text)}")
    if text in ("", "userName eq null"):
        # No filter; and what all users lack.
        assert answer.status in (200, 400)
        return
    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter"), answer.json
    assert answer.json["detail"]


def test_a_filter_sees_one_organization(provider: Provider, other: Provider, people: None) -> None:
    found = other.send("GET", f"Users?filter={quote('userName pr or not (userName pr)')}")
    assert found.json["totalResults"] == 0
    theirs = provider.create_group("Engineers")
    text = f'groups.value eq "{theirs["id"]}" or id eq "{ScimUser.objects.first().public_id}"'  # type: ignore[union-attr]
    assert other.send("GET", f"Users?filter={quote(text)}").json["totalResults"] == 0
    assert other.send("GET", "Groups").json["totalResults"] == 0


_TEXTS = st.text(st.sampled_from("aAnNbÖöx@.%_\\\"' é\u0130"), min_size=1, max_size=6)
_ATTRIBUTES = st.sampled_from(["userName", "displayName", "name.givenName", "name.familyName"])


@st.composite
def _terms(draw: st.DrawFn) -> str:
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return f"{draw(_ATTRIBUTES)} pr"
    if kind == 1:
        return f"active eq {draw(st.sampled_from(['true', 'false']))}"
    value = draw(_TEXTS).replace("\\", "\\\\").replace('"', '\\"')
    return f'{draw(_ATTRIBUTES)} {draw(st.sampled_from(["eq", "ne", "co", "sw", "ew"]))} "{value}"'


_FILTERS = st.recursive(
    _terms(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        ),
        inner.map(lambda each: f"not ({each})"),
    ),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_FILTERS, names=st.lists(_TEXTS, min_size=4, max_size=4))
def test_the_database_compares_like_the_library(
    people: None, harbor: Organization, owner: User, text: str, names: list[str]
) -> None:
    from accounts.sso.scim.keys import build_key

    rows = list(ScimUser.objects.order_by("pk"))
    for row, name in zip(rows, names, strict=True):
        row.display_name, row.display_key = name, build_key(name)
        row.name, row.given_key = {"givenName": name[::-1]}, build_key(name[::-1])
        row.family_key = ""
        row.save()
    parsed = _FILTER(text)
    expected = {row.pk for row in rows if parsed.match(build_user_resource(row))}
    found = select_scim_users(harbor, parse_user_filter(text))
    assert {row.pk for row in found} == expected, text
