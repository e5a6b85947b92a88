"""`/organizations/<name>/sso`: the identity providers of an organization.

The pages about one of them are those of `accounts.pages.sso.connections`.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Organization
from accounts.pages.sso.connections import Admin, for_admins
from accounts.pages.sso.finish import build_connection_path
from accounts.queries.sso import list_organization_connections
from marketplace.pages.organizations.frame import render_page


@require_safe
@never_cache
@for_admins
def render_sso(request: HttpRequest, admin: Admin) -> HttpResponse:
    """The connections of the organization, and what can be added."""
    organization = admin.organization
    assert isinstance(organization, Organization)
    connections = [
        (each, build_connection_path("sso-connection", each))
        for each in list_organization_connections(organization)
    ]
    return render_page(
        request,
        "sso",
        organization,
        admin.actor,
        connections=connections,
        add_paths={kind: admin.build_path("sso-new", kind) for kind in ("oidc", "saml")},
    )
