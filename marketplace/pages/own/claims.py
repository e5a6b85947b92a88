"""`/claims`: the outcomes of claims, a new claim, and the page of one with its answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import OrganizationMember, OrganizationRole, User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import is_moderator
from accounts.security.confirmation import confirmation_required
from accounts.security.memberships import build_membership_condition
from common.http.status import get_status
from plugport.spec.api.values import (
    CLAIM_ANSWERS,
    MAX_CLAIM_CHARS,
    MAX_CLAIM_LINKS,
    MAX_MESSAGE_CHARS,
    MIN_CLAIM_CHARS,
)
from plugport.spec.errors import PlugportError
from registry.actions.transfers.claims.answer_by_name import answer_claim
from registry.actions.transfers.claims.make import make_claim
from registry.api.viewers import get_page_viewer
from registry.models import ClaimKind, Plugin, Scope
from registry.queries.claims import (
    can_answer,
    can_read_parties,
    get_claim,
    get_claimable,
    list_claims_of,
    list_decided_claims,
    list_open_claims,
)

_KINDS = (
    (ClaimKind.ADOPTION, "Adoption: its owners have left it, and I want to maintain it"),
    (ClaimKind.NAME, "Name: the name is mine, such as a trademark or the name of my project"),
)


class ClaimForm(forms.Form):
    """The inputs of a claim. The action `make_claim` checks the rules."""

    kind = forms.ChoiceField(
        label="Kind", choices=_KINDS, widget=forms.RadioSelect, initial=ClaimKind.ADOPTION
    )
    to = forms.ChoiceField(
        label="New owner",
        required=False,
        help_text="You, or an organization of which you are an owner.",
    )
    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 6, "maxlength": MAX_CLAIM_CHARS}),
        help_text=f"{MIN_CLAIM_CHARS} to {MAX_CLAIM_CHARS:,} characters. The owners and moderators read it, and nobody else.",
    )
    evidence = forms.CharField(
        label="Links",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"Web pages that show it, one a line, at most {MAX_CLAIM_LINKS}.",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = OrganizationMember.objects.filter(
            build_membership_condition(user), role=OrganizationRole.OWNER
        )
        names = rows.order_by("organization__owner__name").values_list(
            "organization__owner__name", flat=True
        )
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        to.choices = [(user.username, f"{user.username} (you)"), *((name, name) for name in names)]


@require_safe
@never_cache
def render_claims(request: HttpRequest) -> HttpResponse:
    """The public outcomes: 1 query. With a session also the claims of the account, for moderators all open ones."""
    user = get_page_viewer(request).user
    context = {
        "decided": list_decided_claims(),
        "own": list_claims_of(user) if user is not None else [],
        "open_claims": list_open_claims() if user is not None and is_moderator(user) else None,
    }
    return render(request, "pages/claims.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_new_claim(request: HttpRequest) -> HttpResponse:
    """The form of a claim to `?name=`. Raises `UnknownPluginError` and `UnknownScopeError`."""
    actor = get_signed_in_user(request)
    name = request.GET.get("name", "")
    target = get_claimable(name, get_page_viewer(request))
    form = ClaimForm(actor, request.POST or None)
    status = 400 if form.is_bound else 200
    if form.is_valid():
        values = form.cleaned_data
        try:
            claim = make_claim(
                actor=actor,
                target=target,
                kind=ClaimKind(values["kind"]),
                reason=values["reason"],
                evidence=values["evidence"].splitlines(),
                to=values["to"],
            )
        except PlugportError as error:
            _add_error(form, error)
            status = get_status(error)
        else:
            messages.success(request, "The owners are asked. Nothing changes until they answer.")
            return redirect("claim", claim.pk)
    context = {
        "target": target,
        "form": form,
        "days": settings.CLAIM_ANSWER_DAYS,
        "inactive_days": settings.CLAIM_INACTIVE_DAYS,
        "seeks_adoption": isinstance(target, Plugin) and target.seeks_adoption,
        "is_scope": isinstance(target, Scope),
    }
    return render(request, "pages/new_claim.html", context, status=status)


@require_safe
@never_cache
def render_claim(request: HttpRequest, claim_id: int) -> HttpResponse:
    """One claim: at most 4 queries. Raises `UnknownClaimError`."""
    user = get_page_viewer(request).user
    claim = get_claim(user, claim_id)
    is_own = user is not None and user.session_of is None and claim.claimant_id == user.pk
    context = {
        "claim": claim,
        "has_parties": can_read_parties(user, claim),
        "is_own": is_own,
        "can_answer": claim.is_open and can_answer(user, claim),
        "can_decide": user is not None and is_moderator(user) and not is_own,
        "delay_hours": settings.TRANSFER_DELAY_HOURS,
        "max_reason": MAX_MESSAGE_CHARS,
        "max_text": MAX_CLAIM_CHARS,
    }
    return render(request, "pages/claim.html", context)


# A person who leaves a session open must not lose a plugin to the next one at the desk.
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def answer(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Withdraw, accept, object, or decide."""
    # After the confirmation, which loses the form, the browser comes back with GET.
    if request.method == "POST":
        verb = request.POST.get("answer", "")
        actor = get_signed_in_user(request)
        if verb not in CLAIM_ANSWERS:
            messages.error(request, "The form is not complete. Nothing was changed.")
            return redirect("claims")
        try:
            claim = answer_claim(
                actor=actor,
                claim_id=claim_id,
                answer=verb,
                reason=request.POST.get("reason", ""),
            )
        except PlugportError as error:
            messages.error(request, _describe(error))
        else:
            messages.success(request, f"The claim to {claim.target} is now: {claim.state}.")
    return redirect("claim", claim_id)


def _add_error(form: ClaimForm, error: PlugportError) -> None:
    fields = [each for each in error.fields if each.field in form.fields]
    for each in fields:
        form.add_error(each.field, f"{each.detail} Allowed: {each.allowed}.")
    if not fields:
        form.add_error(None, _describe(error))


def _describe(error: PlugportError) -> str:
    details = " ".join(f"{each.detail} Allowed: {each.allowed}." for each in error.fields)
    return f"{error.detail} {details or error.hint or ''}".strip()
