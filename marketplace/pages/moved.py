"""Addresses that people type and that can mean one page only lead there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from accounts.models import User
from marketplace.pages.missing import make_typed_key
from plugport.spec.names import fold_part
from registry.models import Plugin, Scope

_MAX_CHARS = 1000
# They answer programs, which are told that there is nothing.
_NOT_OURS = ("/api/", "/admin/", "/static/")


class MovedMiddleware:
    """Sends readers on from a page that is not there, where no other can be meant.

    For a while only: a plugin that is published later may have the address that was typed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != 404 or request.method not in ("GET", "HEAD"):
            return response
        if request.path.startswith(_NOT_OURS) or len(request.path) > _MAX_CHARS:
            return response
        meant = find_meant(request.path)
        if meant is None:
            return response
        query = request.META.get("QUERY_STRING", "")
        return HttpResponseRedirect(f"{quote(meant, safe='/@')}{'?' if query else ''}{query}")


def find_meant(path: str) -> str | None:
    """The path of the page that is meant, None if there is none: up to 2 queries.

    A slash too many at the end; a plugin's name with other case or dashes, or `scope/name` without
    its `@` (PKG-1); a scope as if it were a plugin; an account that has no scope yet.
    """
    bare = path.rstrip("/")
    # A location that begins so is another host's.
    if "\x00" in path or path.startswith("//"):
        return None
    if bare and bare != path and _leads_somewhere(bare):
        return bare
    root, *parts = bare.removeprefix("/").split("/")
    if root == "plugins" and len(parts) == 1 and parts[0].startswith("@"):
        return _find_scope(parts[0][1:], asked="")
    if root == "plugins" and parts:
        return _find_plugin(parts, path=bare)
    if root.startswith("@"):
        return _find_plugin([root, *parts], path=bare) if parts else _find_owner(root[1:])
    return None


def _leads_somewhere(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _find_plugin(parts: Sequence[str], *, path: str) -> str | None:
    """The plugin whose name begins the parts, with the others behind it: 1 query."""
    readings = [parts[:2]] if parts[0].startswith("@") else [parts[:1], parts[:2]]
    keys = [key for reading in readings if (key := make_typed_key("/".join(reading)))]
    rows = Plugin.objects.filter(is_listed=True, collision_key__in=keys)
    names = dict(rows.values_list("collision_key", "name"))
    for key in keys:
        if key in names:
            rest = parts[1 + key.count("/") :]
            meant = "/".join(["/plugins", names[key], *rest])
            return meant if meant != path else None
    return None


def _find_scope(name: str, *, asked: str) -> str | None:
    found = Scope.objects.filter(collision_key=fold_part(name.lower())).values_list(
        "name", flat=True
    )
    scope = found.first()
    return f"/@{scope}" if scope is not None and scope != asked else None


def _find_owner(name: str) -> str | None:
    """The scope that is meant, or the account whose scope it will be: 2 queries."""
    scope = _find_scope(name, asked=name)
    if scope is not None:
        return scope
    is_there = User.objects.filter(is_active=True, username=name.lower()).exists()
    return f"/users/{name.lower()}" if is_there else None
