"""The sign-up form."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm


class SignUpForm(SignupForm):  # type: ignore[misc]  # the library has no types
    """allauth's form with the spelling of the other pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"
