"""Plugins, scopes, the journal and the jobs in Django's admin. Nothing is edited in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.base import ModelAdmin, StaffViewMixin, TabularInline
from accounts.models import User
from accounts.policies import is_moderator
from plugport.spec.errors import PlugportError
from registry.actions.feature_plugin import feature_plugin
from registry.actions.run_job_again import run_job_again
from registry.models import (
    OPEN_STATES,
    Job,
    JournalEntry,
    Member,
    Plugin,
    Scope,
    Transfer,
    TrustedPublisher,
)

# In a message about several jobs.
_MAX_NAMES = 10


class MemberInline(StaffViewMixin, TabularInline):
    """The members on the page of a plugin."""

    model = Member
    fields = ("holder", "role", "created_at")
    extra = 0


@admin.register(Plugin)
class PluginAdmin(StaffViewMixin, ModelAdmin):
    """Plugins, and which of them the front page features."""

    list_display = ("name", "kind", "trust", "is_listed", "featured_at", "downloads", "updated_at")
    list_filter = (
        "kind",
        "trust",
        "is_listed",
        ("featured_at", admin.EmptyFieldListFilter),
        "dialect",
    )
    search_fields = ("name", "description")
    exclude = ("document", "metadata")
    inlines = (MemberInline,)
    actions = ("feature", "unfeature")

    @admin.action(description="Feature on the front page")
    def feature(self, request: HttpRequest, selected: QuerySet[Plugin]) -> None:
        """Feature the selected plugins."""
        self._set_featured(request, selected, is_featured=True)

    @admin.action(description="Remove from the front page")
    def unfeature(self, request: HttpRequest, selected: QuerySet[Plugin]) -> None:
        """Stop featuring the selected plugins."""
        self._set_featured(request, selected, is_featured=False)

    def _set_featured(
        self, request: HttpRequest, selected: QuerySet[Plugin], *, is_featured: bool
    ) -> None:
        actor: Any = request.user
        # The name last: the admin capitalizes the first letter of a message.
        unchanged, changed = ("Already", "Now") if is_featured else ("Not", "No longer")
        try:
            for plugin in selected:
                if not feature_plugin(actor=actor, plugin=plugin, is_featured=is_featured):
                    messages.info(request, f"{unchanged} featured: {plugin}.")
                elif is_featured and not plugin.is_listed:
                    messages.warning(
                        request, f"Featured, but not shown until it is listed: {plugin}."
                    )
                else:
                    messages.success(request, f"{changed} featured: {plugin}.")
        except PlugportError as error:
            messages.error(request, error.detail)


@admin.register(JournalEntry)
class JournalAdmin(StaffViewMixin, ModelAdmin):
    """The public changes in order."""

    list_display = ("serial", "event", "plugin", "version", "at")
    list_filter = ("event",)
    search_fields = ("plugin",)


@admin.register(Job)
class JobAdmin(StaffViewMixin, ModelAdmin):
    """The background jobs that are queued, leased or failed."""

    list_display = ("kind", "key", "state", "attempts", "available_at", "last_error")
    list_filter = ("kind", "state")
    search_fields = ("key", "last_error")
    actions = ("run_again",)

    def has_run_permission(self, request: HttpRequest) -> bool:
        """Whether the account may run failed jobs again."""
        return isinstance(request.user, User) and is_moderator(request.user)

    @admin.action(description="Run again", permissions=["run"])
    def run_again(self, request: HttpRequest, selected: QuerySet[Job]) -> None:
        """Queue the selected jobs that failed, and name the others."""
        actor: Any = request.user
        queued, others = [], []
        try:
            for job in selected.order_by("pk"):
                if run_job_again(actor=actor, job=job):
                    queued.append(job)
                    self.log_change(request, job, "Run again.")
                else:
                    others.append(job)
        except PlugportError as error:
            messages.error(request, error.detail)
        if queued:
            messages.success(request, f"Queued again: {_join_names(queued)}.")
        if others:
            messages.warning(request, f"Not failed, and left as they are: {_join_names(others)}.")


def _join_names(jobs: Sequence[Job]) -> str:
    names = ", ".join(map(str, jobs[:_MAX_NAMES]))
    return names if len(jobs) <= _MAX_NAMES else f"{names} and {len(jobs) - _MAX_NAMES} more"


@admin.register(Scope)
class ScopeAdmin(StaffViewMixin, ModelAdmin):
    """Scopes and their owners."""

    list_display = ("name", "owner", "is_official", "created_at")
    search_fields = ("name", "owner__name")


class FailingFilter(admin.SimpleListFilter):
    """Open transfers that ended with an error when they were due."""

    title = "failures"
    parameter_name = "failing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Failing")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Transfer]) -> QuerySet[Transfer]:
        is_chosen = self.value() == "1"
        return rows.filter(failures__gt=0, state__in=OPEN_STATES) if is_chosen else rows


@admin.register(Transfer)
class TransferAdmin(StaffViewMixin, ModelAdmin):
    """The transfers of plugins and scopes, and those that cannot take effect because of an error."""

    list_display = (
        "target",
        "giver",
        "receiver",
        "state",
        "takes_effect_at",
        "failures",
        "retry_at",
    )
    list_select_related = ("plugin", "scope", "giver", "receiver")
    list_filter = (FailingFilter, "state")
    search_fields = ("plugin__name", "scope__name", "giver__name", "receiver__name")


@admin.register(TrustedPublisher)
class TrustedPublisherAdmin(StaffViewMixin, ModelAdmin):
    """The CI jobs that may publish without a stored token."""

    list_display = ("name", "provider", "repository", "issuer", "created_by", "last_used_at")
    list_select_related = ("created_by",)
    list_filter = ("provider", ("plugin", admin.EmptyFieldListFilter))
    search_fields = ("name", "repository", "issuer", "created_by__username")
