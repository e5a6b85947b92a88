"""A stand-in for a Meilisearch server, for tests where there is none.

It listens on this machine, checks every request against the shapes of Meilisearch's REST API (1.x)
as far as the registry uses it, refuses what it does not know, and answers from memory. A task is
carried out when somebody looks whether it is done, not before. It finds, ranks, filters and counts
by Meilisearch's rules; the tests use a real server in its place when `MEILI_URL` is set.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.meili_index import FakeIndex, Fault, check_settings

KEY = "a-master-key-of-tests"
_UID = re.compile(r"[A-Za-z0-9_-]{1,512}\Z")
_SEARCH_KEYS = {
    "q": str,
    "filter": list,
    "facets": list,
    "sort": list,
    "page": int,
    "hitsPerPage": int,
    "limit": int,
    "offset": int,
    "matchingStrategy": str,
    "showRankingScore": bool,
    "showRankingScoreDetails": bool,
    "attributesToRetrieve": list,
    "attributesToSearchOn": list,
}


class MeiliFake:
    """The server's state. `wait` makes it slow until the event comes, `is_broken` answer 500;
    `keeps_swapped` lets it break when an index is removed that was swapped.
    """

    def __init__(self) -> None:
        self.indexes: dict[str, FakeIndex] = {}
        self.tasks: list[dict[str, Any]] = []
        self.waiting: list[tuple[dict[str, Any], Callable[[], None]]] = []
        self.version = "1.15.2"
        self.keeps_swapped = False
        self.requests: list[tuple[str, str]] = []
        self.wait: threading.Event | None = None
        self.is_broken = False
        self.guard = threading.RLock()
        self.url = ""

    # ---- tasks ---------------------------------------------------------------------------------

    def enqueue(self, kind: str, uid: str | None, act: Callable[[], None]) -> dict[str, Any]:
        """Note a task; those before it come first."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        task: dict[str, Any] = {
            "uid": len(self.tasks),
            "batchUid": None,
            "indexUid": uid,
            "status": "enqueued",
            "type": kind,
            "canceledBy": None,
            "details": None,
            "error": None,
            "duration": None,
            "enqueuedAt": now,
            "startedAt": None,
            "finishedAt": None,
        }
        self.tasks.append(task)
        self.waiting.append((task, act))
        return {
            "taskUid": task["uid"],
            "indexUid": uid,
            "status": "enqueued",
            "type": kind,
            "enqueuedAt": now,
        }

    def _work(self) -> None:
        """Carry out what waits, in order."""
        for task, act in self.waiting:
            now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            task |= {"status": "succeeded", "duration": "PT0.001S", "batchUid": task["uid"]}
            task |= {"startedAt": now, "finishedAt": now}
            try:
                act()
            except Fault as fault:
                task |= {"status": "failed", "error": fault.document}
        self.waiting = []

    # ---- routes --------------------------------------------------------------------------------

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        """Status and document. Raises `Fault`."""
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        steps = [step for step in parts.path.split("/") if step]
        match method, steps:
            case "GET", ["version"]:
                return 200, {"commitSha": "", "commitDate": "", "pkgVersion": self.version}
            case "GET", ["tasks"]:
                return 200, self._list_tasks(query)
            case "GET", ["tasks", number]:
                return 200, self._get_task(number)
            case "POST", ["indexes"]:
                return 202, self._create(body)
            case "POST", ["swap-indexes"]:
                return 202, self._swap(body)
            case "POST", ["multi-search"]:
                return 200, self._multi_search(body)
            case _, ["indexes", uid, *rest]:
                return self._answer_index(method, uid, rest, query, body)
        raise Fault(404, "not_found", f"no such route: {method} {parts.path}")

    def _answer_index(
        self, method: str, uid: str, rest: list[str], query: Mapping[str, str], body: Any
    ) -> tuple[int, Any]:
        if method == "GET":
            return 200, self._read_index(uid, rest)
        match method, rest:
            case "POST", ["search"]:
                return 200, self._search(uid, body)
            case "POST", ["facet-search"]:
                return 200, self._facet_search(uid, body)
            case "POST", ["documents", "fetch"]:
                return 200, self._get(uid).fetch(_need(body, dict, "bad_request"))
            case _:
                kind, act = self._plan_change(method, uid, rest, query, body)
                return 202, self.enqueue(kind, uid, act)

    def _read_index(self, uid: str, rest: list[str]) -> dict[str, Any]:
        index = self._get(uid)
        match rest:
            case []:
                times = {"createdAt": index.created_at, "updatedAt": index.created_at}
                return {"uid": uid, "primaryKey": "id", **times}
            case ["stats"]:
                count = len(index.documents)
                return {"numberOfDocuments": count, "isIndexing": False, "fieldDistribution": {}}
            case ["settings"]:
                return index.settings
        raise Fault(404, "not_found", f"no such route: GET indexes/{uid}/{'/'.join(rest)}")

    def _plan_change(
        self, method: str, uid: str, rest: list[str], query: Mapping[str, str], body: Any
    ) -> tuple[str, Callable[[], None]]:
        """The kind of the task, and what it does when its turn comes."""
        match method, rest:
            case "DELETE", []:
                if self.keeps_swapped and uid in self.indexes and self.indexes[uid].was_swapped:
                    raise Fault(500, "internal", "An unexpected error occurred")
                return "indexDeletion", lambda: self._drop(uid)
            case "PATCH", ["settings"]:
                settings = _need(body, dict, "bad_request")
                check_settings(settings)
                return "settingsUpdate", lambda: self._make(uid).update_settings(settings)
            case "POST", ["documents"]:
                documents = _need(body, list, "malformed_payload")
                if query.get("primaryKey", "id") != "id":
                    raise Fault(400, "index_primary_key_already_exists", "the key is `id`")
                return "documentAdditionOrUpdate", lambda: self._add(uid, documents)
            case "POST", ["documents", "delete"]:
                condition = _need(body, dict, "bad_request")["filter"]
                return "documentDeletion", lambda: self._get(uid).delete(condition)
        raise Fault(404, "not_found", f"no such route: {method} indexes/{uid}/{'/'.join(rest)}")

    def _list_tasks(self, query: Mapping[str, str]) -> dict[str, Any]:
        if unknown := set(query) - {"indexUids", "limit"}:
            raise Fault(400, "bad_request", f"Unknown parameter `{min(unknown)}`")
        uids, limit = query["indexUids"].split(","), int(query["limit"])
        found = [task for task in reversed(self.tasks) if task["indexUid"] in uids]
        first = found[0]["uid"] if found else None
        following = found[limit]["uid"] if len(found) > limit else None
        results = found[:limit]
        return {
            "results": results,
            "total": len(found),
            "limit": limit,
            "from": first,
            "next": following,
        }

    def _get_task(self, number: str) -> dict[str, Any]:
        if not number.isdecimal() or int(number) >= len(self.tasks):
            raise Fault(404, "task_not_found", f"Task `{number}` not found.")
        self._work()
        return self.tasks[int(number)]

    def _get(self, uid: str) -> FakeIndex:
        if uid not in self.indexes:
            raise Fault(404, "index_not_found", f"Index `{uid}` not found.")
        return self.indexes[uid]

    def _make(self, uid: str) -> FakeIndex:
        return self.indexes.setdefault(uid, FakeIndex())

    def _add(self, uid: str, documents: list[Any]) -> None:
        """A document with a wrong id fails the task, and none of its documents is taken."""
        index = self._make(uid)
        for document in documents:
            if not isinstance(document, dict) or not isinstance(document.get("id"), int):
                raise Fault(400, "invalid_document_id", f"{document!r} has no id")
        index.add(documents)

    def _drop(self, uid: str) -> None:
        self._get(uid)
        del self.indexes[uid]

    def _create(self, body: Any) -> dict[str, Any]:
        wanted = _need(body, dict, "bad_request")
        uid = wanted.get("uid")
        if set(wanted) - {"uid", "primaryKey"} or not isinstance(uid, str) or not _UID.match(uid):
            raise Fault(400, "invalid_index_uid", f"{wanted} is no index")

        def act() -> None:
            if uid in self.indexes:
                raise Fault(409, "index_already_exists", f"Index `{uid}` already exists.")
            self._make(uid)

        return self.enqueue("indexCreation", uid, act)

    def _swap(self, body: Any) -> dict[str, Any]:
        swaps = [tuple(swap["indexes"]) for swap in _need(body, list, "bad_request")]
        if any(len(set(swap)) != 2 for swap in swaps):
            raise Fault(400, "invalid_swap_indexes", f"{swaps} are no pairs")

        def act() -> None:
            for first, second in swaps:
                self._get(first), self._get(second)
                a, b = self.indexes[first], self.indexes[second]
                self.indexes[first], self.indexes[second] = b, a
                a.was_swapped = b.was_swapped = True

        return self.enqueue("indexSwap", None, act)

    def _multi_search(self, body: Any) -> dict[str, Any]:
        wanted = _need(body, dict, "bad_request")
        if wanted.get("federation") is not None or not isinstance(wanted.get("queries"), list):
            raise Fault(400, "bad_request", "`queries` are needed, and no federation")
        queries = wanted["queries"]
        if set(wanted) == {"queries", "federation"} and self.version.startswith("1.9."):
            raise Fault(400, "bad_request", "Unknown field `federation`: expected `queries`")
        results = []
        for number, query in enumerate(queries):
            try:
                results.append(self._search(query["indexUid"], query))
            except Fault as fault:
                fault.document["message"] = f"Inside `.queries[{number}]`: {fault}"
                # What is missing is not what the address names.
                fault.status = 400
                raise
        return {"results": results}

    def _search(self, uid: str, body: Any) -> dict[str, Any]:
        wanted = dict(_need(body, dict, "bad_request"))
        wanted.pop("indexUid", None)
        for name, value in wanted.items():
            if name not in _SEARCH_KEYS:
                raise Fault(400, "bad_request", f"Unknown field `{name}`")
            if not isinstance(value, _SEARCH_KEYS[name]) or (isinstance(value, int) and value < 0):
                raise Fault(400, f"invalid_search_{name}", f"{name} is {value!r}")
        if wanted.get("matchingStrategy", "last") not in ("all", "last", "frequency"):
            raise Fault(400, "invalid_search_matching_strategy", "no such strategy")
        return {"indexUid": uid, **self._get(uid).search(wanted)}

    def _facet_search(self, uid: str, body: Any) -> dict[str, Any]:
        wanted = dict(_need(body, dict, "bad_request"))
        unknown = set(wanted) - {"facetName", "facetQuery", "q", "filter", "matchingStrategy"}
        if unknown or not isinstance(wanted.get("facetName"), str):
            raise Fault(400, "bad_request", f"facet-search of {wanted}")
        return self._get(uid).facet_search(wanted)


