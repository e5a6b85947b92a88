"""How many questions a page asks the database, whatever the size of the catalogue.

`test_finding_queries.py` has those that need the search index.
"""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session

from accounts.models import User

# By path: for a stranger. Signing in adds two, the session and the user.
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
    "/plugins/@acme/chat/compare?from=1.0.0&to=1.0.0": 11,
    "/plugins/@acme/chat/security": 7,
    "/plugins/@acme/chat/stats": 7,
    "/docs": 0,
    "/docs/api": 0,
    "/docs/errors": 0,
    "/login": 0,
    "/robots.txt": 0,
}
SIGNED_IN = {"/account": 3 + 1, "/account/tokens": 1, "/": 4, "/publication": 4}
_OF_SIGNING_IN = 2


def _fill(publisher, plugins: int, versions: int) -> None:
    publisher.publish("@acme/base")
    for number in range(versions):
        publisher.publish(
            "@acme/chat",
            f"1.{number}.0",
            categories=["communication"],
            tags=["chat"],
            dependencies={"plugins": {"@acme/base": "*"}},
        )
    for number in range(plugins):
        publisher.publish(f"plugin-{number}", categories=[f"c{number}"], tags=[f"t{number}"])


@pytest.mark.parametrize(("plugins", "versions"), [(1, 1), (12, 5)])
def test_as_a_stranger(client, publisher, django_assert_num_queries, plugins, versions):
    """The same number at both sizes."""
    _fill(publisher, plugins, versions)
    client.get("/docs/api")  # the reference is built once in the life of a process
    for path, count in STRANGER.items():
        with django_assert_num_queries(count):
            client.get(path)


@pytest.mark.parametrize(("plugins", "versions"), [(1, 1), (12, 5)])
def test_signed_in(owner_client, owner, publisher, django_assert_num_queries, plugins, versions):
    """The same number at both sizes, tokens included."""
    from tests.support.people import make_token

    _fill(publisher, plugins, versions)
    for _ in range(plugins):
        make_token(owner)
    release = publisher.publish("@acme/last")
    assert Session.objects.count() == User.objects.count() == 1
    for path, count in SIGNED_IN.items():
        target = path.replace("/publication", f"/publications/{release.public_id}")
        with django_assert_num_queries(count + _OF_SIGNING_IN):
            assert owner_client.get(target).status_code == 200
