"""Which user names a new account may take: none whose scope is somebody else's already."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.names import USERNAME_VALIDATORS as PLAIN_VALIDATORS
from plugport.spec.names import PluginName
from registry.models import Scope


def check_scope_is_free(value: str) -> None:
    """Raise `ValidationError` if the scope of that name, or one that looks alike, is taken."""
    scope = Scope.objects.filter(collision_key=PluginName(None, value).collision_key).first()
    if scope is not None:
        raise ValidationError(f"`{value}` is too close to the scope `{scope}`.", code="scope-taken")


USERNAME_VALIDATORS = [*PLAIN_VALIDATORS, check_scope_is_free]