def _need(body: Any, kind: type[Any], code: str) -> Any:
    if not isinstance(body, kind):
        raise Fault(400, code, f"a {kind.__name__} is needed, not {type(body).__name__}")
    return body


def _check_headers(method: str, headers: Message) -> None:
    if not headers.get("Authorization", "").startswith("Bearer "):
        raise Fault(401, "missing_authorization_header", "The header is missing.")
    if headers["Authorization"] != f"Bearer {KEY}":
        raise Fault(403, "invalid_api_key", "The provided API key is invalid.")
    if method in ("POST", "PATCH") and headers.get("Content-Type") != "application/json":
        raise Fault(415, "invalid_content_type", "JSON is needed")


def _make_handler(fake: MeiliFake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(size)
            if fake.wait is not None:
                fake.wait.wait(timeout=30)
            try:
                status, document = self._answer(text)
            except Fault as fault:
                status, document = fault.status, fault.document
            body = json.dumps(document).encode()
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def _answer(self, text: bytes) -> tuple[int, Any]:
            if fake.is_broken:
                raise Fault(500, "internal", "An internal error has occurred.")
            if self.path == "/health":
                return 200, {"status": "available"}
            _check_headers(self.command, self.headers)
            with fake.guard:
                fake.requests.append((self.command, self.path))
                return fake.answer(self.command, self.path, json.loads(text) if text else None)

        do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 -- names of the base class

        def log_message(self, *_args: Any) -> None:
            """Keep quiet."""

    return Handler


@contextlib.contextmanager
def run_meili_fake() -> Iterator[MeiliFake]:
    """A server on a free port of this machine, until the end of the block."""
    fake = MeiliFake()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(fake))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        if fake.wait is not None:
            fake.wait.set()
        server.shutdown()
        server.server_close()
        thread.join()
