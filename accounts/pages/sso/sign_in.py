"""`/sso`: choose an identity provider, go there, and come back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.sso.accept_answer import accept_answer, take_ticket
from accounts.actions.sso.sessions import end_sessions
from accounts.models import SsoConnection
from accounts.pages.sso.finish import (
    SIGN_OUT_KEY,
    check_purpose,
    finish_attempt,
    for_connection,
)
from accounts.queries.sso import list_connections_of_login, list_enabled_connections
from accounts.security.sessions import shorten_empty_session
from accounts.sso.attempts import (
    CONFIRM,
    SIGN_IN,
    build_attempt,
    parse_permit,
    store_attempt,
    take_attempt,
)
from accounts.sso.errors import SsoRefusedError
from accounts.sso.oidc.sign_in import build_authorization_url, read_answer
from accounts.sso.oidc.tokens import verify_logout_token
from accounts.sso.saml.answers import verify_answer
from accounts.sso.saml.logout import build_sign_in_url, verify_sign_out
from accounts.sso.saml.settings import build_own_metadata

_REMEMBERED = dt.timedelta(days=1)


@require_safe
@never_cache
def start(request: HttpRequest, public_id: str) -> HttpResponse:
    """To the identity provider."""
    return _start(request, public_id)


@for_connection
def _start(request: HttpRequest, connection: SsoConnection) -> HttpResponse:
    permit, user_id = request.GET.get("permit", ""), request.user.pk
    purpose = parse_permit(connection, permit, user_id) if permit else SIGN_IN
    check_purpose(connection, purpose, request.user)
    if purpose == SIGN_IN and user_id is not None:
        return redirect("account")
    if purpose == SIGN_IN:
        rule = {"app": "allauth.account", "action": "sso_start", "limit_get": True}
        if ratelimit.consume(request, **rule) is None:
            refusal: HttpResponse = ratelimit.respond_429(request)
            return refusal
        shorten_empty_session(request)
    attempt = build_attempt(
        connection,
        purpose=purpose,
        next_path=request.GET.get("next", ""),
        user_id=user_id if permit else None,
    )
    if connection.kind == SsoConnection.OIDC:
        # 256 random bits that only this browser and the provider know.
        key = build_attempt(connection, purpose="", next_path="", user_id=None).verifier
        url = build_authorization_url(connection, key, attempt)
    else:
        url, key = build_sign_in_url(connection, is_forced=purpose == CONFIRM)
    store_attempt(request, key, attempt)
    return HttpResponseRedirect(url)


@require_safe
@never_cache
@for_connection
def finish_oidc(request: HttpRequest, connection: SsoConnection) -> HttpResponse:
    """Back from an OpenID Connect provider, with a code."""
    _check_kind(connection, SsoConnection.OIDC)
    attempt = take_attempt(request, request.GET.get("state", ""), connection)
    person = read_answer(connection, attempt, request.GET.dict())
    return finish_attempt(request, connection, attempt, person)


# Providers send it: it has no cookie, and is signed instead.
@csrf_exempt
@require_POST
@never_cache
def end_oidc_sessions(request: HttpRequest, public_id: str) -> HttpResponse:
    """Back-channel logout: the provider ends sessions (OpenID Connect Back-Channel Logout 1.0)."""
    try:
        return _end_oidc_sessions(request, public_id)
    except SsoRefusedError as error:
        # Section 2.8.
        return JsonResponse(
            {"error": "invalid_request", "error_description": error.detail}, status=400
        )


@for_connection
def _end_oidc_sessions(request: HttpRequest, connection: SsoConnection) -> HttpResponse:
    _check_kind(connection, SsoConnection.OIDC)
    claims = verify_logout_token(connection, request.POST.get("logout_token", ""))
    accept_answer(
        connection=connection,
        answer_id=f"logout\0{claims['jti']}",
        # Its own end is optional, and may be soon; used again, it could end later sessions.
        expires_at=dt.datetime.now(dt.UTC) + _REMEMBERED,
    )
    sid, subject = claims.get("sid"), claims.get("sub")
    end_sessions(
        connection=connection,
        subject=subject if isinstance(subject, str) else "",
        provider_sessions=[sid] if isinstance(sid, str) and sid else [],
    )
    return HttpResponse(status=200)


@require_safe
@never_cache
@for_connection
def render_saml_metadata(request: HttpRequest, connection: SsoConnection) -> HttpResponse:
    """What a SAML provider has to know about this registry."""
    _check_kind(connection, SsoConnection.SAML)
    return HttpResponse(build_own_metadata(connection), content_type="application/samlmetadata+xml")


# The provider's page sends it from the browser, without the cookie (SameSite=Lax).
@csrf_exempt
@require_POST
@never_cache
@for_connection
def receive_saml_answer(request: HttpRequest, connection: SsoConnection) -> HttpResponse:
    """Verify a SAML answer, and go on with a ticket in a request that has the cookie.

    `RelayState` is ignored: where the browser goes afterwards is in its session.
    """
    _check_kind(connection, SsoConnection.SAML)
    answer = verify_answer(connection, request.POST.get("SAMLResponse", ""))
    ticket = accept_answer(
        connection=connection,
        answer_id=answer.assertion_id,
        expires_at=answer.expires_at,
        person=answer.person,
        request_id=answer.request_id,
    )
    path = reverse("sso-saml-finish", args=[connection.public_id])
    response = HttpResponseRedirect(f"{path}?{urlencode({'ticket': ticket})}")
    response.status_code = 303
    return response


@require_safe
@never_cache
@for_connection
def finish_saml(request: HttpRequest, connection: SsoConnection) -> HttpResponse:
    """Sign in with the ticket, if this browser asked for the answer."""
    _check_kind(connection, SsoConnection.SAML)
    person, request_id = take_ticket(connection=connection, ticket=request.GET.get("ticket", ""))
    attempt = take_attempt(request, request_id, connection)
    return finish_attempt(request, connection, attempt, person)


@require_safe
@never_cache
@for_connection
def end_saml_sessions(request: HttpRequest, connection: SsoConnection) -> HttpResponse:
    """Single logout: the provider ends sessions, or confirms that it ended its own."""
    _check_kind(connection, SsoConnection.SAML)
    if "SAMLRequest" not in request.GET:
        # The session here ended before the provider was asked; its answer changes nothing.
        return redirect("sso-signed-out")
    sign_out = verify_sign_out(connection, request.GET.dict(), request.META.get("QUERY_STRING", ""))
    accept_answer(
        connection=connection,
        answer_id=f"logout\0{sign_out.message_id}",
        expires_at=sign_out.expires_at,
    )
    end_sessions(
        connection=connection,
        name_id=sign_out.name_id,
        provider_sessions=sign_out.sessions,
    )
    return HttpResponseRedirect(sign_out.reply_url)


def _check_kind(connection: SsoConnection, kind: str) -> None:
    if connection.kind != kind:
        raise SsoRefusedError("wrong-kind", "The connection uses another protocol.")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def render_choice(request: HttpRequest) -> HttpResponse:
    """The identity providers of this registry; a POST leads to that of an organization.

    By a page that goes on, and not by a redirect: browsers let no form lead to another site (CSP,
    `form-action`), and the sites of organizations are not in a list. The answer does not tell an organization without single sign-on from one that does not exist.
    """
    if request.user.is_authenticated:
        return redirect("account")
    next_path = request.POST.get("next", "") or request.GET.get("next", "")
    context: dict[str, Any] = {
        "connections": list_enabled_connections(),
        "next": next_path[:1000],
        "local_passwords": settings.LOCAL_PASSWORDS,
    }
    if request.method != "POST":
        return render(request, "sso/choice.html", context)
    if ratelimit.consume(request, app="allauth.account", action="sso_start") is None:
        refusal: HttpResponse = ratelimit.respond_429(request)
        return refusal
    login = request.POST.get("login", "")[:300]
    found = list_connections_of_login(login)
    context |= {"login": login, "found": found, "is_searched": True}
    if len(found) == 1:
        query = urlencode({"next": context["next"]}) if context["next"] else ""
        path = reverse("sso-start", args=[found[0].public_id])
        context["start_path"] = f"{path}?{query}".rstrip("?")
    return render(request, "sso/choice.html", context, status=200 if found else 400)


@require_safe
@never_cache
def render_signed_out(request: HttpRequest) -> HttpResponse:
    """The session here has ended; the browser goes on to end that of the provider."""
    url = request.session.pop(SIGN_OUT_KEY, "")
    return render(request, "sso/signed_out.html", {"provider_url": url})
