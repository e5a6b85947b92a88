"""People who sign up at the same time with names that are equal or look alike."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import httpx
import pytest
from django.test import Client

from accounts.models import User
from registry.actions.create_scope import create_scope
from tests.functional.api.test_races import race
from tests.functional.pages.dom import parse
from tests.support.meanwhile import Meanwhile
from tests.support.server import LiveRegistry

PASSWORD = "staple of batteries 7"


@pytest.fixture(autouse=True)
def _settings(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": f"{Meanwhile.__module__}.Meanwhile"}]
    Meanwhile.action = None


def _sign_up(name: str, number: int = 0):
    form = {"username": name, "email": f"{number}{name}@example.test"}
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    # Each from another address: sign-ups of one address are limited.
    return Client().post("/signup", {**form, **passwords}, REMOTE_ADDR=f"192.0.2.{number}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("other", "reason"),
    [("tide-pool", "That user name is taken."), ("tidepool", "is too similar to the account")],
)
def test_a_name_that_another_person_just_took(other, reason):
    Meanwhile.action = lambda: _sign_up(other)
    response = _sign_up("tide-pool", 1)
    assert response.status_code == 200
    assert reason in response.content.decode()
    assert User.objects.get().username == other


@pytest.mark.django_db
def test_a_name_that_just_became_a_scope(create_user):
    owner = create_user("acme")
    Meanwhile.action = lambda: create_scope(actor=owner, name="tide.pool")
    response = _sign_up("tide-pool")
    assert response.status_code == 200
    assert "is too similar to the scope" in response.content.decode()
    assert not User.objects.filter(username="tide-pool").exists()


@pytest.mark.processes
def test_of_many_names_that_look_alike_one_becomes_an_account_or_a_scope(
    live_registry: LiveRegistry,
) -> None:
    names = ["reef-pool", "reefpool", "r-eefpool", "reef-p00l", "reef-pool"]
    token = live_registry.create_api_tokens("coral")["coral"]

    def build(name: str, client: httpx.Client) -> Callable[[], int]:
        field = parse(client.get("/signup").text).one("input", name="csrfmiddlewaretoken")
        values = {
            "csrfmiddlewaretoken": field.attrs["value"],
            "username": name,
            "email": f"{name}@example.test",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        return lambda: client.post("/signup", data=values).status_code

    def claim() -> int:
        with live_registry.client(token) as client:
            return client.post("/api/v1/scopes", json={"name": "reef.pool"}).status_code

    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(live_registry.client()) for _ in names]
        statuses = race([*map(build, names, clients), claim])
    assert set(statuses) <= {200, 201, 302, 403}
    assert sum(status in (201, 302) for status in statuses) == 1
