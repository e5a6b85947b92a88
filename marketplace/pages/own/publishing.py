"""`/account/publishing`: CI jobs of plugins that do not exist yet, and issuers of identity tokens."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.register_issuer import register_issuer, remove_issuer
from accounts.models import User
from accounts.pages.current_user import get_signed_in_user
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from common.http.status import get_status
from marketplace.pages.own.publisher_form import IssuerForm, NewPublisherForm
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName
from registry.actions.add_trusted_publisher import add_trusted_publisher
from registry.actions.remove_trusted_publisher import remove_trusted_publisher
from registry.queries.trusted_publishers import list_pending_publishers, list_registered_issuers


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_own_publishing(request: HttpRequest) -> HttpResponse:
    """The pending publishers and issuers of the account, with the forms for more."""
    actor = get_signed_in_user(request)
    form, issuer_form = NewPublisherForm(), IssuerForm()
    if request.method != "POST":
        return _render(request, actor, form, issuer_form)
    if not is_confirmed(request):
        return redirect_to_confirmation(request.path)
    action = request.POST.get("action", "")
    status = 400
    if action == "add":
        form = NewPublisherForm(request.POST)
        if form.is_valid():
            try:
                return _add(request, actor, form)
            except PlugportError as error:
                form.add_errors(error)
                status = get_status(error)
    elif action == "add-issuer":
        issuer_form = IssuerForm(request.POST)
        if issuer_form.is_valid():
            try:
                issuer = register_issuer(
                    actor=actor, owner=actor.owner, url=issuer_form.cleaned_data["url"]
                )
            except PlugportError as error:
                issuer_form.add_error("url", f"{error.detail} {error.hint or ''}".strip())
                status = get_status(error)
            else:
                messages.success(request, f"{issuer.url} is registered for your plugins.")
                return redirect("own-publishing")
    else:
        _remove(request, actor, action)
        return redirect("own-publishing")
    return _render(request, actor, form, issuer_form, status=status)


def _add(request: HttpRequest, actor: User, form: NewPublisherForm) -> HttpResponse:
    name = PluginName.parse(form.cleaned_data["name"])
    publisher = add_trusted_publisher(actor=actor, name=name, request=form.build_request())
    text = f"Jobs of {publisher.repository or publisher.issuer} may publish {publisher.name}."
    messages.success(request, text)
    if publisher.plugin_id is not None:
        return redirect("publishing", publisher.name)
    return redirect("own-publishing")


def _remove(request: HttpRequest, actor: User, action: str) -> None:
    text = request.POST.get("id", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    if action == "remove":
        removed = remove_trusted_publisher(actor=actor, publisher_id=number)
        messages.success(request, f"No job may publish {removed.name} for you with this entry.")
    elif action == "remove-issuer":
        issuer = remove_issuer(actor=actor, owner=actor.owner, issuer_id=number)
        messages.success(request, f"Jobs of {issuer.url} publish your plugins no longer.")
    else:
        messages.error(request, "The form is not complete. Nothing was changed.")


def _render(
    request: HttpRequest,
    actor: User,
    form: NewPublisherForm,
    issuer_form: IssuerForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "issuer_form": issuer_form,
        "publishers": list_pending_publishers(actor),
        "issuers": list_registered_issuers(actor.owner),
        "is_confirmed": is_confirmed(request),
    }
    return render(request, "account/publishing.html", context, status=status)
