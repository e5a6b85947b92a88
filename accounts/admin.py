"""Accounts in Django's admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from accounts.admin_base import ModelAdmin, ReadOnlyMixin
from accounts.models import AuditEntry, Token, User

if TYPE_CHECKING:
    # Generic for the type checker only: at run time Django's admin classes take no parameter.
    _UserAdmin = UserAdmin[User]
else:
    _UserAdmin = UserAdmin


# Staff use the regular sign-in page, which limits failed attempts. Django's own admin login does not.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# The library's own list of addresses. This registry keeps one address for each account, in the account.
admin.site.unregister(EmailAddress)


@admin.register(User)
class AccountAdmin(_UserAdmin):
    """Users, with the moderator flag."""

    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("Registry", {"fields": ("is_moderator", "is_verified")}),
    )
    list_display = ("username", "email", "is_verified", "is_staff", "is_moderator", "date_joined")
    list_filter = (*UserAdmin.list_filter, "is_moderator", "is_verified")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyMixin, ModelAdmin):
    """The audit log, searchable."""

    list_display = ("at", "actor_name", "action", "target")
    list_filter = ("action",)
    search_fields = ("actor_name", "target")
    date_hierarchy = "at"


@admin.register(Token)
class TokenAdmin(ReadOnlyMixin, ModelAdmin):
    """Tokens without their hashes."""

    list_display = ("start", "user", "name", "limit", "created_at", "expires_at", "revoked_at")
    search_fields = ("user__username", "name", "start")
    exclude = ("sha256",)
