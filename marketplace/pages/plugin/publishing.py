"""`/plugins/{name}/publishing`: the CI jobs that may publish a plugin, and its rules for releases."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.pages.current_user import get_signed_in_user
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from common.http.status import get_status
from marketplace.pages.own.publisher_form import TrustedPublisherForm
from plugport.spec.errors import PlugportError
from registry.actions.add_trusted_publisher import add_trusted_publisher
from registry.actions.change_publishing_rules import change_publishing_rules
from registry.actions.remove_trusted_publisher import remove_trusted_publisher
from registry.models import Plugin
from registry.queries.members import get_member_plugin
from registry.queries.trusted_publishers import get_managed_publishers


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_publishing(request: HttpRequest, name: str) -> HttpResponse:
    """The trusted publishers, the form for another one, and the rules; for owners and maintainers."""
    actor = get_signed_in_user(request)
    plugin = get_member_plugin(name, actor=actor)
    # Before anything else, and also before a person is asked for the password.
    get_managed_publishers(actor, plugin)
    if request.method != "POST":
        return _render(request, actor, plugin, TrustedPublisherForm())
    if not is_confirmed(request):
        return redirect_to_confirmation(request.path)
    action = request.POST.get("action", "")
    if action == "add":
        return _add(request, actor, plugin)
    if action == "remove":
        number = request.POST.get("id", "")
        is_number = number.isascii() and number.isdecimal() and len(number) < 19
        removed = remove_trusted_publisher(
            actor=actor, publisher_id=int(number) if is_number else 0
        )
        messages.success(
            request,
            f"Jobs of {removed.repository or removed.issuer} publish {removed.name} no longer.",
        )
    elif action == "rules":
        change_publishing_rules(
            actor=actor,
            plugin=plugin,
            trusted_only="trusted_only" in request.POST,
            stages_trusted="stages_trusted" in request.POST,
        )
        messages.success(request, "The rules are saved.")
    else:
        messages.error(request, "The form is not complete. Nothing was changed.")
    return redirect("publishing", plugin.name)


def _add(request: HttpRequest, actor: User, plugin: Plugin) -> HttpResponse:
    form = TrustedPublisherForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            publisher = add_trusted_publisher(
                actor=actor, name=plugin.parsed_name, request=form.build_request()
            )
        except PlugportError as error:
            form.add_errors(error)
            status = get_status(error)
        else:
            messages.success(
                request,
                f"Jobs of {publisher.repository or publisher.issuer} may publish {plugin.name}.",
            )
            return redirect("publishing", plugin.name)
    return _render(request, actor, plugin, form, status=status)


def _render(
    request: HttpRequest,
    actor: User,
    plugin: Plugin,
    form: TrustedPublisherForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "plugin": plugin,
        "publishers": get_managed_publishers(actor, plugin),
        "form": form,
        "is_confirmed": is_confirmed(request),
    }
    return render(request, "pages/publishing.html", context, status=status)
