"""Links that contain a secret: known by route, and removed from every log line."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from common.secret_paths import SECRET_PATHS, redact_secret_paths
from tests.support.data import ROOT

# Not `signature`: pages show the signed addresses of images to everyone.
_SECRET_NAMES = {"key", "token", "secret", "code"}
KEY = "1-c0ffee-5eed"


def _iter_routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _iter_routes(each, route)
        else:
            yield route, each


def test_every_route_with_a_secret_is_known() -> None:
    routes = [
        "/" + route.lstrip("^")
        for route, pattern in _iter_routes(get_resolver())
        if _SECRET_NAMES & (set(pattern.pattern.converters) | set(pattern.pattern.regex.groupindex))
    ]
    assert routes
    assert [route for route in routes if not route.startswith(SECRET_PATHS)] == []


@pytest.mark.parametrize("path", SECRET_PATHS)
def test_texts(path: str) -> None:
    encoded = path.replace("/", "%2F")
    assert redact_secret_paths(f'"GET {path}{KEY} HTTP/1.1" 302') == f'"GET {path}… HTTP/1.1" 302'
    assert redact_secret_paths(f"/login?next={encoded}{KEY}&a=1") == f"/login?next={encoded}…&a=1"
    assert redact_secret_paths(f"{path}{KEY} and {path}{KEY}") == f"{path}… and {path}…"
    assert redact_secret_paths("/docs/key/1-abc") == "/docs/key/1-abc"


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ('%(h)s "%(r)s" %(s)s', ({"h": "::1", "r": f"GET {SECRET_PATHS[0]}{KEY}", "s": 200},)),
        ("Not Found: %s", (SECRET_PATHS[0] + KEY,)),
        (f"Forbidden: {SECRET_PATHS[0]}{KEY} 100%", ()),
    ],
)
def test_a_logger_with_its_own_handler(message: str, arguments: tuple[Any, ...]) -> None:
    """Servers such as gunicorn write their access log through handlers of their own."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logger = logging.getLogger("gunicorn.access")
    logger.addHandler(handler)
    try:
        logger.error(message, *arguments)
    finally:
        logger.removeHandler(handler)
    assert KEY not in out.getvalue()
    assert f"{SECRET_PATHS[0]}…" in out.getvalue()


def test_the_proxy_of_the_example_knows_the_same_paths() -> None:
    text = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
    found = re.search(r'"~\*\^\(\?<secret_path>([^)"]+)\)"', text)
    assert found is not None
    assert tuple(found[1].split("|")) == SECRET_PATHS
    # Errors have no format: nothing is written.
    found = re.search(r"location ~\* \^\(\?:([^)]+)\) \{\n *error_log /dev/null emerg;", text)
    assert found is not None
    assert tuple(found[1].split("|")) == SECRET_PATHS
    # Each server writes its own access log, in the format without secrets.
    assert text.count("listen ") == text.count("access_log /var/log/nginx/access.log plugport;")
