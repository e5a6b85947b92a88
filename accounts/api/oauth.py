"""The authorization server for programs: the device flow of OAuth 2.0 (RFC 8628).

Its requests are forms and its errors JSON as the RFC says, so that every OAuth library can use it. The
access token is a token like those of the account page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.actions.device_login import OAuthError, redeem_device_code, start_device_login
from accounts.models.token import SCOPES
from common.http.client_address import get_client_address, get_client_network, is_unlimited
from common.http.errors import RateLimitedError
from common.rate_limits import consume_quota

CLIENT_ID = "plugport-cli"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
_MAX_CHARS = 200


def _oauth_endpoint(view: Callable[[HttpRequest], dict[str, Any]]) -> Any:
    @csrf_exempt
    @require_POST
    @never_cache
    @wraps(view)
    def respond(request: HttpRequest) -> HttpResponse:
        try:
            _check_client(request)
            return JsonResponse(view(request))
        except OAuthError as error:
            document = {"error": error.code, "error_description": error.description}
            return JsonResponse(document, status=400)
        except RateLimitedError as error:
            document = {"error": "slow_down", "error_description": error.detail}
            wait = str(error.context["retryAfterSeconds"])
            return JsonResponse(document, status=429, headers={"Retry-After": wait})

    return respond


def _check_client(request: HttpRequest) -> None:
    # Public (RFC 6749, section 2.1): the programs have no secret that could prove anything.
    if request.POST.get("client_id") != CLIENT_ID:
        raise OAuthError("invalid_client", f"The client_id is `{CLIENT_ID}`.")


@_oauth_endpoint
def start(request: HttpRequest) -> dict[str, Any]:
    """The device authorization endpoint: `scope` and `client_name` are optional."""
    if not is_unlimited(request):
        consume_quota("device-login", get_client_network(request))
    login, device_code, user_code = start_device_login(
        client_name=request.POST.get("client_name", ""),
        scopes=request.POST.get("scope", "").split(),
        address=get_client_address(request),
    )
    # At the address that the operator set: the sender of the request chooses the Host header.
    page = settings.BASE_URL + reverse("device-login")
    return {
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={user_code}",
        "expires_in": round((login.expires_at - login.created_at).total_seconds()),
        "interval": login.interval_seconds,
    }


@_oauth_endpoint
def redeem(request: HttpRequest) -> dict[str, Any]:
    """The token endpoint."""
    if request.POST.get("grant_type") != GRANT_TYPE:
        raise OAuthError("unsupported_grant_type", f"The grant_type is `{GRANT_TYPE}`.")
    device_code = request.POST.get("device_code", "")
    if not device_code or len(device_code) > _MAX_CHARS:
        raise OAuthError("invalid_request", "The device_code is missing or too long.")
    try:
        token, text = redeem_device_code(device_code)
    except OAuthError as error:
        if error.code == "invalid_grant":
            # Limits guessing, as for tokens.
            consume_quota("denied", get_client_network(request))
        raise
    return {
        "access_token": text,
        "token_type": "Bearer",
        "expires_in": round((token.expires_at - timezone.now()).total_seconds()),
        "scope": " ".join(token.scopes),
    }


@require_safe
def describe_server(_request: HttpRequest) -> HttpResponse:
    """The metadata of the authorization server (RFC 8414)."""
    return JsonResponse(
        {
            "issuer": settings.BASE_URL,
            "device_authorization_endpoint": settings.BASE_URL + reverse("device-login-start"),
            "token_endpoint": settings.BASE_URL + reverse("device-login-token"),
            "grant_types_supported": [GRANT_TYPE],
            "response_types_supported": [],
            "scopes_supported": list(SCOPES),
            "token_endpoint_auth_methods_supported": ["none"],
        }
    )
