"""The registry in Django's admin: view everything, decide on held releases.

Nothing is edited in place. Releases and plugins change through actions only, so that state,
journal and audit log stay consistent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.admin_base import ModelAdmin, StaffViewMixin, TabularInline
from plugport.spec.errors import PlugportError
from registry.actions import moderate_release
from registry.actions.feature_plugin import feature_plugin
from registry.models import CheckRun, Job, JournalEntry, Member, Plugin, Release, Scope


class CheckRunInline(StaffViewMixin, TabularInline):
    """The check results on the page of a release."""

    model = CheckRun
    fields = ("name", "state", "findings", "duration_ms")
    extra = 0


def _build_decision_action(
    title: str, decide_one: Callable[..., None]
) -> Callable[[ModelAdmin, HttpRequest, QuerySet[Release]], None]:
    """An admin action that applies a moderator's decision to each selected release.

    One release that cannot be changed does not stop the others: each has its own message.
    """

    @admin.action(description=title)
    def decide(_admin: ModelAdmin, request: HttpRequest, selected: QuerySet[Release]) -> None:
        for release in selected.select_related("plugin", "plugin__scope"):
            try:
                decide_one(
                    actor=request.user, release=release, reason=f"{title} by {request.user}."
                )
            except PlugportError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, f"{release} is now {release.state}.")

    # Django identifies an action by its function's name.
    decide.__name__ = decide_one.__name__
    return decide


@admin.register(Release)
class ReleaseAdmin(StaffViewMixin, ModelAdmin):
    """Releases with their check results, and a moderator's decisions as actions."""

    list_display = ("plugin", "version", "state", "trust", "published_by", "created_at")
    list_filter = ("state", "trust", "is_prerelease")
    search_fields = ("plugin__name", "version", "published_by__username")
    list_select_related = ("plugin", "published_by")
    # Binary, for comparisons in the database only.
    exclude = ("sort_key",)
    inlines = (CheckRunInline,)
    actions = (
        _build_decision_action("Approve", moderate_release.approve_release),
        _build_decision_action("Reject", moderate_release.reject_release),
        _build_decision_action("Quarantine", moderate_release.quarantine_release),
        _build_decision_action("Restore", moderate_release.restore_release),
        _build_decision_action("Revoke", moderate_release.revoke_release),
    )

    def view_on_site(self, release: Release) -> str:
        """The link to the page with findings, files and changes, which shows it in every state."""
        return reverse("publication", args=[release.public_id])


class MemberInline(StaffViewMixin, TabularInline):
    """The members on the page of a plugin."""

    model = Member
    fields = ("user", "role", "created_at")
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


@admin.register(Scope)
class ScopeAdmin(StaffViewMixin, ModelAdmin):
    """Scopes and their owners."""

    list_display = ("name", "owner", "is_official", "created_at")
    search_fields = ("name", "owner__username")
