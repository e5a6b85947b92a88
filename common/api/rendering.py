"""JSON renderer, parser and content negotiation for Django REST framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import IO, Any

import orjson
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from common.api.json_encoding import dump_json

_MAX_BODY_BYTES = 1 << 20


class JsonRenderer(BaseRenderer):
    """Renders problem documents; all other responses are encoded by the views."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return UTF-8 JSON, or an empty body for None."""
        return b"" if data is None else dump_json(data)


class JsonParser(BaseParser):
    """Parses a JSON object of at most 1,048,576 bytes."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the object. Raises `ParseError` and `RequestDataTooBig`."""
        # One byte more than allowed tells a body of the largest size from one that is too large.
        body = stream.read(_MAX_BODY_BYTES + 1)
        if len(body) > _MAX_BODY_BYTES:
            raise RequestDataTooBig
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from None
        if not isinstance(document, dict):
            raise ParseError(f"Expected a JSON object, found {type(document).__name__}.")
        return document


class JsonNegotiation(BaseContentNegotiation):
    """Always returns JSON, whatever the Accept header is (RFC 9110, section 12.5.1)."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser for the media type of the request."""
        media_type = (request.content_type or "").split(";")[0].strip().lower()
        return next((each for each in parsers if each.media_type == media_type), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        first = next(iter(renderers))
        return first, first.media_type
