"""`/sso/connections`, and the same of an organization: operators and owners connect identity providers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.sso.connections import (
    create_connection,
    delete_connection,
    switch_connection,
    update_connection,
)
from accounts.actions.sso.identities import unlink_identity
from accounts.actions.sso.provisioning import restore_provisioned_member
from accounts.models import Organization, SsoConnection, User
from accounts.pages.current_user import get_signed_in_user
from accounts.pages.sso.finish import TEST_KEY, build_connection_path, build_start_url
from accounts.pages.sso.forms import OidcForm, SamlForm, build_form
from accounts.policies import check_sets_up_sso
from accounts.queries.organizations import get_organization
from accounts.queries.sso import (
    count_identities,
    get_owned_connection,
    list_connections,
    list_failures,
    list_identities,
    list_linkable_connections,
    list_removed_accounts,
)
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from accounts.sso.attempts import LINK, TEST
from accounts.sso.errors import ConnectionSettingsError, UnknownConnectionError
from accounts.sso.oidc.sign_in import get_redirect_uri
from accounts.sso.saml.metadata import list_expiry_dates
from accounts.sso.saml.settings import build_url
from plugport.spec.text import remove_nul


@dataclass(frozen=True, slots=True)
class Admin:
    """Who sets up, and for which organization: None for the whole registry."""

    actor: User
    organization: Organization | None

    def build_path(self, page: str, *arguments: str) -> str:
        """The path of a page for the organization, or for the whole registry."""
        if self.organization is None:
            return reverse(page, args=arguments)
        return reverse(f"organization-{page}", args=[self.organization.name, *arguments])

    def build_paths(self, connection: SsoConnection | None = None) -> dict[str, str]:
        """The paths that the templates link."""
        paths = {"list": self.build_path("sso-connections")}
        if connection is not None:
            paths["page"] = self.build_path("sso-connection", connection.public_id)
            paths["change"] = self.build_path("sso-change", connection.public_id)
        return paths


def for_admins(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view who sets up, who proved to be the owner of the account a moment ago.

    An identity provider decides who signs in as whom, so a session alone is not enough. For others,
    the pages do not exist. `name` is that of an organization in the URL.
    """

    @wraps(view)
    @login_required
    def wrapped(request: HttpRequest, name: str = "", **arguments: str) -> HttpResponse:
        actor = get_signed_in_user(request)
        organization = get_organization(name) if name else None
        check_sets_up_sso(actor, organization)
        if not is_confirmed(request):
            # What only accepts forms cannot be returned to.
            return redirect_to_confirmation(request.path.removesuffix("/change"), request)
        return view(request, Admin(actor, organization), **arguments)

    return wrapped


