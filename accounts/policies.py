"""What an account may do."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings

from accounts.errors import EmailNotVerifiedError, TokenScopeError
from accounts.models import Token, User
from plugport.spec.names import PluginName


def check_is_verified(actor: User) -> None:
    """Only verified accounts create tokens and publish. Raises `EmailNotVerifiedError`.

    Anyone can sign up with an address of another person. Such an account must not get a credential
    that works after the owner of the address recovers it.
    """
    if not actor.is_verified:
        raise EmailNotVerifiedError(
            f"The email address of the account `{actor.username}` is not verified.",
            hint="Open the link in the verification mail, or request another one:"
            f" {settings.BASE_URL}/account/email",
        )


def check_token_may(token: Token, scopes: Collection[str], plugin: str = "") -> None:
    """Raise `TokenScopeError` unless the token has one of `scopes` and is valid for the plugin.

    No `scopes` means that any token will do; no `plugin` that the call is not about one.
    """
    if scopes and not any(token.has_scope(scope) for scope in scopes):
        raise TokenScopeError(
            f"This call needs a token with the scope `{'` or `'.join(scopes)}`; your token has"
            f" `{', '.join(token.scopes) or 'none'}`.",
            hint="Create another token on your account page.",
        )
    if plugin:
        check_token_limit(token.limit, PluginName.parse(plugin))


def is_in_token_limit(limit: str, name: PluginName) -> bool:
    """Whether a token with that limit is valid for the plugin."""
    # A limit is a plugin name or a scope with `@`. A stolen token of one plugin's pipeline must not
    # publish any other plugin of its owner, nor read about it what is not public.
    return not limit or limit in (str(name), f"@{name.scope}")


def check_token_limit(limit: str, name: PluginName) -> None:
    """Raise `TokenScopeError` if the token is limited to another plugin or scope."""
    if not is_in_token_limit(limit, name):
        raise TokenScopeError(
            f"This token is limited to `{limit}`; the package is `{name}`.",
            hint="Create a token for this plugin on your account page.",
        )
