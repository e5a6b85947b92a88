"""Sessions that the single sign-on of an organization opened: they reach this organization alone.

The organization decides who signs in as whom, so such a session must not reach what belongs to the
person or to others. `User.session_of` says so in every request, and these ask it: the rights in
organizations and plugins, the viewer of plugins, and the acts of a person about the own account. The
pages about the account are closed altogether.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth import middleware as auth
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.errors import OrganizationSessionError
from accounts.models import User

# In the session: the id of the organization.
ORGANIZATION_KEY = "sso_organization"
# Routes about the account, for operators, of programs that ask for a token, and of websites: while
# somebody is signed in, these link the website to the account, which it then signs in to as a whole.
_CLOSED = ("account", "admin", "audit", "login/program", "login/with", "sso/connections")
# Names of those routes that are open: the page that says what the session reaches, the confirmation,
# which is at the identity provider, and transfers of what the organization owns.
_OPEN = frozenset(
    (
        *("account", "confirm", "account_inactive", "device-login-start", "device-login-token"),
        *("accept-transfer", "decline-transfer", "cancel-transfer", "scope-transfer"),
    )
)


class AuthenticationMiddleware(auth.AuthenticationMiddleware):
    """Django's middleware. The account of a session of an organization is limited to it."""

    def process_request(self, request: HttpRequest) -> None:
        """Set `request.user`, which is loaded when it is needed."""
        super().process_request(request)
        user: Any = SimpleLazyObject(lambda: _load_user(request))
        request.user = user


def check_route_is_open(request: HttpRequest) -> None:
    """Raise `OrganizationSessionError` for a page about the account. Other routes load no session."""
    match = request.resolver_match
    if match is not None and match.route.startswith(_CLOSED) and match.url_name not in _OPEN:
        check_is_personal(request.user)


def _load_user(request: HttpRequest) -> User | AnonymousUser:
    if not hasattr(request, "_cached_user"):
        user = get_user(request)
        organization_id = request.session.get(ORGANIZATION_KEY)
        if isinstance(user, User) and organization_id is not None:
            user.limit_to_organization(organization_id)
        request._cached_user = user  # type: ignore[attr-defined]  # noqa: SLF001 -- the name that Django uses
    return request._cached_user  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001 -- likewise


def check_is_personal(user: User | AnonymousUser) -> None:
    """Raise `OrganizationSessionError` in a session that reaches an organization alone: no query."""
    if getattr(user, "session_of", None) is not None:
        raise OrganizationSessionError(
            "You are signed in with the single sign-on of an organization. Such a session reaches this"
            " organization alone.",
            hint="Sign out, and sign in to your account in another way.",
        )
