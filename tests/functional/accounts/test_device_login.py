"""The sign-in of programs with a code in the browser (RFC 8628)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions.device_login import delete_expired_device_logins
from accounts.actions.set_password import set_password
from accounts.models import AuditEntry, DeviceLogin, Token, User
from accounts.queries.tokens import get_token
from tests.support.people import PASSWORD, bearer

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def _post(path: str, **fields: str) -> Any:
    # As a program does: without cookies and without a CSRF token.
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/login/program/{path}", {"client_id": "plugport-cli", **fields})


def _start(**fields: str) -> dict[str, Any]:
    response = _post("code", **fields)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    document: dict[str, Any] = response.json()
    return document


def _poll(started: dict[str, Any]) -> Any:
    DeviceLogin.objects.update(polled_at=None)
    return _post("token", grant_type=GRANT, device_code=started["device_code"])


def _expect_error(response: Any, code: str, status: int = 400) -> None:
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert response.json()["error_description"]


def _decide(client: Client, started: dict[str, Any], action: str) -> Any:
    return client.post("/login/program", {"user_code": started["user_code"], "action": action})


@pytest.mark.usefixtures("db")
def test_the_codes_are_readable_and_not_stored() -> None:
    started = _start(client_name="laptop")
    letters = started["user_code"].replace("-", "")
    assert len(letters) == 8
    assert not set(letters) & set("AEIOUY0123456789")
    assert (started["expires_in"], started["interval"]) == (900, 5)
    assert started["verification_uri"].endswith("/login/program")
    assert started["verification_uri_complete"].endswith(f"?user_code={started['user_code']}")
    row = str(DeviceLogin.objects.values().get())
    assert letters not in row
    assert started["device_code"] not in row


def test_an_approved_program_gets_one_token(owner: User, owner_client: Client) -> None:
    started = _start(client_name="laptop", scope="read publish")
    _expect_error(_poll(started), "authorization_pending")
    page = owner_client.post("/login/program", {"user_code": started["user_code"].lower()})
    text = page.content.decode()
    for shown in ("laptop", "127.0.0.1", "Read: ", "Publish: ", "Did you start this yourself"):
        assert shown in text
    assert "Manage: " not in text
    _expect_error(_poll(started), "authorization_pending")
    assert "signed in as" in _decide(owner_client, started, "approve").content.decode()
    response = _poll(started)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    document = response.json()
    assert (document["token_type"], document["scope"]) == ("Bearer", "read publish")
    token = get_token(document["access_token"])
    assert (token.user, token.name) == (owner, "plugport on laptop")
    assert dt.timedelta(days=89) < token.expires_at - timezone.now() <= dt.timedelta(days=90)
    assert Client().get("/api/v1/me", **bearer(document["access_token"])).status_code == 200
    _expect_error(_poll(started), "invalid_grant")
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"device-login.approved", "token.created"} <= actions


def test_a_refused_program_is_told(owner_client: Client) -> None:
    started = _start()
    assert "was refused" in _decide(owner_client, started, "deny").content.decode()
    _expect_error(_poll(started), "access_denied")
    _expect_error(_poll(started), "invalid_grant")
    assert not Token.objects.exists()


def test_a_link_approves_nothing(owner_client: Client) -> None:
    started = _start()
    page = owner_client.get(f"/login/program?user_code={started['user_code']}&action=approve")
    assert started["user_code"] in page.content.decode()
    _expect_error(_poll(started), "authorization_pending")


def test_an_approval_needs_the_token_of_the_form(owner: User) -> None:
    started = _start()
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert _decide(client, started, "approve").status_code == 403
    _expect_error(_poll(started), "authorization_pending")


def test_an_approval_needs_a_sign_in(client: Client, db: None) -> None:
    started = _start()
    response = client.get(f"/login/program?user_code={started['user_code']}")
    assert response.status_code == 302
    # The code survives the sign-in.
    assert f"user_code%3D{started['user_code']}" in response.headers["Location"]
    assert _decide(client, started, "approve").status_code == 302
    _expect_error(_poll(started), "authorization_pending")


def test_an_old_session_confirms_first(owner_client: Client, settings: Any) -> None:
    settings.CONFIRMATION_SECONDS = 0
    started = _start()
    response = _decide(owner_client, started, "approve")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/account/confirm?next=%2Flogin%2Fprogram")
    _expect_error(_poll(started), "authorization_pending")


def test_a_code_is_decided_once(owner_client: Client, outsider: User) -> None:
    started = _start()
    _decide(owner_client, started, "approve")
    other = Client()
    other.force_login(outsider)
    assert _decide(other, started, "approve").status_code == 404
    assert _decide(other, started, "deny").status_code == 404
    assert get_token(_poll(started).json()["access_token"]).user.username == "acme"


def test_an_expired_code_signs_nobody_in(owner_client: Client) -> None:
    started = _start()
    approved = _start()
    _decide(owner_client, approved, "approve")
    DeviceLogin.objects.update(expires_at=timezone.now())
    assert _decide(owner_client, started, "approve").status_code == 404
    _expect_error(_poll(started), "expired_token")
    _expect_error(_poll(approved), "expired_token")
    assert delete_expired_device_logins() == 0
    DeviceLogin.objects.update(expires_at=timezone.now() - dt.timedelta(days=2))
    assert delete_expired_device_logins() == 2


def test_fast_polls_are_slowed_down(owner_client: Client) -> None:
    started = _start()
    _decide(owner_client, started, "approve")
    DeviceLogin.objects.update(polled_at=timezone.now())
    fields = {"grant_type": GRANT, "device_code": started["device_code"]}
    _expect_error(_post("token", **fields), "slow_down")
    assert DeviceLogin.objects.get().interval_seconds == 10
    DeviceLogin.objects.update(polled_at=timezone.now() - dt.timedelta(seconds=6))
    _expect_error(_post("token", **fields), "slow_down")
    assert not Token.objects.exists()


@pytest.mark.usefixtures("db")
def test_the_pause_of_a_program_that_polls_all_the_time_is_bounded() -> None:
    """The column has 16 bits."""
    started = _start()
    DeviceLogin.objects.update(polled_at=timezone.now(), interval_seconds=32_767)
    fields = {"grant_type": GRANT, "device_code": started["device_code"]}
    _expect_error(_post("token", **fields), "slow_down")
    assert DeviceLogin.objects.get().interval_seconds == 900


def test_a_new_password_ends_what_was_approved(owner: User, owner_client: Client) -> None:
    started = _start()
    _decide(owner_client, started, "approve")
    set_password(user=owner, password=PASSWORD + "2", by=None)
    _expect_error(_poll(started), "invalid_grant")
    assert not Token.objects.exists()


def test_a_closed_account_gets_no_token(owner: User, owner_client: Client) -> None:
    started = _start()
    _decide(owner_client, started, "approve")
    User.objects.filter(pk=owner.pk).update(is_active=False)
    _expect_error(_poll(started), "access_denied")
    assert not Token.objects.exists()


def test_a_program_gets_no_rights_that_the_account_lacks(
    owner_client: Client, moderator: User
) -> None:
    started = _start(scope="read admin")
    _decide(owner_client, started, "approve")
    assert _poll(started).json()["scope"] == "read"
    client = Client()
    client.force_login(moderator)
    started = _start(scope="read admin")
    _decide(client, started, "approve")
    assert _poll(started).json()["scope"] == "read admin"


def test_accounts_that_may_not_have_tokens_approve_nothing(
    owner: User, owner_client: Client, settings: Any
) -> None:
    started = _start()
    settings.REQUIRE_MFA_TO_PUBLISH = True
    response = _decide(owner_client, started, "approve")
    assert response.status_code == 403
    assert "second factor" in response.content.decode()
    settings.REQUIRE_MFA_TO_PUBLISH = False
    User.objects.filter(pk=owner.pk).update(is_verified=False)
    assert _decide(owner_client, started, "approve").status_code == 403
    _expect_error(_poll(started), "authorization_pending")


def test_guessing_codes_is_limited(owner_client: Client, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "user-code": "3/hour"}
    started = _start()
    for _ in range(3):
        response = owner_client.post("/login/program", {"user_code": "BBBB-BBBB"})
        assert response.status_code == 404
    assert _decide(owner_client, started, "approve").status_code == 429
    _expect_error(_poll(started), "authorization_pending")


@pytest.mark.usefixtures("db")
def test_starting_is_limited(settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "device-login": "2/hour"}
    _start()
    _start()
    response = _post("code")
    _expect_error(response, "slow_down", 429)
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("code", {"client_id": "other"}, "invalid_client"),
        ("code", {"scope": "root"}, "invalid_scope"),
        ("token", {"client_id": ""}, "invalid_client"),
        ("token", {}, "unsupported_grant_type"),
        ("token", {"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ("token", {"grant_type": GRANT}, "invalid_request"),
        ("token", {"grant_type": GRANT, "device_code": "x" * 201}, "invalid_request"),
        ("token", {"grant_type": GRANT, "device_code": "unknown\x00"}, "invalid_grant"),
    ],
)
def test_invalid_requests(path: str, fields: dict[str, str], code: str) -> None:
    _expect_error(_post(path, **fields), code)
    assert Client().get(f"/login/program/{path}").status_code == 405


def test_the_name_of_a_program_is_text(owner_client: Client) -> None:
    started = _start(client_name="<b>Support\u202e\n" + "x" * 500)
    page = owner_client.post("/login/program", {"user_code": started["user_code"]})
    text = page.content.decode()
    assert "<b>Support" not in text
    assert "\u202e" not in text
    _decide(owner_client, started, "approve")
    assert _poll(started).status_code == 200


def test_the_server_describes_itself(client: Client, settings: Any) -> None:
    document = client.get("/.well-known/oauth-authorization-server").json()
    assert document["issuer"] == settings.BASE_URL
    for name in ("device_authorization_endpoint", "token_endpoint"):
        path = document[name].removeprefix(settings.BASE_URL)
        assert client.get(path).status_code == 405
