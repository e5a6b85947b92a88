"""The routes whose responses the gateway may store. Add new ones here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver

from common.cache_marks import find_rule

_AGE = re.compile(rb"just now|\d+ (?:minute|hour|day|week|month|year)s? ago")
CHAT, BASE = "/plugins/@acme/chat", "/plugins/@acme/base"
# By the pattern of the URL: examples, of which each has a mark.
EXAMPLES = {
    "": ["/"],
    "featured": ["/featured"],
    "contact": ["/contact"],
    "search": ["/search", "/search?q=chat", "/search?q=chat&tag=talk&sort=name"],
    "categories": ["/categories"],
    "categories/<path:slug>": ["/categories/communication", "/categories/communication?sort=name"],
    "tags": ["/tags"],
    "tags/<path:slug>": ["/tags/talk"],
    "@<str:owner>": ["/@acme", "/@helper", "/@joiner"],
    "plugins/<plugin:name>": [CHAT, BASE],
    "plugins/<plugin:name>/versions": [f"{CHAT}/versions"],
    "plugins/<plugin:name>/dependencies": [f"{CHAT}/dependencies"],
    "plugins/<plugin:name>/dependents": [f"{BASE}/dependents"],
    "plugins/<plugin:name>/files": [f"{CHAT}/files"],
    "plugins/<plugin:name>/files/<path:path>": [f"{CHAT}/files/index.js"],
    "plugins/<plugin:name>/compare": [
        f"{CHAT}/compare{query}"
        for query in ("", "?from=1.0.0&to=2.0.0", "?from=1.0.0&to=2.0.0&file=README.md")
    ],
    "plugins/<plugin:name>/security": [f"{CHAT}/security"],
    "plugins/<plugin:name>/stats": [f"{CHAT}/stats"],
    "plugins/<plugin:name>/<release:version>": [f"{CHAT}/1.0.0"],
    "plugins/<plugin:name>/<release:version>/dependencies": [f"{CHAT}/1.0.0/dependencies"],
    "plugins/<plugin:name>/<release:version>/files": [f"{CHAT}/1.0.0/files"],
    "plugins/<plugin:name>/<release:version>/files/<path:path>": [f"{CHAT}/1.0.0/files/index.js"],
    "plugins/<plugin:name>/<release:version>/security": [f"{CHAT}/1.0.0/security"],
    "docs": ["/docs"],
    "docs/api": ["/docs/api"],
    "docs/api/try": ["/docs/api/try"],
    "docs/errors": ["/docs/errors"],
    "docs/<slug:slug>": ["/docs/terms"],
    "install": ["/install"],
    "publish": ["/publish"],
    "simple/": ["/simple/"],
    "feeds/new.atom": ["/feeds/new.atom"],
    "feeds/updates.atom": ["/feeds/updates.atom"],
    "feeds/plugins/<plugin:name>.atom": ["/feeds/plugins/@acme/chat.atom"],
    "feeds/users/<str:username>.atom": ["/feeds/users/acme.atom"],
    "feeds/scopes/<str:name>.atom": ["/feeds/scopes/acme.atom"],
    "badges/<plugin:name>/<slug:what>.svg": [
        f"/badges/@acme/chat/{what}.svg" for what in ("version", "trust", "license", "downloads")
    ],
    "sitemap.xml": ["/sitemap.xml"],
    "sitemaps/<int:number>.xml": ["/sitemaps/1.xml"],
    "robots.txt": ["/robots.txt"],
    "llms.txt": ["/llms.txt"],
    ".well-known/security.txt": ["/.well-known/security.txt"],
    **{
        f"api{version}{pattern}": [f"/api{version}{path}" for path in paths]
        for version in ("/v1", "")
        for pattern, paths in {
            "/openapi.json": ["/openapi.json"],
            "/plugins": ["/plugins", "/plugins?q=chat&limit=5"],
            "/plugins/featured": ["/plugins/featured"],
            "/plugins/popular": ["/plugins/popular?limit=2"],
            "/plugins/recent": ["/plugins/recent"],
            "/plugins/<plugin:name>": [CHAT, BASE],
            "/plugins/<plugin:name>/versions": [f"{CHAT}/versions"],
            "/plugins/<plugin:name>/readme": [f"{CHAT}/readme"],
            "/plugins/<plugin:name>/dependents": [f"{BASE}/dependents"],
            "/plugins/<plugin:name>/stats": [f"{CHAT}/stats"],
            "/plugins/<plugin:name>/<release:version>": [f"{CHAT}/1.0.0", f"{CHAT}/latest"],
            "/plugins/<plugin:name>/<release:version>/readme": [f"{CHAT}/1.0.0/readme"],
            "/owners/<str:owner>": ["/owners/acme", "/owners/helper"],
            "/scopes/<str:name>": ["/scopes/acme"],
            "/categories": ["/categories"],
            "/tags": ["/tags"],
            "/instance": ["/instance"],
        }.items()
    },
}
# Their responses change with the code and the settings only.
FIXED = {
    *("/contact", "/docs", "/docs/api", "/docs/api/try", "/docs/errors", "/docs/terms"),
    *("/install", "/publish", "/simple/", "/robots.txt", "/llms.txt", "/.well-known/security.txt"),
    *(f"/api{version}{path}" for version in ("/v1", "") for path in ("/openapi.json", "/instance")),
}
PATHS = [path for paths in EXAMPLES.values() for path in paths]


def remove_ages(body: bytes) -> bytes:
    """The body without relative dates, which change while a test runs."""
    return _AGE.sub(b"", body)


def iter_marked_patterns(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """The patterns of the URLs whose views are cacheable."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from iter_marked_patterns(pattern.url_patterns, path)
        elif find_rule(pattern.callback) is not None:
            yield path
