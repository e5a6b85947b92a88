"""A test double of a Meilisearch server: checks requests, and replays recorded responses.

It listens on a local port, refuses requests whose shape the registry has no reason to send, and
keeps settings, documents and tasks in memory. It does not search, except for the one document with the
position of the index. The results of a search come from
`canned` (set by the test) or from recordings of a real server with the same documents. Every other
search fails with 501 and is listed in `unrecorded`, like one whose recorded answer may no longer hold
(`recorded_forms`).
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.recorded_forms import is_unaffected, remove_forms

KEY = "a-master-key-of-tests"
_TIME = "2026-11-28T18:19:32.956718584Z"
_SEARCH_TYPES: dict[str, type] = {
    **dict.fromkeys(("q", "matchingStrategy"), str),
    **dict.fromkeys(("filter", "facets", "sort"), list),
    **dict.fromkeys(("attributesToRetrieve", "attributesToSearchOn", "locales"), list),
    **dict.fromkeys(("page", "hitsPerPage", "limit"), int),
    **dict.fromkeys(("showRankingScore", "showRankingScoreDetails"), bool),
}
_FACET_TYPES: dict[str, type] = {
    **dict.fromkeys(("facetName", "facetQuery", "q", "matchingStrategy"), str),
    **dict.fromkeys(("filter", "locales"), list),
}
_FILTER = re.compile(r"(\w+) (?:= \"|>= |(?:NOT )?IN \[)")


class ServerError(Exception):
    """An error response of the server."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "code": code, "type": "invalid_request", "link": ""}


