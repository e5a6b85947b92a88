"""Accounts in Django's admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from accounts.models import AuditEntry, Token, User

if TYPE_CHECKING:
    # Generic for the type checker only: at run time Django's admin classes take no parameter.
    _UserAdmin = UserAdmin[User]
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _UserAdmin = UserAdmin
    _ModelAdmin = admin.ModelAdmin


# Staff sign in where everybody does: there, failures are counted and slowed down.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class AccountAdmin(_UserAdmin):
    """Users with the moderator flag."""

    fieldsets = (*(UserAdmin.fieldsets or ()), ("Registry", {"fields": ("is_moderator",)}))
    list_display = ("username", "email", "is_staff", "is_moderator", "date_joined")


class _ReadOnlyAdmin(_ModelAdmin):
    """Looked at, never written, in the admin."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(_ReadOnlyAdmin):
    """The record, searchable."""

    list_display = ("at", "actor_name", "action", "target")
    list_filter = ("action",)
    search_fields = ("actor_name", "target")
    date_hierarchy = "at"


@admin.register(Token)
class TokenAdmin(_ReadOnlyAdmin):
    """Tokens without their hashes."""

    list_display = ("start", "user", "name", "limit", "created_at", "expires_at", "revoked_at")
    search_fields = ("user__username", "name", "start")
    exclude = ("sha256",)
