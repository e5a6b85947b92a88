"""The rule for user names: that of a scope (PKG-1), because every account owns the scope of its name."""

from django.core.exceptions import ValidationError

from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName, check_reserved, parse_scope

_STAFF_NAMES = frozenset({"admin", "moderator"})


def check_username(value: str) -> None:
    """Raise `ValidationError` unless the value can be a scope and is not reserved.

    The registry's own staff may carry the names that are kept from everybody else; those
    accounts are made by a command, which does not pass here.
    """
    try:
        parse_scope(value)
        if value not in _STAFF_NAMES:
            check_reserved(PluginName(None, value))
    except PlugportError as error:
        raise ValidationError(error.detail, code=error.code) from None


def check_new_username(value: str) -> None:
    """As `check_username`, and the staff's names are refused too: for sign-up."""
    check_username(value)
    if value in _STAFF_NAMES:
        raise ValidationError(f"`{value}` is reserved.", code="reserved-name")


USERNAME_VALIDATORS = [check_new_username]
