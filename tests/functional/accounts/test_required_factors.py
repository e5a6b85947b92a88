"""Where the registry requires a second factor to publish (`REQUIRE_MFA_TO_PUBLISH`)."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.actions.factors.remove_factors import remove_all_factors
from accounts.actions.tokens.create_token import create_token
from accounts.errors import MfaRequiredError
from accounts.models import Token, User
from accounts.queries.tokens import get_token
from tests.functional.api.calls import Api, expect_problem
from tests.support.factors import add_app
from tests.support.people import create_api_token
from tests.support.publishing import Publisher, build_package

PACKAGE = build_package("@acme/chat", "1.0.0")


@pytest.fixture(autouse=True)
def _required(settings: Any, at_home: str) -> None:
    settings.REQUIRE_MFA_TO_PUBLISH = True


def _publish(text: str) -> Any:
    return Api(text).publish(PACKAGE)


def test_tokens_that_publish_need_a_factor(owner: User) -> None:
    for scope in ("publish", "manage"):
        with pytest.raises(MfaRequiredError):
            create_api_token(owner, scope)
    create_api_token(owner, "read")
    add_app(owner)
    assert _publish(create_api_token(owner, "publish")).status_code == 202


def test_a_token_stops_publishing_when_its_owner_removes_the_factors(owner: User) -> None:
    add_app(owner)
    text = create_api_token(owner, "publish")
    remove_all_factors(user=owner, by=owner)
    problem = expect_problem(_publish(text), 403, "mfa-required")
    assert problem["hint"].endswith("https://plugins.example.test/account/security")
    add_app(owner)
    assert _publish(text).status_code == 202


def test_a_token_of_an_operator_needs_none(owner: User) -> None:
    out = StringIO()
    call_command("create_token", "acme", "--scope", "publish", stdout=out)
    assert _publish(out.getvalue().strip()).status_code == 202


def test_a_token_made_with_a_token_of_an_operator_needs_none(owner: User) -> None:
    out = StringIO()
    call_command("create_token", "acme", "--scope", "publish", "--scope", "manage", stdout=out)
    creator = get_token(out.getvalue().strip())
    made, _ = create_token(actor=owner, name="ci", scopes=["publish"], days=30, creator=creator)
    assert made.needs_no_factor
    Token.objects.filter(pk=creator.pk).update(needs_no_factor=False)
    creator.refresh_from_db()
    with pytest.raises(MfaRequiredError):
        create_token(actor=owner, name="ci", scopes=["publish"], days=30, creator=creator)


def test_an_operator_publishes_at_the_command_line(publisher: Publisher) -> None:
    assert publisher.publish("@acme/chat").version == "1.0.0"


def test_the_page_of_tokens_says_what_to_do(owner_client: Client, owner: User) -> None:
    page = owner_client.get("/account/tokens").content.decode()
    assert "To publish, add a second factor." in page
    form = {"name": "laptop", "scopes": ["read", "publish"], "days": "30"}
    response = owner_client.post("/account/tokens", form)
    assert (response.status_code, b"requires a second factor" in response.content) == (400, True)
    assert not Token.objects.exists()
    add_app(owner)
    assert owner_client.post("/account/tokens", form).status_code == 200
    assert b"add a second factor" not in owner_client.get("/account/tokens").content
