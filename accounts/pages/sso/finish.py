"""What follows a genuine answer: the sign-in, the link, or the result of the test."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import structlog
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.actions.sso.connections import mark_tested
from accounts.actions.sso.find_account import find_or_create_account
from accounts.actions.sso.identities import link_identity
from accounts.actions.sso.record_failure import record_failure
from accounts.actions.sso.sessions import record_session
from accounts.models import SsoConnection, User
from accounts.pages.current_user import get_signed_in_user
from accounts.queries.sso import get_connection, list_identities
from accounts.security.confirmation import record_confirmation
from accounts.security.encryption import UnreadableSecretError, decrypt_secret, encrypt_secret
from accounts.security.organization_session import ORGANIZATION_KEY
from accounts.sso.attempts import CONFIRM, LINK, SIGN_IN, TEST, Attempt, build_permit
from accounts.sso.errors import ConnectionSettingsError, SsoRefusedError, UnknownConnectionError
from accounts.sso.oidc.sign_in import find_logout_url
from accounts.sso.person import Person
from accounts.sso.saml.logout import find_sign_out_url

_log = structlog.get_logger("plugport.sso")
# In the session: the connection and what it needs to sign out, the result of a test, and the URL at
# which to sign out after the session has ended.
SESSION_KEY = "sso"
TEST_KEY = "sso_test"
SIGN_OUT_KEY = "sso_sign_out"
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, SsoConnection, P], HttpResponse]


def for_connection(view: View[P]) -> Callable[..., HttpResponse]:
    """Give the view the connection of the URL, and record why it refused something."""

    @wraps(view)
    def wrapped(
        request: HttpRequest, public_id: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        connection = get_connection(public_id)
        try:
            return view(request, connection, *args, **kwargs)
        except ConnectionSettingsError as error:
            # What the provider publishes has changed to something that is not allowed.
            refused = SsoRefusedError("provider-error", error.detail)
            record_failure(connection=connection, error=refused)
            raise refused from error
        except SsoRefusedError as error:
            record_failure(connection=connection, error=error)
            raise

    return wrapped


def check_purpose(connection: SsoConnection, purpose: str, user: User | AnonymousUser) -> None:
    """Raise `UnknownConnectionError` unless the connection is on, or is to be tested.

    An organization's confirms acts in the sessions that it opened, and no others: it could be used
    against the owner of the account.
    """
    is_known = purpose in (SIGN_IN, LINK, TEST, CONFIRM)
    is_ready = connection.is_enabled or purpose == TEST
    is_in_reach = purpose != CONFIRM or can_confirm(connection, user)
    if not (is_known and is_ready and is_in_reach):
        raise UnknownConnectionError("There is no such single sign-on connection.")


def can_confirm(connection: SsoConnection, user: User | AnonymousUser) -> bool:
    """Whether the provider may confirm who acts in this session: no query if `owner` is loaded."""
    owner = connection.owner
    own = None if owner is None else owner.organization_id
    return getattr(user, "session_of", None) == own


def finish_attempt(
    request: HttpRequest, connection: SsoConnection, attempt: Attempt, person: Person
) -> HttpResponse:
    """Do what the attempt was for. Raises `SsoRefusedError`."""
    check_purpose(connection, attempt.purpose, request.user)
    if attempt.purpose == TEST:
        mark_tested(actor=get_signed_in_user(request), connection=connection)
        request.session[TEST_KEY] = {
            "connection": connection.public_id,
            "subject": person.subject,
            "email": person.email,
            "names": list(person.names)[:3],
            "groups": list(person.groups)[:20],
            "has_unknown_groups": person.has_unknown_groups,
        }
        return redirect(build_connection_path("sso-connection", connection))
    if attempt.purpose == LINK:
        user = get_signed_in_user(request)
        link_identity(by=user, user=user, connection=connection, subject=person.subject)
        messages.success(request, f"You can now sign in with {connection.name}.")
        return redirect("account")
    if attempt.purpose == CONFIRM:
        check_is_linked(get_signed_in_user(request), connection, person.subject)
        record_confirmation(request)
        return redirect(attempt.next_path or reverse("account"))
    identity = find_or_create_account(connection=connection, person=person)
    # Not the library's steps for passwords: second factors are the provider's.
    login(request, identity.user, backend="accounts.sign_in.SignInBackend")
    if connection.owner is None:
        request.session.pop(ORGANIZATION_KEY, None)
    else:
        # The session reaches this organization alone, whatever the account may otherwise.
        request.session[ORGANIZATION_KEY] = connection.owner.organization_id
    request.session[SESSION_KEY] = {
        "connection": connection.public_id,
        "hint": encrypt_secret(person.logout_hint) if person.logout_hint else "",
        "session": person.session,
        "name_id": person.name_id,
        "name_id_format": person.name_id_format,
    }
    # The row must have the final key: it ends with the session.
    request.session.save()
    assert request.session.session_key is not None
    record_session(identity=identity, session_key=request.session.session_key, person=person)
    return redirect(attempt.next_path or reverse("account"))


def build_connection_path(page: str, connection: SsoConnection) -> str:
    """The path of a page about the connection: of its organization, or of the whole registry."""
    if connection.owner is None:
        return reverse(page, args=[connection.public_id])
    return reverse(f"organization-{page}", args=[connection.owner.name, connection.public_id])


def check_is_linked(user: User, connection: SsoConnection, subject: str) -> None:
    """Raise `SsoRefusedError` unless the person signs in to the account: 1 query."""
    if all(
        (each.connection_id, each.subject) != (connection.pk, subject)
        for each in list_identities(user)
    ):
        raise SsoRefusedError("other-user", "This person does not sign in to your account.")


def build_start_url(
    user: User, connection: SsoConnection, purpose: str, next_path: str = ""
) -> str:
    """The URL that starts something else than a sign-in, for this user."""
    values = {"permit": build_permit(connection, purpose, user.pk)}
    if next_path:
        values["next"] = next_path
    return f"{reverse('sso-start', args=[connection.public_id])}?{urlencode(values)}"


def find_provider_sign_out(request: HttpRequest) -> str:
    """The URL at which the person of this session signs out at the provider, or nothing."""
    values: dict[str, Any] = request.session.get(SESSION_KEY) or {}
    if not values:
        return ""
    try:
        connection = get_connection(values["connection"])
        if connection.kind == SsoConnection.OIDC:
            hint = decrypt_secret(values["hint"]) if values["hint"] else ""
            return find_logout_url(connection, hint)
        return find_sign_out_url(
            connection,
            name_id=values["name_id"],
            name_id_format=values["name_id_format"],
            session=values["session"],
        )
    except (SsoRefusedError, UnknownConnectionError, UnreadableSecretError) as error:
        # Signing out here must not fail because the provider does.
        _log.warning("sso_sign_out_failed", error=type(error).__name__)
        return ""
