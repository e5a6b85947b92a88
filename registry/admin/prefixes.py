"""Reserved prefixes in Django's admin: operators reserve and release them, with a preview."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.shortcuts import redirect

from accounts.admin.base import ModelAdmin, StaffViewMixin, TabularInline
from accounts.models import GrandfatheredName, Owner, ReservedPrefix, User
from plugport.spec.errors import PlugportError
from registry.actions.organizations.reserve_prefix import (
    list_grandfathered,
    parse_prefix,
    release_prefix,
    reserve_prefix,
)

# In the preview. The command `reserve_prefix --dry-run` shows all.
_MAX_NAMES = 50
# On the request: why the action refused what the form had accepted.
_REFUSAL = "prefix_refusal"


class PrefixForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new prefix. The first time, it shows the names that exist. `refusal` is why it was refused."""

    refusal: PlugportError | None = None
    owner_name = forms.CharField(
        label="Owner",
        required=False,
        max_length=65,
        help_text="The account or organization that may use the prefix. Without an owner, only moderators may.",
    )
    is_confirmed = forms.BooleanField(
        label="Reserve",
        required=False,
        help_text="Without it, the form shows the names that exist and would stay with their owners.",
    )

    class Meta:
        model = ReservedPrefix
        fields = ("prefix", "reason")

    def clean(self) -> dict[str, Any]:
        """Find the owner, and show the names until the operator confirms."""
        values = super().clean() or {}
        name = values.get("owner_name", "").strip().removeprefix("@")
        owner = Owner.objects.filter(name=name).first() if name else None
        if name and owner is None:
            self.add_error("owner_name", "There is no account or organization of this name.")
        try:
            prefix = parse_prefix(values.get("prefix", ""))
        except PlugportError as error:
            self.add_error("prefix", error.detail)
            return values
        if self.refusal is not None:
            self.add_error("prefix", f"{self.refusal.detail} {self.refusal.hint or ''}".strip())
            return values
        if not values.get("is_confirmed") and not self.errors:
            found = list_grandfathered(prefix, owner)
            names = ", ".join(f"{kind} {each}" for kind, each in found[:_MAX_NAMES]) or "none"
            more = f" and {len(found) - _MAX_NAMES} more" if len(found) > _MAX_NAMES else ""
            self.add_error(
                "is_confirmed",
                f"Existing names that would stay with their owners ({len(found)}): {names}{more}. Tick the"
                " box to reserve the prefix.",
            )
        return {**values, "prefix": prefix, "owner": owner}


class GrandfatheredInline(StaffViewMixin, TabularInline):
    """The names that existed before."""

    model = GrandfatheredName
    fields = ("kind", "name")
    extra = 0


@admin.register(ReservedPrefix)
class ReservedPrefixAdmin(StaffViewMixin, ModelAdmin):
    """Prefixes and the names that existed before. Only operators add and delete them."""

    list_display = ("prefix", "owner", "reason", "created_at")
    search_fields = ("prefix", "owner__name")
    inlines = (GrandfatheredInline,)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without the deletion of several at once, which bypasses `delete_model`."""
        return {}

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form of a new prefix; a page to read for an old one."""
        if obj is None:
            refusal = getattr(request, _REFUSAL, None)
            kwargs["form"] = type("PrefixForm", (PrefixForm,), {"refusal": refusal})
        return super().get_form(request, obj, change=change, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form again, with the reason, if the prefix cannot be reserved."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except PlugportError as error:
            setattr(request, _REFUSAL, error)
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The list, with the reason, if the prefix cannot be released."""
        try:
            return super().delete_view(request, *args, **kwargs)
        except PlugportError as error:
            messages.error(request, f"{error.detail} {error.hint or ''}".strip())
            return redirect("admin:accounts_reservedprefix_changelist")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The inputs of a new prefix, or the columns of an old one."""
        if obj is None:
            return ("prefix", "owner_name", "reason", "is_confirmed")
        return ("prefix", "owner", "reason", "created_at")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """The names of an old prefix."""
        return () if obj is None else self.inlines

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Reserve the prefix."""
        actor = request.user
        assert isinstance(actor, User)
        values = form.cleaned_data
        reserved = reserve_prefix(
            actor=actor,
            prefix=values["prefix"],
            owner=values["owner"],
            reason=values["reason"],
        )
        # What the admin names in its message.
        obj.pk, obj.key = reserved.pk, reserved.key

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Release the prefix."""
        actor = request.user
        assert isinstance(actor, User)
        release_prefix(actor=actor, prefix=obj.prefix)
