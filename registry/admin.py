"""The registry in Django's admin: look at everything, decide on held releases.

Nothing is edited in place: what changes a release or plugin goes through actions, so that state,
journal and audit record stay together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from plugport.spec.errors import PlugportError
from registry.actions import moderate_release
from registry.actions.feature_plugin import feature_plugin
from registry.models import CheckRun, Job, JournalEntry, Member, Plugin, Release, Scope

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _ModelAdmin = admin.ModelAdmin
    _TabularInline = admin.TabularInline


class _ReadOnly:
    """No adding, editing or deleting by form."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = request.user
        return bool(user.is_active and user.is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class CheckRunInline(_ReadOnly, _TabularInline):
    """The evidence beside the case."""

    model = CheckRun
    fields = ("name", "state", "findings", "duration_ms")
    extra = 0


def _decide(
    title: str, act: Callable[..., None]
) -> Callable[[_ModelAdmin, HttpRequest, QuerySet[Release]], None]:
    """An admin action that carries a moderator's decision out on each chosen release."""

    @admin.action(description=title)
    def decide(_admin: _ModelAdmin, request: HttpRequest, chosen: QuerySet[Release]) -> None:
        for release in chosen.select_related("plugin", "plugin__scope"):
            try:
                act(actor=request.user, release=release, reason=f"{title} by {request.user}.")
            except PlugportError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, f"{release} is now {release.state}.")

    decide.__name__ = act.__name__
    return decide


@admin.register(Release)
class ReleaseAdmin(_ReadOnly, _ModelAdmin):
    """Releases with what their checks found, and the decisions a moderator can take."""

    list_display = ("plugin", "version", "state", "trust", "published_by", "created_at")
    list_filter = ("state", "trust", "is_prerelease")
    search_fields = ("plugin__name", "version", "published_by__username")
    list_select_related = ("plugin", "published_by")
    exclude = ("sort_key",)
    inlines = (CheckRunInline,)
    actions = (
        _decide("Approve", moderate_release.approve_release),
        _decide("Reject", moderate_release.reject_release),
        _decide("Quarantine", moderate_release.quarantine_release),
        _decide("Restore", moderate_release.restore_release),
        _decide("Revoke", moderate_release.revoke_release),
    )


class MemberInline(_ReadOnly, _TabularInline):
    """Who may act on the plugin."""

    model = Member
    fields = ("user", "role", "created_at")
    extra = 0


@admin.register(Plugin)
class PluginAdmin(_ReadOnly, _ModelAdmin):
    """Plugins, and what stands on the front page."""

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

    @admin.action(description="Feature")
    def feature(self, request: HttpRequest, chosen: QuerySet[Plugin]) -> None:
        """Put the chosen plugins on the front page."""
        self._set(request, chosen, is_featured=True)

    @admin.action(description="Take off the front page")
    def unfeature(self, request: HttpRequest, chosen: QuerySet[Plugin]) -> None:
        """Take the chosen plugins off the front page."""
        self._set(request, chosen, is_featured=False)

    def _set(self, request: HttpRequest, chosen: QuerySet[Plugin], *, is_featured: bool) -> None:
        actor: Any = request.user
        place = "on the front page" if is_featured else "off the front page"
        try:
            for plugin in chosen:
                if not feature_plugin(actor=actor, plugin=plugin, is_featured=is_featured):
                    messages.info(request, f"Already {place}: {plugin}.")
                elif is_featured and not plugin.is_listed:
                    messages.warning(request, f"Featured, to appear once it is listed: {plugin}.")
                else:
                    messages.success(request, f"Now {place}: {plugin}.")
        except PlugportError as error:
            messages.error(request, error.detail)


@admin.register(JournalEntry)
class JournalAdmin(_ReadOnly, _ModelAdmin):
    """The public changes in order."""

    list_display = ("serial", "event", "plugin", "version", "at")
    list_filter = ("event",)
    search_fields = ("plugin",)


@admin.register(Job)
class JobAdmin(_ReadOnly, _ModelAdmin):
    """The work that is waiting, running or given up."""

    list_display = ("kind", "key", "state", "attempts", "available_at", "last_error")
    list_filter = ("kind", "state")


@admin.register(Scope)
class ScopeAdmin(_ReadOnly, _ModelAdmin):
    """Scopes and their owners."""

    list_display = ("name", "owner", "is_official", "created_at")
    search_fields = ("name", "owner__username")
