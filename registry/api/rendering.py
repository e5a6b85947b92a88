"""JSON in and out, with orjson."""

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

from config.json_text import dump_json

_MAX_BODY_BYTES = 1 << 20


class JsonRenderer(BaseRenderer):
    """Renders what DRF itself answers with: problem documents."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """UTF-8 JSON; nothing for None."""
        return b"" if data is None else dump_json(data)


class JsonParser(BaseParser):
    """Reads a JSON object of at most 1 MiB."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The object. Raises `ParseError`, `RequestDataTooBig`."""
        body = stream.read(_MAX_BODY_BYTES + 1)
        if len(body) > _MAX_BODY_BYTES:
            raise RequestDataTooBig
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        if not isinstance(document, dict):
            raise ParseError(f"A JSON object is needed, not {type(document).__name__}.")
        return document


class JsonNegotiation(BaseContentNegotiation):
    """Everything is JSON here; the Accept header is not a reason to refuse."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The first parser of the request's media type."""
        kind = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Always the first."""
        first = next(iter(renderers))
        return first, first.media_type
