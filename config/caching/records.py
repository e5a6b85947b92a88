"""`POST /-/gateway/records`: count what the gateway served from its cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

import orjson
import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from marketplace.search import query_log
from registry.downloads.gateway_records import record_cached_download

_log = structlog.get_logger("plugport.gateway")


def _record_download(record: str, client: str, count: int) -> None:
    record_cached_download(record, client=client, count=count)


def _record_search(record: str, _client: str, count: int) -> None:
    query_log.record_repeated_search(record, count)


# By the first word of a record. Each raises `ValueError` for a record that it did not write.
_RECORDERS: Mapping[str, Callable[[str, str, int], None]] = {
    "download": _record_download,
    "search": _record_search,
}


@csrf_exempt  # Nobody reaches it with a cookie.
def record_cached_responses(request: HttpRequest) -> HttpResponse:
    """Apply `{"records": [[RECORD, CLIENT, COUNT], …]}`; the counts reach the database later: no query.

    Exists for the gateway only, which is the one client of its socket. No limit counts the call. A
    record that is not known, such as that of another version, is left out with a line in the log.
    """
    if not settings.BEHIND_GATEWAY or request.method != "POST":
        raise Http404
    try:
        records = _parse_records(request.body)
    except ValueError as error:
        _log.warning("records_refused", reason=str(error)[:200])
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    for record, client, count in records:
        try:
            _RECORDERS[record.partition(":")[0]](record, client, count)
        except (KeyError, ValueError):
            _log.warning("record_unknown", record=record[:200])
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _parse_records(body: bytes) -> list[tuple[str, str, int]]:
    """The records. Raises `ValueError` unless all have the right types."""
    document = orjson.loads(body)
    match document:
        case {"records": [*rows]}:
            return [_parse_record(row) for row in rows]
    raise ValueError("there is no list `records`")


def _parse_record(row: object) -> tuple[str, str, int]:
    match row:
        case [str(record), str(client), int(count)] if count > 0 and count is not True:
            return record, client, count
    raise ValueError("a record is not `[text, text, number from 1]`")
