"""The scope `admin`: without it, tokens of moderators and operators act for a person like any other."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.functional.api.calls import Api, expect_problem
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


def test_a_token_without_it_does_not_moderate(publisher: Publisher, moderator: User) -> None:
    publisher.publish("@acme/chat")
    plain = Api(create_api_token(moderator, "read", "publish", "manage"))
    admin = Api(create_api_token(moderator, "manage", "admin"))
    text = {"description": "Another text."}
    assert plain.get("/me").status_code == 200
    expect_problem(plain.call("PATCH", "/plugins/@acme/chat", text), 403, "not-a-member")
    expect_problem(
        plain.post("/plugins/@acme/chat/1.0.0/yank", {"reason": "x"}), 403, "not-a-member"
    )
    body = {"username": "acme", "role": "owner"}
    expect_problem(plain.post("/plugins/@acme/chat/owners", body), 403, "not-a-member")
    assert admin.call("PATCH", "/plugins/@acme/chat", text).status_code == 200
    assert User.objects.get(pk=moderator.pk).is_moderator


def test_a_token_without_it_does_not_operate(owner: User) -> None:
    build_organization(owner, "harbor")
    operator = create_user("olga", is_superuser=True, is_staff=True)
    plain = Api(create_api_token(operator, "read", "publish", "manage"))
    admin = Api(create_api_token(operator, "manage", "admin"))
    text = {"description": "Ships."}
    expect_problem(plain.call("PATCH", "/organizations/harbor", text), 403, "organization-role")
    expect_problem(plain.get("/organizations/harbor/robots"), 403, "organization-role")
    assert admin.call("PATCH", "/organizations/harbor", text).status_code == 200
    kept = User.objects.get(pk=operator.pk)
    assert (kept.is_superuser, kept.is_staff) == (True, True)
