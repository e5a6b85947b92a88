"""Accounts in Django's admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import allauth.account.admin  # registers lists that are removed below
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401 -- likewise
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.set_password import set_password
from accounts.admin.base import ModelAdmin, ReadOnlyMixin
from accounts.models import GROUP_FIELDS, AccountGroup, AuditEntry, Owner, Token, User
from accounts.policies import is_operator
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from common.bounded_fields import check_stored_size

MAX_LOG_MESSAGE_BYTES = 64 << 10

if TYPE_CHECKING:
    # Generic for the type checker only: at run time Django's admin classes take no parameter.
    _UserAdmin = UserAdmin[User]
    _PasswordForm = AdminPasswordChangeForm[User]
else:
    _PasswordForm = AdminPasswordChangeForm
    _UserAdmin = UserAdmin


def _redirect_to_password_page(
    _request: HttpRequest, extra_context: dict[str, Any] | None = None
) -> HttpResponse:
    return redirect("account_change_password")


# Staff use the regular sign-in page, which limits failed attempts. Django's own admin login does not.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# Staff change their password on the regular page too, which revokes tokens.
admin.site.password_change = _redirect_to_password_page  # type: ignore[method-assign,assignment]
# The library's own list of addresses. This registry keeps one address for each account, in the account.
admin.site.unregister(EmailAddress)
# They would show secrets, and change who signs in as whom without an audit entry.
admin.site.unregister([Authenticator, SocialApp, SocialAccount, SocialToken])


@receiver(pre_save, sender=LogEntry)
def _check_log_entry(instance: LogEntry, **_: Any) -> None:
    """The message names the changed fields of a form, and the objects below it."""
    size = len(instance.change_message.encode())
    check_stored_size("admin.LogEntry.change_message", size, MAX_LOG_MESSAGE_BYTES)


class PasswordForm(_PasswordForm):
    """Django's form, which also revokes the account's tokens."""

    def save(self, commit: bool = True) -> User:
        """Set the password, or remove it. It is always stored at once."""
        has_password = self.cleaned_data.get("set_usable_password", True)
        password = self.cleaned_data["password1"] if has_password else None
        set_password(user=self.user, password=password, by=None)
        return self.user


_RIGHTS = ("is_staff", *GROUP_FIELDS.values(), "is_verified")


@admin.register(User)
class AccountAdmin(_UserAdmin):
    """Users, with the groups of the registry. Suspending is on a page of its own, which asks for a reason."""

    change_password_form = PasswordForm
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("Registry", {"fields": ("is_moderator", "is_security_reviewer", "is_verified", "state")}),
    )
    readonly_fields = ("is_active", "state")
    list_display = ("username", "email", "is_verified", "is_staff", "is_moderator", "date_joined")

    @admin.display(description="suspension and groups")
    def state(self, account: User) -> str:
        """A link to the page that suspends the account."""
        address = reverse("managed-account", args=[account.username])
        return format_html('<a href="{}">{}</a>', address, address)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form of an account, which a session alone does not open: it gives rights."""
        if not is_confirmed(request):
            return redirect_to_confirmation(request.path, request)
        return super().changeform_view(request, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Rights too, for all but operators, and of one's own account: see `check_may_change_groups`."""
        fields = tuple(super().get_readonly_fields(request, obj))
        if isinstance(request.user, User) and is_operator(request.user) and obj != request.user:
            return fields
        return (*fields, "is_staff", *GROUP_FIELDS.values(), "groups", "user_permissions")

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer only groups that have no column of their own."""
        if db_field.name == "groups":
            kwargs["queryset"] = Group.objects.exclude(name__in=AccountGroup.values)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the groups; those with a column follow it."""
        if "groups" in form.cleaned_data:
            own = Group.objects.filter(name__in=form.instance.registry_groups)
            form.cleaned_data["groups"] = [*form.cleaned_data["groups"], *own]
        super().save_related(request, form, formsets, change)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save the account and write an audit entry with the rights before and after."""
        with transaction.atomic():
            before = User.objects.get(pk=obj.pk) if change else None
            super().save_model(request, obj, form, change)
            rights = [name for name in form.changed_data if name in _RIGHTS]
            record_audit_entry(
                actor=None,
                action="account.edited" if change else "account.created-by-operator",
                target=obj,
                before={name: getattr(before, name) for name in rights} if before else None,
                after={name: getattr(obj, name) for name in rights},
                fields=sorted(form.changed_data),
            )

    list_filter = (*UserAdmin.list_filter, *list(GROUP_FIELDS.values())[:2], "is_verified")


admin.site.unregister(Group)


@admin.register(Group)
class RegistryGroupAdmin(GroupAdmin):
    """Django's groups. Those of the registry keep their names and are never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Whether it is another group. Selections of several are not deleted at all."""
        is_own = obj is None or obj.name in AccountGroup.values
        return not is_own and super().has_delete_permission(request, obj)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Group | None = None
    ) -> tuple[str, ...]:
        """Policies find the groups of the registry by name."""
        return ("name",) if obj is not None and obj.name in AccountGroup.values else ()


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyMixin, ModelAdmin):
    """The audit log, searchable."""

    list_display = ("at", "actor_name", "action", "target", "via")
    list_filter = ("actor_kind", "target_kind")
    search_fields = ("identity__name", "target_name", "action")
    date_hierarchy = "at"
    # Counting a long log takes as long as reading it.
    show_full_result_count = False

    @admin.display(description="actor")
    def actor_name(self, entry: AuditEntry) -> str:
        """The name, or the pseudonym of a deleted account."""
        return entry.actor_name

    @admin.display(description="target")
    def target(self, entry: AuditEntry) -> str:
        """The name of the target."""
        return entry.target


@admin.register(Owner)
class OwnerAdmin(ReadOnlyMixin, ModelAdmin):
    """The names of persons and organizations."""

    list_display = ("name", "kind")
    list_filter = ("kind",)
    search_fields = ("name",)


@admin.register(Token)
class TokenAdmin(ReadOnlyMixin, ModelAdmin):
    """Tokens without their hashes."""

    list_display = ("start", "user", "name", "created_at", "expires_at", "revoked_at")
    search_fields = ("user__username", "name", "start")
    exclude = ("sha256",)
