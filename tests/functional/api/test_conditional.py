"""ETag, 304, Cache-Control, and reads that leave no trace of a session (API-5)."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Token, User
from tests.functional.api.calls import Api
from tests.support.publishing import Publisher

DOCUMENTS = [
    "/plugins",
    "/plugins?q=chat&limit=5",
    "/plugins/featured",
    "/plugins/popular",
    "/plugins/recent",
    "/plugins/@ada/chat",
    "/plugins/@ada/chat/versions",
    "/plugins/@ada/chat/1.0.0",
    "/plugins/@ada/chat/latest",
    "/plugins/@ada/chat/readme",
    "/plugins/@ada/chat/1.0.0/readme",
    "/plugins/@ada/chat/1.0.0/diff",
    "/plugins/@ada/chat/dependents",
    "/plugins/@ada/chat/stats",
    "/categories",
    "/tags",
    "/suggest?q=ch",
    "/openapi.json",
]
EVERYTHING = [*DOCUMENTS, "/plugins/@ada/chat/1.0.0/download", "/plugins/none", "/nothing", "/me"]


pytestmark = pytest.mark.usefixtures("_chat", "_module_packages")


@pytest.fixture(scope="module")
def _chat(module_publisher: Publisher) -> None:
    """`@ada/chat` 1.0.0."""
    module_publisher.publish("@ada/chat", tags=["chat"])


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """Who published it."""
    return module_publisher.actor


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_asked_for_again_each_time(api: Api, path: str) -> None:
    answer = api.get(path)
    etag = answer.headers["ETag"]
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, no-cache"
    for header in (etag, f"W/{etag}", f'"x", {etag}, "y"', "*"):
        unchanged = api.get(path, headers={"If-None-Match": header})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["ETag"] == etag
        assert unchanged.headers["Cache-Control"] == "public, no-cache"
        assert unchanged.headers["Content-Length"] == str(len(answer.content))
        assert "Content-Type" not in unchanged.headers
    for header in ('"x"', etag.strip('"'), etag[:-2] + '"', "", "\x00"):
        assert api.get(path, headers={"If-None-Match": header}).content == answer.content


@pytest.mark.parametrize("path", DOCUMENTS)
def test_head_says_what_get_would(api: Api, path: str) -> None:
    got, head = api.get(path), api.call("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Cache-Control", "Content-Type", "Content-Length"):
        assert head.headers[name] == got.headers[name]
    etag = got.headers["ETag"]
    assert api.call("HEAD", path, headers={"If-None-Match": etag}).status_code == 304


def test_etag_changes_with_the_document(api: Api, author: Api) -> None:
    before = {path: api.get(path).headers["ETag"] for path in DOCUMENTS}
    author.call("PATCH", "/plugins/@ada/chat", {"description": "Other words."})
    after = {path: api.get(path).headers["ETag"] for path in DOCUMENTS}
    changed = {path for path in DOCUMENTS if before[path] != after[path]}
    assert changed == {
        "/plugins",
        "/plugins?q=chat&limit=5",
        "/plugins/popular",
        "/plugins/recent",
        "/plugins/@ada/chat",
    }


def test_conditions_do_not_stop_a_write(author: Api) -> None:
    etag = author.get("/plugins/@ada/chat").headers["ETag"]
    answer = author.call(
        "PATCH", "/plugins/@ada/chat", {"displayName": "x"}, headers={"If-None-Match": etag}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("path", EVERYTHING)
@pytest.mark.parametrize("has_cookie", [False, True])
def test_anonymous_reads_do_not_touch_the_session(api: Api, path: str, *, has_cookie: bool) -> None:
    """Neither a query nor a cookie, whatever cookie the browser sends along."""
    if has_cookie:
        api.client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
        api.client.cookies[settings.CSRF_COOKIE_NAME] = "b" * 32
    with CaptureQueriesContext(connection) as queries:
        answer = api.get(path)
    tables = (Session._meta.db_table, Token._meta.db_table)
    assert [q["sql"] for q in queries if any(table in q["sql"] for table in tables)] == []
    assert not answer.cookies
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_signed_in_browser_is_nobody_here(api: Api, owner: User) -> None:
    """Sessions do not open the API, so no page of another site can use them."""
    api.client.force_login(owner)
    assert api.get("/me").status_code == 401
    assert api.post("/plugins/@ada/chat/1.0.0/yank").status_code == 401