class Index:
    """Settings and documents of one index."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {"searchableAttributes": ["*"], "filterableAttributes": []}
        self.documents: dict[int, dict[str, Any]] = {}


def load_recordings(path: Path) -> dict[str, dict[str, Any]]:
    """Searches and their results by `_build_key`."""
    recordings = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        recorded = json.loads(line)
        for search in recorded["searches"]:
            results = search["answer"].get("results", [])
            for query, result in zip(search["request"]["queries"], results, strict=False):
                recordings[_build_key(recorded["documents"], query)] = result
    return recordings


def _build_key(documents: list[dict[str, Any]], query: Mapping[str, Any]) -> str:
    compared = {k: v for k, v in query.items() if k != "indexUid"}
    documents = sorted(map(remove_forms, documents), key=lambda document: document["id"])
    return json.dumps([documents, compared], sort_keys=True)


class MeilisearchDouble:
    """The state of the server.

    `wait` delays every response until the event is set. `is_broken` returns 500 for every request,
    `keeps_indexes` to the deletion of an index that exists, `closes_connections` closes each connection
    after its first response without saying so. `is_other_server` knows no path. `exchanges` lists method, path, and the bytes of the
    bodies received and sent.
    """

    def __init__(self, recordings: Mapping[str, dict[str, Any]]) -> None:
        self.recordings = recordings
        self.canned: list[dict[str, Any]] = []
        self.unrecorded: list[Any] = []
        self.searches: list[dict[str, Any]] = []
        self.indexes: dict[str, Index] = {}
        self.tasks: list[dict[str, Any]] = []
        self.version = "1.50.0"
        self.wait: threading.Event | None = None
        self.is_broken = self.keeps_indexes = self.closes_connections = False
        self.is_other_server = False
        self.exchanges: list[tuple[str, str, int, int]] = []
        self.connections = 0
        self.lock = threading.Lock()
        self.url = ""

    def reply(self, *ids: int) -> None:
        """Return these plugins for one of the next searches."""
        hits = [{"id": number} for number in ids]
        self.canned.append({"hits": hits, "totalHits": len(ids), "facetDistribution": {}})

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        """Return status and body. Raises `ServerError`."""
        parts = urlsplit(target)
        parameters = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        match method, parts.path.strip("/").split("/"), body:
            case "GET", ["version"], None:
                return 200, {"commitSha": "", "commitDate": "", "pkgVersion": self.version}
            case "GET", ["tasks"], None:
                assert set(parameters) == {"indexUids", "limit"}
                tasks = [t for t in self.tasks if t["indexUid"] == parameters["indexUids"]]
                page = {"limit": 1, "from": None, "next": None, "total": len(tasks)}
                return 200, {"results": tasks[-1:], **page}
            case "GET", ["tasks", number], None:
                return 200, self.tasks[int(number)]
            case "POST", ["indexes"], {"uid": str(uid), "primaryKey": "id"}:
                return self._run("indexCreation", uid, lambda: self._create(uid))
            case "POST", ["swap-indexes"], list(pairs):
                return self._run("indexSwap", None, lambda: self._swap(pairs))
            case "POST", ["multi-search"], {"queries": list(queries), "federation": None}:
                return 200, {"results": [self._multi_search(n, q) for n, q in enumerate(queries)]}
            case _, ["indexes", uid, *rest], _:
                return self._answer_index(method, uid, "/".join(rest), parameters, body)
        raise ServerError(400, "bad_request", f"unexpected request: {method} {target} {body}")

    def _answer_index(
        self, method: str, uid: str, route: str, parameters: Mapping[str, str], body: Any
    ) -> tuple[int, Any]:
        match method, route, body:
            case "POST", ("search" | "facet-search"), dict():
                types = _SEARCH_TYPES if route == "search" else _FACET_TYPES
                return 200, self._search(uid, body, types)
            case "POST", "documents/fetch", {"fields": fields, "offset": offset, "limit": limit}:
                documents = self._list_documents(uid, body.get("filter", ""))
                rows = [{f: d[f] for f in fields} for d in documents[offset : offset + limit]]
                page = {"offset": offset, "limit": limit, "total": len(documents)}
                return 200, {"results": rows, **page}
            case "GET", _, None:
                answers = {
                    "": {"uid": uid, "primaryKey": "id", "createdAt": _TIME, "updatedAt": _TIME},
                    "settings": self._get(uid).settings,
                    "stats": {
                        "numberOfDocuments": len(self._get(uid).documents),
                        "isIndexing": False,
                        "fieldDistribution": {},
                    },
                }
                return 200, answers[route]
        kind, act = self._plan_change(method, uid, route, parameters, body)
        return self._run(kind, uid, act)

    def _plan_change(
        self, method: str, uid: str, route: str, parameters: Mapping[str, str], body: Any
    ) -> tuple[str, Callable[[], object]]:
        """Type and action of the task for a request."""
        match method, route, body:
            case "DELETE", "", None:
                if self.keeps_indexes and uid in self.indexes:
                    raise ServerError(500, "internal", "An unexpected error occurred")
                return "indexDeletion", lambda: self._get(uid) and self.indexes.pop(uid)
            case "PATCH", "settings", dict():
                return "settingsUpdate", lambda: self._ensure(uid).settings.update(body)
            case "POST", "documents", list() if parameters == {"primaryKey": "id"}:
                documents = {document["id"]: document for document in body}
                add = lambda: self._ensure(uid).documents.update(documents)  # noqa: E731
                return "documentAdditionOrUpdate", add
            case "POST", "documents/delete", {"filter": str(condition)}:
                return "documentDeletion", lambda: self._delete(uid, condition)
        raise ServerError(400, "bad_request", f"unexpected request: {method} {uid}/{route} {body}")

    # ---- tasks -----------------------------------------------------------------------------------

    def _run(self, kind: str, uid: str | None, act: Callable[[], object]) -> tuple[int, Any]:
        """Run a task immediately; the response still has `enqueued`, like that of a real server."""
        task = {"uid": len(self.tasks), "indexUid": uid, "type": kind, "enqueuedAt": _TIME}
        done = {"status": "succeeded", "error": None, "details": None, "duration": "PT0.001S"}
        done |= {"startedAt": _TIME, "finishedAt": _TIME, "canceledBy": None, "batchUid": None}
        try:
            act()
        except ServerError as error:
            done |= {"status": "failed", "error": error.body}
        self.tasks.append(task | done)
        return 202, {**task, "taskUid": task["uid"], "status": "enqueued"}

    def _get(self, uid: str) -> Index:
        if uid not in self.indexes:
            raise ServerError(404, "index_not_found", f"Index `{uid}` not found.")
        return self.indexes[uid]

    def _ensure(self, uid: str) -> Index:
        return self.indexes.setdefault(uid, Index())

    def _create(self, uid: str) -> None:
        if uid in self.indexes:
            raise ServerError(409, "index_already_exists", f"Index `{uid}` already exists.")
        self.indexes[uid] = Index()

    def _swap(self, pairs: list[dict[str, list[str]]]) -> None:
        swapped = {}
        for pair in pairs:
            first, second = pair["indexes"]
            swapped |= {first: self._get(second), second: self._get(first)}
        self.indexes |= swapped

    def _list_documents(self, uid: str, condition: str) -> list[dict[str, Any]]:
        """The documents in the order of ids; the only filter is a range of ids."""
        index = self._get(uid)
        if condition:
            _check_attributes([condition], index, "invalid_document_filter")
        limits = re.fullmatch(r"(?:id >= (\d+)(?: AND id <= (\d+))?)?", condition)
        assert limits, f"unexpected filter of documents: {condition}"
        first, last = int(limits[1] or 0), int(limits[2] or 2**63)
        return [d for n, d in sorted(index.documents.items()) if first <= n <= last]

    def _delete(self, uid: str, condition: str) -> None:
        _check_attributes([condition], self._get(uid), "invalid_document_filter")
        ids = re.fullmatch(r"id IN \[(\d+(?:, \d+)*)\]", condition)
        assert ids, f"unexpected filter of a deletion: {condition}"
        for number in ids[1].split(", "):
            self._get(uid).documents.pop(int(number), None)

    # ---- searching -------------------------------------------------------------------------------

    def _multi_search(self, number: int, query: dict[str, Any]) -> dict[str, Any]:
        body = dict(query)
        try:
            return self._search(body.pop("indexUid"), body, _SEARCH_TYPES)
        except ServerError as error:
            error.body["message"] = f"Inside `.queries[{number}]`: {error}"
            # A missing index is 404 only if the path names it.
            error.status = 400 if error.status == 404 else error.status
            raise

    def _search(self, uid: str, body: dict[str, Any], types: Mapping[str, type]) -> dict[str, Any]:
        index = self._get(uid)
        for name, value in body.items():
            if name not in types:
                raise ServerError(400, "bad_request", f"Unknown field `{name}`")
            if not (value is None and name == "facetQuery") and type(value) is not types[name]:
                raise ServerError(400, f"invalid_search_{name}", f"Invalid value type at `.{name}`")
        if uid.endswith("-position"):
            # Without words or filter, every document is a result.
            assert body == {"q": "", "limit": 1, "attributesToRetrieve": ["serial"]}
            return {"hits": [{"serial": d["serial"]} for d in index.documents.values()]}
        _check_attributes(body.get("filter", []), index, "invalid_search_filter")
        self.searches.append(body)
        if self.canned:
            return self.canned.pop(0)
        documents = list(index.documents.values())
        result = self.recordings.get(_build_key(documents, body))
        if result is None or not all(is_unaffected(row, body["q"]) for row in documents):
            self.unrecorded.append(body)
            raise ServerError(501, "not_recorded", f"No answer was recorded for {body}")
        return result


def _check_attributes(filters: list[str], index: Index, code: str) -> None:
    for condition in filters:
        match = _FILTER.match(condition)
        if match is None or match[1] not in index.settings["filterableAttributes"]:
            raise ServerError(400, code, f"Attribute is not filterable: {condition}")


def _check_key(header: str | None) -> None:
    if header is None:
        message = "The Authorization header is missing."
        raise ServerError(401, "missing_authorization_header", message)
    if header != f"Bearer {KEY}":
        raise ServerError(403, "invalid_api_key", "The provided API key is invalid.")


def _build_handler(double: MeilisearchDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            double.connections += 1
            super().setup()

        def _handle(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if double.wait is not None:
                double.wait.wait(timeout=30)
            try:
                status, answer = self._answer(text)
            except ServerError as error:
                status, answer = error.status, error.body
            body = json.dumps(answer).encode()
            double.exchanges.append((self.command, self.path, len(text), len(body)))
            self.close_connection = double.closes_connections
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def _answer(self, text: bytes) -> tuple[int, Any]:
            if double.is_broken:
                raise ServerError(500, "internal", "An internal error has occurred.")
            if double.is_other_server:
                return 404, {"detail": "Not found."}
            _check_key(self.headers.get("Authorization"))
            is_json = self.headers.get("Content-Type") == "application/json"
            if self.command in ("POST", "PATCH") and not is_json:
                raise ServerError(415, "invalid_content_type", "JSON is required.")
            with double.lock:
                return double.answer(self.command, self.path, json.loads(text) if text else None)

        do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 -- names of the base class

        def log_message(self, *_args: Any) -> None:
            """Log nothing."""

    return Handler


@contextlib.contextmanager
def run_meilisearch_double(
    recordings: Mapping[str, dict[str, Any]] | None = None,
) -> Iterator[MeilisearchDouble]:
    """Run a double on a free local port until the end of the context."""
    double = MeilisearchDouble(recordings or {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _build_handler(double))
    server.daemon_threads = True
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    # Polled often: `shutdown` waits for the poll, in every test.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield double
    finally:
        if double.wait is not None:
            double.wait.set()
        server.shutdown()
        server.server_close()
        thread.join()
