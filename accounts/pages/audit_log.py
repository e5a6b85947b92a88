"""The pages of the audit log: one's own, and everything for operators. Apps above add further ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.audit.catalog import list_actions
from accounts.audit.formats import (
    build_event,
    find_subject_name,
    format_cef_line,
    format_json_line,
    get_title,
)
from accounts.audit.forwarding import find_forwarding_problem
from accounts.models import AuditEntry, User
from accounts.pages.current_user import get_signed_in_user
from accounts.queries.audit import (
    AuditFilter,
    AuditScope,
    build_full_scope,
    build_own_scope,
    iter_entries,
    list_entries,
)
from common.api.json_encoding import dump_json
from common.http.networks import parse_address

PAGE_ENTRIES = 50
_MAX_ID = 10**18
_FORMATS = {
    "jsonl": ("application/jsonl", format_json_line),
    "cef": ("text/plain; charset=utf-8", format_cef_line),
}


class FilterForm(forms.Form):
    """The filters in the query of the page."""

    actor = forms.CharField(label="Who", required=False, max_length=150)
    action = forms.ChoiceField(label="What", required=False)
    target = forms.CharField(label="On what", required=False, max_length=400)
    address = forms.CharField(label="IP address", required=False, max_length=50)
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    before = forms.IntegerField(
        required=False, min_value=1, max_value=_MAX_ID, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, with_address: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(action.code, action.title) for action in list_actions()]
        self.fields["action"].choices = [("", "Everything"), *sorted(choices, key=lambda c: c[1])]  # type: ignore[attr-defined]
        if not with_address:
            del self.fields["address"]

    def clean_address(self) -> str:
        """The address as it is stored."""
        text = self.cleaned_data["address"]
        address = parse_address(text) if text else None
        if text and address is None:
            raise ValidationError("Enter an IPv4 or IPv6 address.")
        return str(address) if address else ""

    def build_filter(self) -> AuditFilter:
        """The filter of a valid form."""
        values = {key: value for key, value in self.cleaned_data.items() if key != "before"}
        return AuditFilter(**values)


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log: its scope, its title, where it is, and where it leads back to."""

    scope: AuditScope
    title: str
    view: str
    arguments: tuple[str, ...] = ()
    back: str = ""
    back_title: str = ""
    with_address: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """An entry as the page shows it. `details` are pairs of a label and a text."""

    entry: AuditEntry
    title: str
    subject: str
    address: str
    user_agent: str
    details: list[tuple[str, str]]


def render_log(request: HttpRequest, page: LogPage) -> HttpResponse:
    """The newest entries of the scope that match the filters in the query."""
    form = FilterForm(request.GET, with_address=page.with_address)
    rows: list[_Row] = []
    older = ""
    if is_valid := form.is_valid():
        entries = list_entries(
            page.scope,
            form.build_filter(),
            before=form.cleaned_data["before"],
            limit=PAGE_ENTRIES + 1,
        )
        if len(entries) > PAGE_ENTRIES:
            older = _build_query(form, before=entries[PAGE_ENTRIES - 1].pk)
        rows = [_build_row(entry, page) for entry in entries[:PAGE_ENTRIES]]
    context: dict[str, Any] = {
        "page": page,
        "form": form,
        "rows": rows,
        "older": older,
        "is_filtered": bool(_build_query(form)) if is_valid else True,
        "newest": _build_query(form) if is_valid and form.cleaned_data["before"] else None,
        "address": reverse(page.view, args=page.arguments),
        "export_address": reverse(f"{page.view}-export", args=page.arguments),
        "export_values": [
            (key, value)
            for key, value in request.GET.items()
            if is_valid and key in form.fields and key != "before"
        ],
    }
    return render(request, "account/audit_log.html", context, status=200 if is_valid else 400)


def export_log(request: HttpRequest, page: LogPage) -> HttpResponseBase:
    """All entries that match, as a file that is sent while it is read. Writes an audit entry."""
    form = FilterForm(request.POST, with_address=page.with_address)
    name = request.POST.get("format", "jsonl")
    if not form.is_valid() or name not in _FORMATS:
        return render_log(request, page)
    wanted = form.build_filter()
    record_audit_entry(
        actor=get_signed_in_user(request),
        action="audit.exported",
        target=page.scope.name,
        format=name,
        filter={key: str(form.cleaned_data[key]) for key in form.fields if form.cleaned_data[key]},
    )
    media_type, format_line = _FORMATS[name]

    def iter_lines() -> Iterator[bytes]:
        for entry in iter_entries(page.scope, wanted):
            yield format_line(build_event(entry, with_address=page.scope.shows_address(entry)))

    now = timezone.now().astimezone(dt.UTC)
    headers = {
        "Content-Disposition": f'attachment; filename="audit-log-{now:%Y%m%d-%H%M%S}.{name}"'
    }
    return StreamingHttpResponse(iter_lines(), content_type=media_type, headers=headers)


def _build_query(form: FilterForm, **changes: object) -> str:
    values = {key: form.cleaned_data[key] for key in form.fields if key != "before"}
    values |= changes
    return urlencode({key: value for key, value in values.items() if value})


def _build_row(entry: AuditEntry, page: LogPage) -> _Row:
    shows_address = page.scope.shows_address(entry) and entry.identity is not None
    identity = entry.identity if shows_address else None
    details = [("Before", entry.before), ("After", entry.after), *entry.details.items()]
    return _Row(
        entry,
        get_title(entry.action),
        # An account as the target is named there.
        (find_subject_name(entry) or "") if entry.target_kind != "account" else "",
        identity.address if identity else "",
        identity.user_agent if identity else "",
        [
            (label, value if isinstance(value, str) else dump_json(value).decode())
            for label, value in details
            if value not in (None, "")
        ],
    )


def _build_own_page(user: User) -> LogPage:
    return LogPage(
        build_own_scope(user),
        "Security log",
        "security-log",
        back=reverse("account"),
        back_title="Your account",
    )


def _build_full_page(user: User) -> LogPage:
    # As unknown as any other address: who may read the log is nobody's business.
    if not user.has_perm("accounts.view_auditentry"):
        raise Http404
    return LogPage(
        build_full_scope(),
        "Audit log",
        "audit-log",
        back=reverse("admin:index"),
        back_title="Administration",
        problem=find_forwarding_problem(),
    )


@require_safe
@never_cache
@login_required
def render_own_log(request: HttpRequest) -> HttpResponse:
    """What the account did and what concerns it."""
    return render_log(request, _build_own_page(get_signed_in_user(request)))


@require_POST
@never_cache
@login_required
def export_own_log(request: HttpRequest) -> HttpResponseBase:
    """The same as a file."""
    return export_log(request, _build_own_page(get_signed_in_user(request)))


@require_safe
@never_cache
@login_required
def render_full_log(request: HttpRequest) -> HttpResponse:
    """Everything, for accounts that may view audit entries."""
    return render_log(request, _build_full_page(get_signed_in_user(request)))


@require_POST
@never_cache
@login_required
def export_full_log(request: HttpRequest) -> HttpResponseBase:
    """The same as a file."""
    return export_log(request, _build_full_page(get_signed_in_user(request)))
