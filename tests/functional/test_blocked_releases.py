"""A blocked release shows none of its author's words, wherever a release is shown."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from marketplace.search import indexer
from registry.actions import flag_release, moderate_release
from registry.models import Release
from tests.support.publishing import Publisher

# Each word is in one field that an author writes.
FIELDS = {
    "displayName": "zqdisplay",
    "description": "What zqdescription does, in one sentence.",
    "homepage": "https://zqhomepage.example.test/",
    "repository": {"type": "git", "url": "https://git.example.test/zqrepository/x"},
    "author": {"name": "Zqauthor", "url": "https://zqauthorurl.example.test/"},
    "categories": ["zqcategory"],
    "tags": ["zqtag"],
    # Facts for those who have installed the release; they stay visible.
    "dependencies": {"packages": {"left": "1"}},
    "permissions": {"network": ["api.example.test"]},
    "zqunknown": "zqextra",
    "config": {"schema": {"type": "object", "properties": {"zqkey": {"type": "string"}}}},
}
FILES = {
    "README.md": "# Chat\n\nzqreadme\n",
    "CHANGELOG.md": "# Changes\n\n## 2.0.0\n\n- zqchangelog\n",
    "zqfile.js": "let zqcontent = 1;\n",
}
CHAT = "/plugins/@acme/chat"
ROUTES = [
    *(f"/api/v1{CHAT}{end}" for end in ("", "/versions", "/readme", "/dependents", "/stats")),
    *(f"/api/v1{CHAT}/{{version}}{end}" for end in ("", "/readme", "/diff", "/diff?from=1.0.0")),
    f"/api/v1{CHAT}/1.0.0/diff?from={{version}}",
    *(
        f"/api/v1{end}"
        for end in ("/plugins", "/plugins?q=chat", "/plugins/recent", "/suggest?q=ch")
    ),
    *("/api/v1/plugins/popular", "/api/v1/plugins/featured", "/api/v1/categories", "/api/v1/tags"),
    *(
        "/",
        "/search",
        "/search?q=chat",
        "/categories",
        "/tags",
        "/@acme",
        "/@acme",
        "/featured",
    ),
    *(f"{CHAT}{tab}" for tab in ("", "/{version}", "/versions", "/dependents", "/stats")),
    *(f"{CHAT}/compare{query}" for query in ("", "?from=1.0.0&to={version}", "?from={version}")),
    *(
        f"{CHAT}{version}{tab}"
        for version in ("", "/{version}")
        for tab in (
            "/dependencies",
            "/files",
            "/files/zqfile.js",
            "/security",
        )
    ),
    *(f"{CHAT}/{{version}}/raw/{name}" for name in ("README.md", "zqfile.js")),
    *(
        "/feeds/new.atom",
        "/feeds/plugins/@acme/chat.atom",
        "/feeds/users/acme.atom",
        "/feeds/updates.atom",
    ),
    *("/feeds/scopes/acme.atom", "/sitemap.xml", "/sitemaps/1.xml", "/llms.txt"),
    *(f"/badges/@acme/chat/{name}.svg" for name in ("version", "license", "trust", "downloads")),
]


def find_words(client: Client, version: str) -> dict[str, list[str]]:
    """The words of the author on each route that has any."""
    found = {}
    for route in ROUTES:
        path = route.format(version=version)
        response = client.get(path, follow=True)
        text = response.getvalue().decode(errors="replace")
        words = set(re.findall(r"zq[a-z]+", text, re.IGNORECASE))
        # A page may repeat its own URL.
        if words := words - set(re.findall(r"zq[a-z]+", path)):
            found[path] = sorted(words)
    return found


@pytest.mark.parametrize("block", ["quarantine_release", "revoke_release"])
@pytest.mark.parametrize("has_earlier", [True, False])
def test_no_route_shows_words_of_a_blocked_release(
    publisher: Publisher,
    owner: User,
    moderator: User,
    client: Client,
    block: str,
    has_earlier: bool,
) -> None:
    if has_earlier:
        publisher.publish("@acme/chat", "1.0.0")
    release = publisher.publish("@acme/chat", "2.0.0", files=FILES, changelog="zqentry", **FIELDS)
    flag_release.deprecate_release(actor=owner, release=release, message="zqdeprecated")
    flag_release.yank_release(actor=owner, release=release, reason="zqyanked")
    assert len(find_words(client, "2.0.0")) > 10
    run: Callable[..., None] = getattr(moderate_release, block)
    run(actor=moderator, release=Release.objects.get(pk=release.pk), reason="Steals tokens.")
    indexer.index_changes()
    assert find_words(client, "2.0.0") == {}
