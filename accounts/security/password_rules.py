"""The rules for passwords in one sentence, for the help text of a field."""

from __future__ import annotations

from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    get_default_password_validators,
)


def describe_password_rules() -> str:
    """Return the rules of `AUTH_PASSWORD_VALIDATORS`.

    Django's own text is a list with one item for each validator, and starts every rule with the
    same words.
    """
    lengths = [
        validator.min_length
        for validator in get_default_password_validators()
        if isinstance(validator, MinimumLengthValidator)
    ]
    return (
        f"At least {max(lengths, default=1)} characters. Not a common password, not only digits, and "
        "not similar to your user name or email address."
    )
