"""How many questions the pages of finding ask the database, with a search index, at two sizes."""

from __future__ import annotations

import pytest

QUERIES = {
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
    "/users/acme": 4,
    "/@acme": 3,
    "/plugins/nope": 3,
    "/plugins/@acme/chta": 4,
    "/nothing/here": 1,
    "/categories/nope": 2,
    "/tags/nope": 2,
    "/@nope": 4,
    "/users/nope": 2,
}


@pytest.mark.parametrize("plugins", [1, 14])
def test_queries(client, publisher, index_now, django_assert_num_queries, plugins):
    """The same number at both sizes, for all of them."""
    publisher.publish("@acme/chat", categories=["communication"], tags=["chat", "talk"])
    for number in range(plugins):
        publisher.publish(
            f"@acme/plugin-{number}", categories=["communication", f"c{number}"], tags=["chat"]
        )
    index_now()
    for path, count in QUERIES.items():
        with django_assert_num_queries(count):
            client.get(path)
