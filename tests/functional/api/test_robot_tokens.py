"""The tokens of robots over the API: their lifetime, rotation and end."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Token, User
from tests.functional.api.calls import Api, expect_problem
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user

pytestmark = pytest.mark.django_db

ROBOT = "/organizations/harbor/robots/harbor+ci"
TOKENS = f"{ROBOT}/tokens"


def sign_in(username: str, *scopes: str, **values: Any) -> Api:
    return Api(create_api_token(User.objects.get(username=username), *scopes, **values))


@pytest.fixture
def ada() -> Api:
    """The owner of `harbor` with the robot `harbor+ci`, the manager `mia` and the member `mel`."""
    build_organization(create_user("ada"), mia="manager", mel="member")
    api = sign_in("ada")
    api.post("/organizations/harbor/robots", {"name": "ci"})
    return api


def create(api: Api, **values: Any) -> dict[str, Any]:
    response = api.post(TOKENS, {"name": "ci", "scopes": ["read"], **values})
    assert response.status_code == 201, response.content
    document: dict[str, Any] = response.json()
    return document


def test_it_expires_after_30_days_by_default(ada: Api) -> None:
    create(ada)
    token = Token.objects.get(user__username="harbor+ci")
    assert token.expires_at - token.created_at > dt.timedelta(days=29, hours=23)
    assert token.expires_at - token.created_at <= dt.timedelta(days=30, minutes=1)
    expect_problem(
        ada.post(TOKENS, {"name": "ci", "scopes": ["read"], "days": 367}),
        403,
        "token-scope",
    )


def test_it_is_rotated(ada: Api) -> None:
    former = create(ada, limits=["@harbor"], scopes=["read", "publish"], days=7)
    (listed,) = ada.get(TOKENS).json()["tokens"]
    rotated = ada.post(f"{TOKENS}/{listed['id']}/rotate", {})
    assert rotated.status_code == 201, rotated.content
    fresh = rotated.json()
    assert (fresh["robot"], fresh["name"]) == ("harbor+ci", "ci")
    expect_problem(Api(former["token"]).get("/me"), 401, "invalid-token")
    me = Api(fresh["token"]).get("/me").json()
    assert me["username"] == "harbor+ci"
    assert (me["token"]["limits"], me["token"]["scopes"]) == (["@harbor"], ["read", "publish"])
    token = Token.objects.get(user__username="harbor+ci", revoked_at=None)
    assert round((token.expires_at - token.created_at).total_seconds() / 86400) == 7
    # Again: it is not there any longer.
    expect_problem(ada.post(f"{TOKENS}/{listed['id']}/rotate", {}), 404, "unknown-token")
    entry = AuditEntry.objects.filter(action="robot.token-created").order_by("-pk")[0]
    assert entry.details["replaces"].startswith(listed["start"])


def test_it_is_revoked_with_those_that_it_created(ada: Api) -> None:
    robot = Api(create(ada, scopes=["read", "manage"])["token"])
    child = robot.post("/me/tokens", {"name": "x", "scopes": ["read"], "days": 1}).json()
    parent = Token.objects.get(user__username="harbor+ci", parent=None)
    assert ada.call("DELETE", f"{TOKENS}/{parent.pk}").json()["revokedAt"]
    for api in (robot, Api(child["token"])):
        expect_problem(api.get("/me"), 401, "invalid-token")
    assert ada.get(TOKENS).json() == {"tokens": []}


def test_only_owners_and_managers_and_only_tokens_of_the_robot(ada: Api) -> None:
    create(ada)
    token = Token.objects.get(user__username="harbor+ci")
    for name in ("mel", "mia"):
        api = sign_in(name)
        answers = [api.get(TOKENS), api.post(f"{TOKENS}/{token.pk}/rotate", {})]
        if name == "mel":
            answers.append(api.call("DELETE", f"{TOKENS}/{token.pk}"))
            for answer in answers:
                expect_problem(answer, 403, "organization-role")
        else:
            assert [answer.status_code for answer in answers] == [200, 201]
    own = Token.objects.filter(user__username="ada").first()
    assert own is not None
    for path in (f"{TOKENS}/{own.pk}", f"{TOKENS}/{2**63 + 5}", f"{TOKENS}/0"):
        expect_problem(ada.call("DELETE", path), 404, "unknown-token")
    own.refresh_from_db()
    assert own.revoked_at is None


def test_a_token_that_can_do_less_rotates_nothing(ada: Api) -> None:
    create(ada, scopes=["read", "publish"])
    token = Token.objects.get(user__username="harbor+ci")
    for caller in (
        sign_in("ada", "manage"),
        sign_in("ada", "manage", "read", "publish", days=1),
        sign_in("ada", "manage", "read", "publish", limit="org:harbor"),
    ):
        expect_problem(caller.post(f"{TOKENS}/{token.pk}/rotate", {}), 403, "token-scope")
    token.refresh_from_db()
    assert token.revoked_at is None


def test_the_number_of_queries_is_fixed(ada: Api) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert ada.get(TOKENS).status_code == 200
        return len(queries)

    ada.get(TOKENS)
    create(ada)
    before = count()
    for _ in range(3):
        create(ada)
    assert count() == before == 5
