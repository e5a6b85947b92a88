"""`/leaked-tokens`: secret scanners report tokens that they found in public."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.actions.tokens.revoke_leaked_tokens import revoke_leaked_tokens
from accounts.api.views import ApiView
from accounts.models.token import hash_token
from accounts.security.leak_reports import MAX_LEAKS, parse_report, verify_report
from common.api.conditional import PRIVATE, respond_json

# Not in `plugport.spec.api`: the names of the members are those of the format, which is not ours.
_REPORT = {
    "type": "array",
    "maxItems": MAX_LEAKS,
    "items": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("token", "type", "url", "source")},
        "required": ["token"],
    },
}
_FEEDBACK = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "token_hash": {"type": "string"},
            "token_type": {"type": "string"},
            "label": {"type": "string", "enum": ["true_positive", "false_positive"]},
        },
        "required": ["token_hash", "token_type", "label"],
    },
}


def _build_header(name: str) -> OpenApiParameter:
    return OpenApiParameter(
        f"Github-Public-Key-{name}",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description="Of the key that signed the body." if name == "Identifier" else "In base 64.",
    )


class LeakedTokensView(ApiView):
    """Reports of leaked tokens. Their signature is the authentication."""

    authentication_classes = ()

    @extend_schema(
        operation_id="reportLeakedTokens",
        parameters=[_build_header("Identifier"), _build_header("Signature")],
        request={"application/json": _REPORT},
        responses={200: _FEEDBACK},
    )
    def post(self, request: Request) -> HttpResponse:
        """Revoke the reported tokens; the format is that of GitHub's secret scanning."""
        # Django refuses larger bodies than `DATA_UPLOAD_MAX_MEMORY_SIZE` before they are read.
        body = request._request.body  # noqa: SLF001 -- the framework has no public name for it
        source = verify_report(
            body,
            request.headers.get("Github-Public-Key-Identifier", ""),
            request.headers.get("Github-Public-Key-Signature", ""),
        )
        leaks = parse_report(body)
        known = revoke_leaked_tokens(body=body, source=source, leaks=leaks)
        # The hash, so that the response does not repeat a token.
        document = [
            {
                "token_hash": hash_token(leak.text),
                "token_type": leak.kind,
                "label": "true_positive" if is_known else "false_positive",
            }
            for leak, is_known in zip(leaks, known, strict=True)
        ]
        return respond_json(request, document, cache=PRIVATE)
