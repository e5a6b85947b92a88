"""Releases in Django's admin: what was found, what was decided, and a moderator's decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from accounts.admin.base import ModelAdmin, StaffViewMixin
from accounts.models import User
from accounts.policies import is_moderator
from registry.models import Release
from registry.models.states import PUBLIC_STATES
from registry.moderation.decisions import (
    DECISIONS,
    MAX_RELEASES,
    Decision,
    ReasonForm,
    apply_decision,
    build_confirmation,
    list_allowed,
    parse_selection,
)
from registry.moderation.findings import build_checks
from registry.queries.moderation import list_decisions


def _build_action(
    decision: Decision,
) -> Callable[[Any, HttpRequest, QuerySet[Release]], HttpResponse | None]:
    """An admin action that leads to the page that confirms the decision, and changes nothing."""

    @admin.action(description=f"{decision.title}…", permissions=["moderate"])
    def start(
        _admin: ModelAdmin, request: HttpRequest, selected: QuerySet[Release]
    ) -> HttpResponse | None:
        keys = list(selected.values_list("pk", flat=True)[: MAX_RELEASES + 1])
        if len(keys) > MAX_RELEASES:
            messages.error(request, f"Select at most {MAX_RELEASES} releases.")
            return None
        query = urlencode([("release", key) for key in keys])
        address = reverse("admin:registry_release_decide", args=[decision.name])
        return HttpResponseRedirect(f"{address}?{query}")

    # Django identifies an action by its function's name.
    start.__name__ = f"{decision.name}_release"
    return start


# The plugin, the version, the state and its reason, and the publisher are above the fields.
_FIELDS = ("trust", "created_at", "published_at", "unpacked_bytes", "downloads", "public_id")
# Most releases have none of these.
_OPTIONAL_FIELDS = (
    *("tag", "is_prerelease", "deprecated_at", "deprecated_message", "replacement"),
    *("yanked_at", "yanked_reason"),
)


@admin.register(Release)
class ReleaseAdmin(StaffViewMixin, ModelAdmin):
    """Releases with their check results, and a moderator's decisions."""

    list_display = ("plugin", "version", "state", "trust", "published_by", "created_at")
    list_filter = ("state", "trust", "is_prerelease")
    search_fields = ("plugin__name", "version", "published_by__username")
    list_select_related = ("plugin", "published_by")
    readonly_fields = ("public_id",)
    actions = tuple(_build_action(decision) for decision in DECISIONS.values())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        """Return the releases with what their pages show of other tables."""
        return super().get_queryset(request).select_related("plugin", "published_by")

    def get_fields(self, request: HttpRequest, obj: Release | None = None) -> tuple[str, ...]:
        """Return the fields that the release has a value for."""
        return (*_FIELDS, *(name for name in _OPTIONAL_FIELDS if getattr(obj, name, None)))

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Whether the account may decide on releases."""
        return isinstance(request.user, User) and is_moderator(request.user)

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the one that confirms a decision."""
        view = self.admin_site.admin_view(self.confirm_decision)
        # First: the pages of an object match every path.
        return [
            path("decide/<slug:name>/", view, name="registry_release_decide"),
            *super().get_urls(),
        ]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Release | None = None,
    ) -> HttpResponse:
        """Render the page of a release with its checks and its history: 4 queries more."""
        if obj is not None and isinstance(request.user, User):
            can_moderate = is_moderator(request.user)
            context |= {
                "title": str(obj),
                "subtitle": "",
                "checks": build_checks(obj.checks.all()),
                "history": list_decisions(obj),
                "can_moderate": can_moderate,
                "decisions": list_allowed(request.user, obj) if can_moderate else [],
                "is_public": obj.state in PUBLIC_STATES,
                "can_view_accounts": request.user.has_perm("accounts.view_user"),
                "can_view_audit": request.user.has_perm("accounts.view_auditentry"),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    @method_decorator(require_http_methods(["GET", "POST"]))
    def confirm_decision(self, request: HttpRequest, name: str) -> HttpResponse:
        """Show what a decision does and ask for its reason; a POST with one applies it."""
        decision = DECISIONS.get(name)
        if decision is None:
            raise Http404
        if not isinstance(request.user, User) or not self.has_moderate_permission(request):
            raise PermissionDenied("Only moderators may decide on releases.")
        is_sent = request.method == "POST"
        try:
            seen = parse_selection(request.POST if is_sent else request.GET)
        except ValueError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("admin:registry_release_changelist"))
        form = ReasonForm(request.POST if is_sent else None)
        if is_sent and form.is_valid():
            reason = form.cleaned_data["reason"]
            releases = apply_decision(request, request.user, decision, seen, reason)
            return HttpResponseRedirect(_find_next_page(releases))
        confirmation = build_confirmation(request.user, decision, list(seen))
        context = {
            **self.admin_site.each_context(request),
            **confirmation,
            "title": f"{decision.title} {len(seen)} release{'' if len(seen) == 1 else 's'}",
            "opts": self.opts,
            "form": form,
            "back": _find_next_page([each.release for each in confirmation["candidates"]]),
        }
        return TemplateResponse(request, "admin/registry/release/decide.html", context)


def _find_next_page(releases: Sequence[Release]) -> str:
    """The page of the only release, or the list."""
    if len(releases) == 1:
        return reverse("admin:registry_release_change", args=[releases[0].pk])
    return reverse("admin:registry_release_changelist")
