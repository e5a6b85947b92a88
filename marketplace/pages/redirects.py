"""Redirect a mistyped address if it can mean one page only."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from marketplace.queries import names
from plugport.spec.text import has_nul

_MAX_CHARS = 1000
# Programs request these; they need the 404.
_EXCLUDED_PREFIXES = ("/admin/", "/static/")
_API_PLUGINS = re.compile(r"(/api(?:/v1)?)(/plugins/[^@].*)", re.DOTALL)
_QUOTA_PREFIX = "ratelimit-"


class RedirectMiddleware:
    """Replace a 404 by a redirect if the path can mean one page only.

    The redirect is temporary (302): a plugin that is published later may own the typed address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != 404 or request.method not in ("GET", "HEAD"):
            return response
        if request.path.startswith(_EXCLUDED_PREFIXES) or len(request.path) > _MAX_CHARS:
            return response
        is_api = request.path.startswith("/api/")
        find = find_api_redirect_path if is_api else find_redirect_path
        path = find(request.path)
        if path is None:
            return response
        query = request.META.get("QUERY_STRING", "")
        return HttpResponseRedirect(
            f"{quote(path, safe='/@')}{'?' if query else ''}{query}",
            # The call was counted.
            headers={k: v for k, v in response.items() if k.lower().startswith(_QUOTA_PREFIX)},
        )


def find_redirect_path(path: str) -> str | None:
    """Return the path of the page that `path` means, None if there is none: up to 2 queries.

    Handles a trailing slash; a plugin name with other case or dashes, or `scope/name` without its
    `@` (PKG-1); a scope under `/plugins`; the name of an account in other case.
    """
    bare = path.rstrip("/")
    # Browsers resolve a location that starts with `//` as another host: an open redirect (CWE-601).
    if has_nul(path) or path.startswith("//"):
        return None
    if bare and bare != path and _is_routed(bare):
        return bare
    root, *parts = bare.removeprefix("/").split("/")
    if root == "plugins" and len(parts) == 1 and parts[0].startswith("@"):
        return _find_scope(parts[0][1:], current="")
    if root == "plugins" and parts:
        return _find_plugin(parts, path=bare)
    if root.startswith("@"):
        return _find_plugin([root, *parts], path=bare) if parts else _find_owner(root[1:])
    return None


def find_api_redirect_path(path: str) -> str | None:
    """Return the path in the API that `/plugins/scope/name` without its `@` means: up to 1 query.

    The API corrects nothing else: a program that misspells a name needs the 404.
    """
    match = _API_PLUGINS.fullmatch(path)
    if match is None or has_nul(path):
        return None
    prefix, bare = match.groups()
    parts = bare.rstrip("/").split("/")[2:]
    target = _find_plugin(parts, path=bare) if len(parts) > 1 else None
    return prefix + target if target and target.startswith("/plugins/@") else None


def _is_routed(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _find_plugin(parts: Sequence[str], *, path: str) -> str | None:
    """Return the path of the plugin whose name the parts start with, plus the other parts."""
    readings = [parts[:2]] if parts[0].startswith("@") else [parts[:1], parts[:2]]
    keys = [key for each in readings if (key := names.find_collision_key("/".join(each)))]
    names_by_key = names.list_plugin_names_by_key(keys)
    for key in keys:
        if key in names_by_key:
            rest = parts[1 + key.count("/") :]
            target = "/".join(["/plugins", names_by_key[key], *rest])
            # The same path again would redirect forever.
            return target if target != path else None
    return None


def _find_scope(name: str, *, current: str) -> str | None:
    scope = names.find_scope_name(name)
    return f"/@{scope}" if scope is not None and scope != current else None


def _find_owner(name: str) -> str | None:
    """Return the path of the scope, else of the account that has the name in lower case: 2 queries."""
    scope = _find_scope(name, current=name)
    if scope is not None:
        return scope
    username = name.lower()
    return f"/@{username}" if username != name and names.has_active_account(username) else None
