"""What all SCIM endpoints share: the token, the limits, the body, and errors in the format of SCIM."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from scim2_models import (
    InvalidSyntaxException,
    InvalidValueException,
    NotFoundException,
    PayloadTooLargeException,
    SCIMException,
    UnauthorizedException,
)

from accounts.actions.scim.failures import record_scim_failure
from accounts.actions.scim.tokens import record_scim_token_use
from accounts.audit.origin import bind_scim_token
from accounts.models import Organization, ScimToken
from accounts.queries.scim import find_scim_token
from accounts.sso.scim.addresses import build_base
from common.api.json_encoding import dump_json
from common.http.client_address import get_client_address, get_client_network, is_unlimited
from common.http.errors import RateLimitedError
from common.http.status import get_status
from common.rate_limits import consume_quota
from plugport.spec.errors import ConflictError, PlugportError

CONTENT_TYPE = "application/scim+json"
# RFC 7644, section 8.1; providers and scripts also send the general type.
_BODY_TYPES = (CONTENT_TYPE, "application/json")
_ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"
_MAX_DEPTH = 20
_MAX_QUERY_CHARS = 8000


class Call(NamedTuple):
    """An authenticated request, its organization and the address of the service."""

    request: HttpRequest
    organization: Organization
    base: str

    @property
    def if_match(self) -> str:
        """The version that the client has seen."""
        return self.request.headers.get("If-Match", "")

    def read_body(self) -> dict[str, Any]:
        """The JSON object of the body. Raises `SCIMException`."""
        return _read_body(self.request)


# Gets the call and the id in the path; returns the status with the document and the version.
Handler = Callable[..., HttpResponse]


def scim_endpoint(**handlers: Handler) -> Any:
    """A view with a handler for each method. The organization in the path must be that of the token."""

    @csrf_exempt
    @never_cache
    def respond(request: HttpRequest, organization: str, **arguments: str) -> HttpResponse:
        try:
            token = _authenticate(request)
        except SCIMException as error:
            return _respond_with_error(error.status, error.scim_type, error.detail)
        except RateLimitedError as error:
            return _respond_to_excess(error)
        try:
            return _run(request, token, organization, handlers, arguments)
        except RateLimitedError as error:
            return _respond_to_excess(error)
        except SCIMException as error:
            status, kind, detail = error.status, error.scim_type, str(error)
        except PlugportError as error:
            kind = "mutability" if isinstance(error, ConflictError) else ""
            status, detail = get_status(error), f"{error.detail} {error.hint or ''}".strip()
        if status != NotFoundException.status:
            record_scim_failure(
                organization=token.organization,
                request=f"{request.method} {request.path}",
                status=status,
                reason=detail,
            )
        return _respond_with_error(status, kind, detail)

    return respond


def _run(
    request: HttpRequest,
    token: ScimToken,
    organization: str,
    handlers: dict[str, Handler],
    arguments: dict[str, str],
) -> HttpResponse:
    if not is_unlimited(request):
        consume_quota("scim", f"scim-token:{token.pk}")
    if organization != token.organization.name:
        # As for an organization that does not exist.
        raise NotFoundException(detail="There is no SCIM service here for this token.")
    method = "GET" if request.method == "HEAD" else str(request.method)
    handler = handlers.get(method.lower())
    if handler is None:
        raise _build_error(405, f"`{method}` is not supported here.")
    if len(request.META.get("QUERY_STRING", "")) > _MAX_QUERY_CHARS:
        raise _build_error(414, f"The query has more than {_MAX_QUERY_CHARS} characters.")
    call = Call(request, token.organization, build_base(token.organization))
    return handler(call, **arguments)


def _build_error(status: int, detail: str) -> SCIMException:
    error = SCIMException(detail=detail)
    error.status = status
    return error


def _authenticate(request: HttpRequest) -> ScimToken:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    token = find_scim_token(text.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        if not is_unlimited(request):
            # Limits guessing.
            consume_quota("denied", get_client_network(request))
        raise UnauthorizedException(
            detail="Send `Authorization: Bearer` with a SCIM token that is neither expired nor revoked."
        )
    bind_scim_token(token.pk, f"SCIM token {token.name}")
    record_scim_token_use(token=token, address=get_client_address(request))
    return token


def _read_body(request: HttpRequest) -> dict[str, Any]:
    kind = request.content_type or ""
    if kind and kind.lower() not in _BODY_TYPES:
        raise _build_error(415, f"The body must have the type `{CONTENT_TYPE}`.")
    try:
        # More than `DATA_UPLOAD_MAX_MEMORY_SIZE` is not read.
        body = request.body
    except RequestDataTooBig:
        raise PayloadTooLargeException(
            detail="The body is larger than 1 MiB. Send the members of a group in several requests."
        ) from None
    except UnreadablePostError:
        raise InvalidSyntaxException(detail="The body is incomplete.") from None
    try:
        document = json.loads(
            body, object_pairs_hook=_build_object, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise InvalidSyntaxException(detail="The body is not valid JSON in UTF-8.") from None
    if not isinstance(document, dict):
        raise InvalidSyntaxException(detail="The body must be a JSON object.")
    _check_depth(document)
    return document


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object. Raises `InvalidSyntaxException` if names are equal, which have no case in SCIM.

    Programs differ in which one counts: a proxy or a log would see another value.
    """
    names: set[str] = set()
    for name, _ in pairs:
        if name.lower() in names:
            raise InvalidSyntaxException(
                detail=f"The name `{name[:100]}` occurs twice in an object of the body."
            )
        names.add(name.lower())
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    """Python reads `NaN` and infinite numbers, which JSON does not have (RFC 8259, section 6)."""
    raise ValueError(f"{name} is not JSON")


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(_MAX_DEPTH):
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper += each.values()
            elif isinstance(each, list):
                deeper += each
        level = deeper
        if not level:
            return
    raise InvalidSyntaxException(
        detail=f"The body has more than {_MAX_DEPTH} levels of objects and lists."
    )


