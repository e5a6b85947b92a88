"""ETag, 304, Cache-Control, and reads without a session."""

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
    "/instance",
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
    """The publisher."""
    return module_publisher.copy_actor()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_revalidated_each_time(api: Api, path: str) -> None:
    response = api.get(path)
    etag = response.headers["ETag"]
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, no-cache"
    for header in (etag, f"W/{etag}", f'"x", {etag}, "y"', "*"):
        unchanged = api.get(path, headers={"If-None-Match": header})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["ETag"] == etag
        assert unchanged.headers["Cache-Control"] == "public, no-cache"
        assert unchanged.headers["Content-Length"] == str(len(response.content))
        assert "Content-Type" not in unchanged.headers
    for header in ('"x"', etag.strip('"'), etag[:-2] + '"', "", "\x00"):
        assert api.get(path, headers={"If-None-Match": header}).content == response.content


@pytest.mark.parametrize("path", DOCUMENTS)
def test_head_has_the_headers_of_get(api: Api, path: str) -> None:
    response, head = api.get(path), api.call("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Cache-Control", "Content-Type", "Content-Length"):
        assert head.headers[name] == response.headers[name]
    etag = response.headers["ETag"]
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
    response = author.call(
        "PATCH", "/plugins/@ada/chat", {"displayName": "x"}, headers={"If-None-Match": etag}
    )
    assert response.status_code == 200


@pytest.mark.parametrize("has_cookie", [False, True])
def test_anonymous_reads_do_not_touch_the_session(api: Api, *, has_cookie: bool) -> None:
    """A session cookie causes no query and no Set-Cookie."""
    tables = (Session._meta.db_table, Token._meta.db_table)
    for path in EVERYTHING:
        if has_cookie:
            api.client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
            api.client.cookies[settings.CSRF_COOKIE_NAME] = "b" * 32
        with CaptureQueriesContext(connection) as queries:
            response = api.get(path)
        assert [q["sql"] for q in queries if any(table in q["sql"] for table in tables)] == [], path
        assert not response.cookies, path
        assert "Set-Cookie" not in response.headers, path
        assert "Cookie" not in response.headers.get("Vary", ""), path


def test_a_session_does_not_authenticate(api: Api, owner: User) -> None:
    """The API ignores session cookies, so other sites cannot use them (CSRF, CWE-352)."""
    api.client.force_login(owner)
    assert api.get("/me").status_code == 401
    assert api.post("/plugins/@ada/chat/1.0.0/yank").status_code == 401
