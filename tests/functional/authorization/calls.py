"""The requests of the authorization table: every route of the server, with an example of its arguments.

A route whose arguments or body are not obvious has an entry in `ARGUMENTS` or `BODIES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import (
    OrganizationInvitation,
    RegisteredIssuer,
    SsoConnection,
    SsoGroupRule,
    Token,
)
from registry.models import Plugin
from tests.functional.authorization.roles import World
from tests.support.publishing import build_package

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_API = "api/v1/"


@dataclass(frozen=True)
class Call:
    """One row: a method of a route, an example of its path, and a body that is valid."""

    method: str
    route: str
    path: str
    build_body: Callable[[], Any]

    @property
    def is_api(self) -> bool:
        """Whether callers have tokens instead of sessions."""
        return self.route.startswith(_API)

    @property
    def title(self) -> str:
        """The first column of the table."""
        return f"{self.method} /{self.route}"


def list_calls(world: World) -> list[Call]:
    """Every method of every route, without the alias of the API under `/api`."""
    calls = []
    for route, pattern in iter_routes(get_resolver()):
        if route.startswith("api/") and not route.startswith(_API):
            continue
        path = "/" + _fill(route, _find_arguments(route, world)) + QUERIES.get(route, "")
        calls += [
            Call(method, route, path, BODIES.get(f"{method} {route}", dict))
            for method in _list_methods(route, pattern)
        ]
    return sorted(calls, key=lambda call: (call.route, call.method))


def iter_routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route of the resolver with its pattern."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from iter_routes(entry, route)
        else:
            yield route, entry


def _list_methods(route: str, pattern: URLPattern) -> list[str]:
    view: Any = getattr(pattern.callback, "cls", None)
    if route.startswith(_API) and view is not None:
        names = ("get", "post", "put", "patch", "delete")
        return [name.upper() for name in names if hasattr(view, name)]
    # Pages answer 405 to what they do not support; such rows are left out.
    return ["GET", "POST"]


def _find_organization_arguments(route: str) -> dict[str, object]:
    if "issuers/" in route:
        return {"id": RegisteredIssuer.objects.get(owner__name="harbor").pk}
    if "sso-groups/" in route:
        return {"id": SsoGroupRule.objects.get().pk}
    if "robots/" in route and "tokens/" in route:
        return {"id": Token.objects.get(user__username="harbor+ci", name="ci").pk}
    sent = OrganizationInvitation.objects.get().pk
    return {
        "name": "harbor",
        "invitation_id": sent,
        "id": sent,
        "username": "pat",
        "kind": "oidc",
        "public_id": SsoConnection.objects.get(owner__name="harbor").public_id,
    }


def _find_own_arguments(route: str, world: World) -> dict[str, object]:
    """Those of trusted and staged publishing, and of organizations."""
    if "organization" in route:
        return _find_organization_arguments(route)
    if "claims/<" in route:
        return {"claim_id": world.claim.pk, "id": world.claim.pk}
    if "transfers/" in route:
        return {"transfer_id": world.transfer.pk, "id": world.transfer.pk}
    if route.endswith("scopes/<str:name>/transfer"):
        return {"name": "spare"}
    if "trusted-publishers/" in route:
        return {"id": world.trusted_publisher.pk}
    if "issuers/" in route:
        return {"id": world.issuer.pk}
    if route.endswith(("/approve", "/discard", "/decide")):
        return {"version": "4.0.0", "public_id": world.staged.public_id}
    return {}


def _find_admin_arguments(route: str) -> dict[str, object]:
    """The first row of the table. Its id depends on the tests before: PostgreSQL reuses none."""
    match = re.match(r"admin/(\w+)/(\w+)/", route)
    model = apps.all_models[match[1]].get(match[2]) if match else None
    if model is not None:
        row = model._default_manager.order_by("pk").first()
        key = row.pk if row is not None else "1"
        return {"object_id": key, "id": key}
    if route.startswith("admin/r/"):
        plugin = Plugin.objects.get(name="@acme/chat")
        kind = ContentType.objects.get_for_model(Plugin)
        return {"content_type_id": kind.pk, "object_id": plugin.pk}
    return {}


def _find_arguments(route: str, world: World) -> Mapping[str, object]:
    own: dict[str, object] = _find_admin_arguments(route) or _find_own_arguments(route, world)
    if own:
        pass
    elif route.startswith("publications/") or "/publications/" in route:
        own = {"public_id": world.held.public_id, "id": world.held.public_id, "path": "README.md"}
    elif "invitations/" in route:
        own = {"invitation_id": world.invitation.pk, "id": world.invitation.pk}
    elif route.startswith(("sso/", "account/sso/")):
        own = {"public_id": world.connection.public_id, "kind": "oidc", "identity_id": 1}
    elif "tokens/" in route:
        own = {"token_id": world.token.pk, "id": world.token.pk}
    elif "owners/<str:username>" in route:
        own = {"username": "pat"}
    elif route.startswith("tags/"):
        own = {"slug": "talk"}
    elif route.startswith("docs/"):
        own = {"slug": "terms"}
    elif "scopes/" in route:
        own = {"name": "acme"}
    return {**ARGUMENTS, **own}


def _fill(route: str, values: Mapping[str, object]) -> str:
    if route.startswith("^"):
        return re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda m: str(values[m[1]]), route).strip("^$")
    return _PARAMETER.sub(lambda m: str(values[m[1]]), route.replace("^", "").replace("\\Z", ""))


ARGUMENTS: Mapping[str, object] = {
    "name": "@acme/chat",
    "version": "1.0.0",
    "path": "README.md",
    "username": "acme",
    "owner": "acme",
    "slug": "communication",
    "what": "version",
    "organization": "harbor",
    "domain": "harbor.example",
    "team": "dev",
    "target": "@harbor/pier",
    "robot": "harbor+ci",
    "number": 1,
    "public_id": "0" * 32,
    "key": "unknown",
    "uidb36": "1",
    "signature": "unknown",
    "payload": "unknown",
    "filename": "unknown.whl",
    "object_id": "1",
    "id": "1",
    "factor_id": 1,
    "session_id": 0,
    "link_id": 0,
    "content_type_id": "1",
    "app_label": "registry",
    "url": "unknown",
}
# Of the pages whose response depends on one.
QUERIES: Mapping[str, str] = {"claims/new": "?name=@spare"}
# Valid, so that the response depends on who asks. Without an entry, the body is empty.
BODIES: Mapping[str, Callable[[], Any]] = {
    "POST api/v1/plugins": lambda: {
        "package": SimpleUploadedFile("p.tgz", build_package(version="9.0.0"), "application/gzip")
    },
    "PUT api/v1/plugins/<plugin:name>": lambda: {"description": "Another text."},
    "PATCH api/v1/plugins/<plugin:name>": lambda: {"description": "Another text."},
    "POST api/v1/plugins/<plugin:name>/owners": lambda: {"username": "sam", "role": "publisher"},
    "PATCH api/v1/plugins/<plugin:name>/owners/<str:username>": lambda: {"role": "maintainer"},
    "POST api/v1/plugins/<plugin:name>/<release:version>/deprecate": lambda: {"message": "Old."},
    "POST api/v1/plugins/<plugin:name>/<release:version>/yank": lambda: {"reason": "Broken."},
    "POST api/v1/me/tokens": lambda: {"name": "another", "scopes": ["manage"], "days": 1},
    "POST api/v1/plugins/<plugin:name>/trusted-publishers": lambda: {
        "provider": "oidc",
        "issuer": "https://ci.example.test",
        "claims": {"sub": "job"},
    },
    "PATCH api/v1/plugins/<plugin:name>/publishing": lambda: {"trustedPublishingOnly": True},
    "POST api/v1/me/issuers": lambda: {"url": "https://other.example.test"},
    "POST api/v1/oidc/mint-token": lambda: {"token": "a.b.c"},
    "PUT api/v1/plugins/<plugin:name>/visibility": lambda: {"visibility": "private"},
    "PUT api/v1/scopes/<str:name>/visibility": lambda: {"visibility": "private"},
    "POST plugins/<plugin:name>/visibility": lambda: {"visibility": "private"},
    "POST account/scopes/<str:name>/visibility": lambda: {"visibility": "private"},
    "POST api/v1/scopes": lambda: {"name": "new-scope"},
    "POST plugins/<plugin:name>/owners": lambda: {
        "action": "invite",
        "username": "sam",
        "role": "publisher",
    },
    "POST api/v1/organizations": lambda: {"name": "new-one"},
    "PATCH api/v1/organizations/<str:organization>": lambda: {"description": "Ships."},
    "POST api/v1/organizations/<str:organization>/invitations": lambda: {
        "addressee": "sam",
        "role": "member",
    },
    "PATCH api/v1/organizations/<str:organization>/members/<str:username>": lambda: {
        "role": "billing"
    },
    "POST organizations/<str:name>/second-factor": lambda: {"action": "end"},
    "PUT api/v1/organizations/<str:organization>/second-factor": lambda: {"required": False},
    "POST organizations/<str:name>/sso-only": lambda: {"action": "end"},
    "PUT api/v1/organizations/<str:organization>/sso-only": lambda: {"required": False},
    "POST organizations/<str:name>/access": lambda: {
        "action": "end",
        "kind": "member",
        "name": "pat",
    },
    "POST organizations/<str:name>/delete": lambda: {"confirmation": "harbor"},
    "POST api/v1/organizations/<str:organization>/sso-groups": lambda: {
        "connection": SsoConnection.objects.get(owner__name="harbor").public_id,
        "group": "leads",
        "role": "billing",
    },
    "POST api/v1/organizations/<str:organization>/issuers": lambda: {
        "url": "https://other.example.test"
    },
    "POST api/v1/organizations/<str:organization>/teams": lambda: {"name": "docs"},
    "PUT api/v1/organizations/<str:organization>/teams/<str:team>/rights/<path:target>": lambda: {
        "role": "publisher"
    },
    "POST api/v1/organizations/<str:organization>/robots": lambda: {"name": "nightly"},
    "POST api/v1/organizations/<str:organization>/robots/<str:robot>/tokens": lambda: {
        "name": "ci",
        "scopes": ["read"],
        "days": 30,
    },
    "POST api/v1/organizations/<str:organization>/domains": lambda: {"domain": "new.example"},
    "POST api/v1/me/domains": lambda: {"domain": "new.example"},
    "POST account/domains": lambda: {"action": "add", "domain": "new.example"},
    "POST organizations/<str:name>/domains": lambda: {"action": "add", "domain": "new.example"},
    "PATCH api/v1/me/organizations/<str:organization>": lambda: {"isPublic": True},
    "POST account/security/<int:factor_id>/rename": lambda: {"name": "laptop"},
    "POST accounts/<str:username>": lambda: {"action": "suspend", "reason": "Abuse."},
    "POST account/organizations": lambda: {"name": "new-one"},
    "POST organizations/<str:name>/members": lambda: {"action": "remove", "username": "pat"},
    "POST organizations/<str:name>/robots": lambda: {"action": "create", "name": "nightly"},
    "POST organizations/<str:name>/teams": lambda: {"action": "create", "name": "docs"},
    "POST organizations/<str:name>/teams/<str:team>": lambda: {
        "action": "give",
        "target": "@harbor/pier",
        "role": "maintainer",
    },
    "POST organizations/<str:name>/settings": lambda: {"description": "Ships."},
    "POST sso/connections/<str:public_id>/change": lambda: {"action": "disable"},
    "POST organizations/<str:name>/sso/<str:public_id>/change": lambda: {"action": "disable"},
    "POST sso": lambda: {"login": "harbor"},
    "POST plugins/<plugin:name>/publishing": lambda: {"action": "rules", "trusted_only": "on"},
    "POST publications/<uuid:public_id>/decide": lambda: {"decision": "approve"},
    "POST account/publishing": lambda: {
        "action": "add-issuer",
        "url": "https://other.example.test",
    },
    "POST api/v1/claims": lambda: {
        "name": "@spare",
        "kind": "name",
        "reason": "It is the name of my company.",
    },
    "POST claims/new": lambda: {"kind": "name", "reason": "It is the name of my company."},
    "POST api/v1/claims/<int:id>/answer": lambda: {"answer": "refuse", "reason": "No proof."},
    "POST claims/<int:claim_id>/answer": lambda: {"answer": "refuse", "reason": "No proof."},
    "PUT api/v1/plugins/<plugin:name>/adoption": lambda: {"seeksAdoption": True},
    "POST api/v1/plugins/<plugin:name>/transfer": lambda: {"to": "ivy"},
    "POST api/v1/scopes/<str:name>/transfer": lambda: {"to": "ivy"},
    "POST plugins/<plugin:name>/transfer": lambda: {"to": "ivy"},
    "POST account/scopes/<str:name>/transfer": lambda: {"to": "ivy"},
    "POST account/scopes": lambda: {"name": "new-scope"},
    "POST account/tokens": lambda: {"name": "another", "scopes": ["read"], "days": "30"},
}