def respond_json(
    document: Any, *, status: int = 200, location: str = "", version: str = ""
) -> HttpResponse:
    """A response with the document."""
    response = HttpResponse(dump_json(document), content_type=CONTENT_TYPE, status=status)
    if location:
        response.headers["Location"] = location
    if version:
        response.headers["ETag"] = version
    return response


def respond_without_body(status: int = 204, *, version: str = "") -> HttpResponse:
    """204, or 304 with the version that the client has."""
    response = HttpResponse(status=status)
    if version:
        response.headers["ETag"] = version
    return response


def _respond_with_error(status: int, kind: str, detail: str) -> HttpResponse:
    document: dict[str, Any] = {"schemas": [_ERROR_SCHEMA], "status": str(status)}
    if kind:
        document["scimType"] = kind
    # Half of a character from the request cannot be encoded.
    document["detail"] = detail[:1000].encode(errors="replace").decode()
    response = respond_json(document, status=status)
    # Django logs responses from 500 as errors of the server. 501 is an answer.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 -- no public name
    if status == UnauthorizedException.status:
        response.headers["WWW-Authenticate"] = 'Bearer realm="plugport-scim"'
    return response


def _respond_to_excess(error: RateLimitedError) -> HttpResponse:
    response = _respond_with_error(429, "", error.detail)
    response.headers["Retry-After"] = str(error.context["retryAfterSeconds"])
    for name, value in error.context["headers"].items():
        response.headers[name] = value
    return response


def parse_number(text: str | None, name: str, default: int) -> int:
    """A number of the query. Raises `InvalidValueException`."""
    if text is None:
        return default
    try:
        number = int(text) if len(text) < 12 else None
    except ValueError:
        number = None
    if number is None:
        raise InvalidValueException(detail=f"`{name}` must be a number.")
    return number
