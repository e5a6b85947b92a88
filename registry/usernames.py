"""Which user names a new account may take: none that is, or looks like, another's name or scope."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.names import USERNAME_VALIDATORS as PLAIN_VALIDATORS
from plugport.spec.names import PluginName
from registry.models import Scope


def check_scope_is_free(value: str) -> None:
    """Raise `ValidationError` if the scope of that name, or one that looks alike, is taken.

    Every account owns the scope of its name, also before its first plugin.
    """
    key = PluginName(None, value).collision_key
    scope = Scope.objects.filter(collision_key=key).first()
    if scope is not None:
        raise ValidationError(f"`{value}` is too close to the scope `{scope}`.", code="scope-taken")
    twin = User.objects.filter(collision_key=key).exclude(username=value).first()
    if twin is not None:
        raise ValidationError(f"`{value}` is too close to the account `{twin}`.", code="name-taken")


USERNAME_VALIDATORS = [*PLAIN_VALIDATORS, check_scope_is_free]