@require_safe
@never_cache
@for_admins
def render_connections(request: HttpRequest, admin: Admin) -> HttpResponse:
    """All connections, also those of organizations, and what can be added."""
    connections = [
        (each, build_connection_path("sso-connection", each)) for each in list_connections()
    ]
    context = {"connections": connections, "local_passwords": settings.LOCAL_PASSWORDS}
    return render(request, "sso/connections.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_admins
def add_connection(request: HttpRequest, admin: Admin, kind: str) -> HttpResponse:
    """The form for a new connection."""
    if kind not in (SsoConnection.OIDC, SsoConnection.SAML):
        raise UnknownConnectionError("There is no such protocol. Known are `oidc` and `saml`.")
    sent = request.POST if request.method == "POST" else None
    form = build_form(kind, sent, organization=admin.organization)
    if form.is_bound and form.is_valid():
        connection = create_connection(
            actor=admin.actor,
            kind=kind,
            values=form.build_values(),
            organization=admin.organization,
        )
        return redirect(build_connection_path("sso-connection", connection))
    context = {"form": form, "kind": kind, "admin": admin, "paths": admin.build_paths()}
    return render(request, "sso/new.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_admins
def render_connection(request: HttpRequest, admin: Admin, public_id: str) -> HttpResponse:
    """The addresses for the provider, the test, the switch, the last failures, and the settings."""
    connection = get_owned_connection(public_id, admin.organization)
    sent = request.POST if request.method == "POST" else None
    form = build_form(connection.kind, sent, connection, organization=admin.organization)
    if form.is_bound and form.is_valid():
        update_connection(actor=admin.actor, connection=connection, values=form.build_values())
        messages.success(request, "The settings were saved.")
        return redirect(build_connection_path("sso-connection", connection))
    context = _build_context(request, admin, connection, form)
    return render(request, "sso/connection.html", context, status=400 if form.errors else 200)


def _build_context(
    request: HttpRequest, admin: Admin, connection: SsoConnection, form: OidcForm | SamlForm
) -> dict[str, Any]:
    test = request.session.get(TEST_KEY)
    return {
        "connection": connection,
        "admin": admin,
        "paths": admin.build_paths(connection),
        "removed_accounts": list_removed_accounts(connection),
        "form": form,
        "addresses": _list_addresses(connection),
        "start_url": build_start_url(admin.actor, connection, TEST),
        "test": test if test and test["connection"] == connection.public_id else None,
        "failures": list_failures(connection),
        "account_count": count_identities(connection),
        "expiry_dates": list_expiry_dates(connection.settings["certificates"])
        if connection.kind == SsoConnection.SAML
        else [],
    }


def _list_addresses(connection: SsoConnection) -> list[tuple[str, str]]:
    """What has to be entered at the provider, with the names that it has there."""
    if connection.kind == SsoConnection.OIDC:
        return [
            ("Redirect URI", get_redirect_uri(connection)),
            ("Post-logout redirect URI", settings.BASE_URL + reverse("sso-signed-out")),
            ("Back-channel logout URI", build_url("sso-oidc-logout", connection)),
        ]
    return [
        ("Metadata", build_url("sso-saml-metadata", connection)),
        ("Entity ID (audience)", build_url("sso-saml-metadata", connection)),
        ("Assertion consumer service (POST)", build_url("sso-saml-acs", connection)),
        ("Single logout service (redirect)", build_url("sso-saml-logout", connection)),
    ]


@require_POST
@never_cache
@for_admins
def change_connection(request: HttpRequest, admin: Admin, public_id: str) -> HttpResponse:
    """Switch a connection on or off, delete it, or let a removed account in again."""
    connection = get_owned_connection(public_id, admin.organization)
    action = request.POST.get("action")
    if action == "delete":
        delete_connection(actor=admin.actor, connection=connection)
        messages.success(request, f"The connection “{connection.name}” was deleted.")
        return redirect(admin.build_path("sso-connections"))
    if action == "restore" and admin.organization is not None:
        _restore(request, admin.actor, admin.organization)
    elif action in ("enable", "disable"):
        switch_connection(actor=admin.actor, connection=connection, is_enabled=action == "enable")
    else:
        raise ConnectionSettingsError(
            "The action must be `enable`, `disable`, `delete` or `restore`."
        )
    return redirect(build_connection_path("sso-connection", connection))


def _restore(request: HttpRequest, actor: User, organization: Organization) -> None:
    username = request.POST.get("username", "")[:300]
    member = restore_provisioned_member(
        actor=actor, organization=organization, username=remove_nul(username)
    )
    if member is None:
        messages.error(request, "The identity provider created no such account.")
    else:
        messages.success(request, f"{member.user.username} is a member again.")


@require_safe
@never_cache
@login_required
def render_links(request: HttpRequest) -> HttpResponse:
    """The identity providers with which the signed-in user can sign in, and others to link.

    A link is another way in, so it leads over the confirmation first.
    """
    user = get_signed_in_user(request)
    identities = list_identities(user)
    linked = {identity.connection_id for identity in identities}
    context = {
        "identities": identities,
        "others": [
            (connection, _build_link_url(request, connection))
            for connection in list_linkable_connections(user)
            if connection.pk not in linked
        ],
    }
    return render(request, "sso/links.html", context)


def _build_link_url(request: HttpRequest, connection: SsoConnection) -> str:
    if is_confirmed(request):
        return build_start_url(get_signed_in_user(request), connection, LINK)
    return redirect_to_confirmation(request.path).url


@require_POST
@never_cache
@login_required
def unlink(request: HttpRequest, identity_id: int) -> HttpResponse:
    """End the link of the signed-in user's account to an identity provider."""
    identity = unlink_identity(user=get_signed_in_user(request), identity_id=identity_id)
    messages.success(request, f"You can no longer sign in with {identity.connection.name}.")
    return redirect("sso-links")
