"""`/account/domains` and `/organizations/<name>/domains`: domains, and their proof by DNS."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.domains.add_domain import MAX_DOMAINS, add_domain, remove_domain
from accounts.actions.domains.check_domain import check_domain
from accounts.actions.domains.prove_by_job import JOB_PROOF_LIFETIME
from accounts.domains.challenge import describe_record, get_record_name, get_record_value
from accounts.models import Owner, User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.domains import get_own_owner, list_domains
from accounts.queries.organizations import get_organization
from marketplace.pages.organizations.frame import render_page
from plugport.spec.errors import PlugportError

_MAX_INPUT_CHARS = 1_000


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_own_domains(request: HttpRequest) -> HttpResponse:
    """The domains of the user."""
    viewer = get_signed_in_user(request)
    owner = get_own_owner(viewer)
    if request.method == "POST":
        _run(request, viewer, owner)
        return redirect("own-domains")
    return render(request, "account/domains.html", _build_context(owner))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_domains(request: HttpRequest, name: str) -> HttpResponse:
    """The domains of an organization, for its owners. Raises `OrganizationRightError`."""
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_PROPERTY)
    if request.method == "POST":
        _run(request, viewer, organization.owner)
        return redirect("organization-domains", organization.name)
    context = _build_context(organization.owner)
    return render_page(request, "domains", organization, viewer, **context)


def _build_context(owner: Owner) -> dict[str, Any]:
    return {
        "domains": [
            (each, get_record_name(each.domain), get_record_value(each.token))
            for each in list_domains(owner)
        ],
        "max_domains": MAX_DOMAINS,
        "job_proof_days": JOB_PROOF_LIFETIME.days,
        "code_hosts": sorted(settings.PROOF_FILES),
    }


def _run(request: HttpRequest, actor: User, owner: Owner) -> None:
    """Run the action of the button that was pressed; a message says what came of it."""
    action = request.POST.get("action", "")
    domain = request.POST.get("domain", "")[:_MAX_INPUT_CHARS]
    try:
        if action == "add":
            added = add_domain(actor=actor, owner=owner, domain=domain)
            text = f"Enter the {describe_record(added.domain)} of {added.domain}, then check it."
        elif action == "check":
            text = f"{check_domain(actor=actor, owner=owner, domain=domain).domain} is proven."
        elif action == "remove" and request.POST.get("confirmed") == "yes":
            text = f"{remove_domain(actor=actor, owner=owner, domain=domain).domain} is removed."
        else:
            messages.error(request, "The form is not complete. Nothing was changed.")
            return
    except PlugportError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
    else:
        messages.success(request, text)
