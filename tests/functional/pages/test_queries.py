"""How many SQL queries a page runs, at two sizes of the catalog."""

from __future__ import annotations

from django.contrib.sessions.models import Session

from accounts.models import User
from tests.support.people import create_api_token
from tests.support.publishing import Publisher

# By path, without a session. Signing in adds two queries: session and user.
STRANGER = {
    "/plugins/@acme/chat": 6,
    "/plugins/@acme/chat/1.0.0": 6,
    "/plugins/@acme/chat/versions": 8,
    "/plugins/@acme/chat/dependencies": 8,
    "/plugins/@acme/base/dependencies": 6,
    "/plugins/@acme/base/dependents": 8,
    "/plugins/@acme/chat/files": 6,
    "/plugins/@acme/chat/files/index.js": 6,
    "/plugins/@acme/chat/compare?to=1.0.0": 10,
    "/plugins/@acme/chat/compare?from=1.0.0&to=1.0.0": 12,
    "/plugins/@acme/chat/security": 7,
    "/plugins/@acme/chat/stats": 7,
    "/plugins/@acme/chat/owners": 2,
}
# These need the search index.
WITH_INDEX = {
    "/": 4,
    "/featured": 1,
    "/search": 2,
    "/search?type=service&sort=recent": 2,
    "/search?q=chat&type=service&sort=recent": 2,
    "/search?q=nothing-like-it": 1,
    "/search?facet=tag&begins=t": 3,
    "/categories": 2,
    "/categories/communication": 3,
    "/tags": 1,
    "/tags/chat": 3,
    "/@acme": 5,
    "/plugins/nope": 3,
    "/plugins/@acme/chta": 4,
    "/nothing/here": 1,
    "/categories/nope": 2,
    "/tags/nope": 2,
    "/@nope": 4,
    "/users/acme": 1,
    "/users/nope": 2,
    "/login": 1,
    "/sso": 1,
}
SIGNED_IN = {
    "/account": 1 + 1 + 4 + 1 + 1,
    "/plugins/@acme/chat/owners": 5,
    "/plugins/@acme/chat/transfer": 3,
    "/account/tokens": 1,
    "/account/security-log": 2,
    "/plugins/@acme/chat/owners/log": 5,
    "/account/scopes": 2,
    "/account/scopes/acme/transfer": 3,
    "/plugins/@acme/chat/visibility": 7,
    "/account/scopes/acme/visibility": 2,
    "/account/email": 0,
    "/account/security": 1,
    "/account/sessions": 1,
    "/account/sso": 2,
    "/": 4,
}
_OF_SIGNING_IN = 2
# They cannot depend on the size.
WITHOUT_QUERIES = ("/docs", "/docs/api", "/docs/errors", "/robots.txt")


def _fill(publisher: Publisher, versions: range, plugins: range) -> None:
    """Publish versions of a plugin, and plugins that depend on the same one."""
    needs = {"plugins": {"@acme/base": "*"}}
    for number in versions:
        publisher.publish(
            "@acme/chat",
            f"1.{number}.0",
            categories=["communication"],
            tags=["chat", "talk"],
            dependencies=needs,
        )
    for number in plugins:
        publisher.publish(
            f"@acme/plugin-{number}",
            categories=["communication", f"c{number}"],
            tags=["chat", f"t{number}"],
            dependencies=needs,
        )


def test_pages_without_queries(client, db, django_assert_num_queries):
    client.get("/docs/api")  # the reference is built once in the life of a process
    for path in WITHOUT_QUERIES:
        with django_assert_num_queries(0, info=path):
            assert client.get(path).status_code == 200


def test_queries_do_not_grow(
    client, owner_client, owner, publisher, index_now, django_assert_num_queries
):
    """The number is the same at both sizes, of plugins, versions, dependents, labels and tokens."""

    def check(publication: str) -> None:
        index_now()
        create_api_token(owner)
        for path, count in {**STRANGER, **WITH_INDEX}.items():
            with django_assert_num_queries(count, info=path):
                client.get(path)
        assert Session.objects.count() == User.objects.count() == 1
        for path, count in {**SIGNED_IN, publication: 5}.items():
            with django_assert_num_queries(count + _OF_SIGNING_IN, info=path):
                assert owner_client.get(path).status_code == 200

    # The first request of a session records its browser.
    owner_client.get("/account")
    release = publisher.publish("@acme/base")
    path = f"/publications/{release.public_id}"
    _fill(publisher, range(1), range(1))
    check(path)
    _fill(publisher, range(1, 2), range(1, 3))
    check(path)
