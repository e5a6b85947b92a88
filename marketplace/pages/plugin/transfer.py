"""`/plugins/<name>/transfer` and `/account/scopes/<name>/transfer`: give them to another owner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.pages.current_user import get_signed_in_user
from accounts.security.confirmation import confirmation_required
from common.http.status import get_status
from plugport.spec.errors import PlugportError
from registry.actions.transfers.offer import OFFER_DAYS, offer_plugin_transfer, offer_scope_transfer
from registry.actions.transfers.rules import (
    check_may_give_plugin,
    check_plugin_can_move,
    check_scope_can_move,
    get_receiver,
)
from registry.models import Plugin, Scope, Transfer
from registry.queries.members import get_member_plugin
from registry.queries.scopes import get_own_scope
from registry.queries.transfers import (
    Readers,
    find_open_transfer,
    list_later_readers,
    select_plugins_of,
)


class ReceiverForm(forms.Form):
    """The input of a transfer. The actions check the rules."""

    to = forms.CharField(
        label="New owner",
        max_length=65,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text="The name of an account or organization of this registry.",
    )


@dataclass(frozen=True, slots=True)
class _Target:
    """What moves. `back` is the address of the page above; `plugins` is how many move."""

    value: Plugin | Scope
    address: str
    back: str
    back_title: str
    plugins: int
    check: Callable[[str], object]
    offer: Callable[[str], Transfer]

    @property
    def name(self) -> str:
        return str(self.value)

    @property
    def is_scope(self) -> bool:
        return isinstance(self.value, Scope)


@dataclass(frozen=True, slots=True)
class _Preview:
    """What the person confirms: the receiver, and who will see what is not public."""

    to: str
    kind: str
    readers: list[Readers]


# A person who leaves a session open must not lose a plugin to the next one at the desk.
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_plugin_transfer(request: HttpRequest, name: str) -> HttpResponse:
    """Offer a plugin; for its owners: 3 queries, 4 more with a preview. Raises `UnknownPluginError` and `NotMemberError`."""
    actor = get_signed_in_user(request)
    plugin = get_member_plugin(name, actor=actor)
    check_may_give_plugin(actor, plugin)
    return _respond(
        request,
        _Target(
            value=plugin,
            address=reverse("plugin-transfer", args=[plugin.name]),
            back=reverse("owners", args=[plugin.name]),
            back_title="Members and roles",
            plugins=1,
            check=lambda to: check_plugin_can_move(plugin, get_receiver(to)),
            offer=lambda to: offer_plugin_transfer(actor=actor, plugin=plugin, to=to),
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_scope_transfer(request: HttpRequest, name: str) -> HttpResponse:
    """Offer a scope; for its owners: 3 queries, 6 more with a preview. Raises `UnknownScopeError`."""
    actor = get_signed_in_user(request)
    scope = get_own_scope(name, actor)
    return _respond(
        request,
        _Target(
            value=scope,
            address=reverse("scope-transfer", args=[scope.name]),
            back=reverse("scopes"),
            back_title="Your scopes",
            plugins=select_plugins_of(scope.pk, scope.owner_id).count(),
            check=lambda to: check_scope_can_move(actor, scope, get_receiver(to)),
            offer=lambda to: offer_scope_transfer(actor=actor, scope=scope, to=to),
        ),
    )


def _respond(request: HttpRequest, target: _Target) -> HttpResponse:
    """Show the form, then what happens with the receiver (`?to=`), whose button posts the offer."""
    preview, status = None, 200
    form = ReceiverForm(request.POST or request.GET or None)
    if form.is_bound and form.is_valid():
        to = form.cleaned_data["to"]
        try:
            target.check(to)
            if request.method == "POST":
                transfer = target.offer(to)
                messages.success(
                    request,
                    f"{target.name} is offered to {transfer.receiver.name}. Nothing changes until it is"
                    " accepted.",
                )
                return redirect(target.address)
            receiver = get_receiver(to)
            readers = list_later_readers(target.value, receiver)
            preview = _Preview(receiver.name, receiver.kind, readers)
        except PlugportError as error:
            form.add_error("to", f"{error.detail} {error.hint or ''}".strip())
            status = get_status(error)
    elif form.is_bound:
        status = 400
    context: dict[str, Any] = {
        "target": target,
        "form": form,
        "preview": preview,
        "pending": find_open_transfer(target.value),
        "days": OFFER_DAYS,
        "delay_hours": settings.TRANSFER_DELAY_HOURS,
    }
    return render(request, "pages/transfer.html", context, status=status)
