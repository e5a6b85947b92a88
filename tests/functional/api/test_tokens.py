"""Bearer tokens and `/me`."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.reset_password import reset_password
from accounts.actions.tokens.revoke_token import revoke_token
from accounts.models import Token, User
from registry.models import Release, Scope
from tests.functional.api.calls import BASE, Api, expect_problem
from tests.support.people import PASSWORD, create_api_token
from tests.support.publishing import build_package


def test_me(owner: User) -> None:
    Scope.objects.create(name="acme", collision_key="acme", owner=owner.owner)
    text = create_api_token(owner, "publish", limit="@acme", days=3)
    response = Api(text).get("/me")
    document = response.json()
    assert response.headers["Cache-Control"] == "private, no-store"
    expires_at = dt.datetime.fromisoformat(document["token"].pop("expiresAt"))
    assert dt.timedelta(days=2) < expires_at - timezone.now() < dt.timedelta(days=3)
    assert document == {
        "username": "acme",
        "isModerator": False,
        "token": {
            "id": Token.objects.get().pk,
            "start": text[:10],
            "name": "test",
            "scopes": ["publish"],
            "limits": ["@acme"],
            "networks": [],
        },
        "scopes": ["acme"],
    }
    assert text not in response.content.decode()


def test_me_of_a_moderator_with_an_unlimited_token(judge: Api) -> None:
    document = judge.get("/me").json()
    assert document["isModerator"] is True
    assert document["token"]["limits"] == []
    assert document["token"]["scopes"] == ["read", "publish", "manage", "admin"]


def test_me_needs_a_token(api: Api) -> None:
    response = api.get("/me")
    problem = expect_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="plugport"'
    assert "Authorization: Bearer" in problem["hint"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_scheme_in_any_case(owner: User, api: Api, scheme: str) -> None:
    header = f"{scheme} {create_api_token(owner)}"
    assert api.get("/me", headers={"Authorization": header}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer pp_",
        "Bearer pp_" + "x" * 43,
        "Bearer pp_" + "x" * 5000,
        "Bearer pp_\x00",
        "Bearer pp_ä",
        "Basic YWNtZTphY21l",
        "Token x",
        "pp_x",
    ],
)
@pytest.mark.parametrize("path", ["/me", "/plugins", "/plugins/@acme/chat/1.0.0/download"])
def test_bad_credentials_are_refused_everywhere(api: Api, header: str, path: str) -> None:
    """Also for public reads: a client must notice that its token is not valid."""
    response = api.get(path, headers={"Authorization": header})
    expect_problem(response, 401, "invalid-token")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="plugport"'


def test_revoked_token_stops_at_once(owner: User) -> None:
    caller = Api(create_api_token(owner))
    assert caller.get("/me").status_code == 200
    revoke_token(actor=owner, token_id=Token.objects.get().pk)
    expect_problem(caller.get("/me"), 401, "invalid-token")
    expect_problem(caller.publish(b"x"), 401, "invalid-token")


def test_expired_token_stops(owner: User) -> None:
    caller = Api(create_api_token(owner, days=1))
    assert caller.get("/me").status_code == 200
    Token.objects.update(expires_at=timezone.now())
    expect_problem(caller.get("/me"), 401, "invalid-token")


def test_tokens_of_a_closed_account_stop(owner: User) -> None:
    caller = Api(create_api_token(owner))
    User.objects.filter(pk=owner.pk).update(is_active=False)
    expect_problem(caller.get("/me"), 401, "invalid-token")


def test_errors_do_not_reveal_which_tokens_exist(owner: User, api: Api) -> None:
    text = create_api_token(owner)
    Token.objects.update(revoked_at=timezone.now())
    revoked = Api(text).get("/me").json()
    unknown = api.get("/me", headers={"Authorization": "Bearer pp_" + "x" * 43}).json()
    assert revoked == unknown


def test_a_token_is_valid_only_in_its_networks(owner: User) -> None:
    text = create_api_token(owner, networks=["192.0.2.0/24", "2001:db8::/32"])
    caller = Api(text)
    for address in ("192.0.2.9", "2001:db8:1::2", "::ffff:192.0.2.9"):
        assert caller.get("/me", REMOTE_ADDR=address).status_code == 200
    for address in ("198.51.100.1", "2001:db9::1", ""):
        problem = expect_problem(caller.get("/me", REMOTE_ADDR=address), 403, "token-address")
        assert text not in str(problem)


def test_a_client_cannot_claim_another_address(owner: User, settings: Any) -> None:
    caller = Api(create_api_token(owner, networks=["192.0.2.0/24"]))
    forged = {"X-Forwarded-For": "192.0.2.1"}
    expect_problem(caller.get("/me", headers=forged), 403, "token-address")
    settings.TRUSTED_PROXIES = 1
    assert caller.get("/me", headers=forged).status_code == 200
    forged = {"X-Forwarded-For": "192.0.2.1, 198.51.100.1"}
    expect_problem(caller.get("/me", headers=forged), 403, "token-address")


def test_reads_use_a_recent_token_without_a_query(
    owner: User, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.TOKEN_CACHE_SECONDS = 3600
    caller = Api(create_api_token(owner))
    with CaptureQueriesContext(connection) as first:
        caller.get("/plugins")
    with django_assert_num_queries(len(first) - 2):
        # Neither the token nor its use.
        caller.get("/plugins")


def test_a_recent_token_ends_with_its_revocation(
    owner: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.TOKEN_CACHE_SECONDS = 3600
    caller = Api(create_api_token(owner))
    assert caller.get("/me").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        revoke_token(actor=owner, token_id=Token.objects.get().pk)
    expect_problem(caller.get("/me"), 401, "invalid-token")


def test_writes_never_use_a_recent_token(owner: User, settings: Any) -> None:
    settings.TOKEN_CACHE_SECONDS = 3600
    caller = Api(create_api_token(owner))
    assert caller.get("/me").status_code == 200
    # As another process does.
    Token.objects.update(revoked_at=timezone.now())
    expect_problem(caller.post("/scopes", {"name": "acme"}), 401, "invalid-token")


def test_use_is_recorded_periodically(owner: User) -> None:
    caller = Api(create_api_token(owner))
    caller.get("/plugins")
    first = Token.objects.get().last_used_at
    assert first is not None
    caller.get("/plugins")
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=first - dt.timedelta(minutes=6))
    caller.get("/plugins")
    assert Token.objects.filter(last_used_at__gt=first).exists()


class SlowBody(io.BytesIO):
    """The body of a request. `on_read` runs when the server begins to read it."""

    def __init__(self, content: bytes, on_read: Callable[[], object]) -> None:
        super().__init__(content)
        self.on_read = on_read
        self.has_begun = False

    def read(self, size: int | None = -1) -> bytes:
        if not self.has_begun:
            self.has_begun = True
            self.on_read()
        return super().read(size)


def _revoke(owner: User) -> None:
    revoke_token(actor=owner, token_id=Token.objects.get().pk)


def _reset(owner: User) -> None:
    reset_password(user=owner, password=PASSWORD)


def _close(owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)


@pytest.mark.parametrize("end", [_revoke, _reset, _close])
def test_a_token_that_ends_during_an_upload_publishes_nothing(
    owner: User, packages_dir: Path, end: Callable[[User], None]
) -> None:
    """A thief could open an upload, wait until the owner has recovered the account, and finish it."""
    caller = Api(create_api_token(owner, "publish"))
    package = SimpleUploadedFile("p.tgz", build_package("@acme/late"), "application/gzip")
    body = SlowBody(encode_multipart(BOUNDARY, {"package": package}), lambda: end(owner))
    response = caller.client.post(
        f"{BASE}/plugins",
        headers=caller.headers,
        content_type=MULTIPART_CONTENT,
        CONTENT_LENGTH=len(body.getvalue()),
        **{"wsgi.input": body},
    )
    assert body.has_begun
    expect_problem(response, 401, "invalid-token")
    assert not Release.objects.exists()
    assert not [path for path in packages_dir.rglob("*") if path.is_file()]
