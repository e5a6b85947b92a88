"""The Meilisearch engine. Every wait is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import requests
from meilisearch import Client
from meilisearch.errors import MeilisearchApiError, MeilisearchError
from meilisearch.models.task import TaskInfo

from marketplace.search.document import SearchDocument, split_batches
from marketplace.search.engines.meilisearch.queries import (
    ALL,
    PARTS,
    build_filter,
    build_searches,
    clean_text,
    list_open_facets,
)
from marketplace.search.engines.meilisearch.settings import (
    ATTRIBUTES,
    NAME_ATTRIBUTES,
    SETTINGS,
    VERSION,
    make_meili_document,
)
from marketplace.search.errors import IndexMissingError, SearchUnavailableError
from marketplace.search.query import FACET_SEARCH_VALUES, SearchPage, SearchQuery

_ASK_SECONDS, _WRITE_SECONDS = 1, 30
_TASK_MS, _BUILD_MS, _LOOK_MS = 20_000, 600_000, 20
_BUILD_BATCH = 5000
_STAMP_BATCH = 5000

P = ParamSpec("P")
R = TypeVar("R")


def _guarded(act: Callable[P, R]) -> Callable[P, R]:
    """Turn whatever the client raises into an error of ours."""

    @wraps(act)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except MeilisearchApiError as error:
            if error.code == "index_not_found":
                raise IndexMissingError("Meilisearch has no such index yet.") from None
            raise SearchUnavailableError(f"Meilisearch refuses: {error.message}") from error
        except (MeilisearchError, requests.RequestException) as error:
            raise SearchUnavailableError(f"Meilisearch does not answer: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise SearchUnavailableError(
                f"Meilisearch answered what nobody understands: {error!r}"
            ) from error

    return run


class MeilisearchEngine:
    """An index on a Meilisearch server of version 1.10 or later. Safe for several threads."""

    name = "meilisearch"

    def __init__(self, *, url: str, key: str, index: str) -> None:
        self._url, self._key = url.rstrip("/"), key
        self._uid = f"{index}-v{VERSION}"

    def _connect(self, seconds: int) -> Client:
        # A client for each call: it keeps headers in itself, which threads would mix up.
        return Client(self._url, self._key or None, timeout=seconds)

    # ---- reading -------------------------------------------------------------------------------

    @_guarded
    def search(self, query: SearchQuery) -> SearchPage:
        """See the protocol. One request, a second where nothing has all the words."""
        if query.text.strip() and not clean_text(query.text):
            return self._page(query, [{"hits": [], "totalHits": 0, "facetDistribution": {}}])
        answers = self._multi_search(query, ALL)
        is_partial = False
        if not answers[0]["totalHits"] and len(clean_text(query.text).split()) > 1:
            parts = self._multi_search(query, PARTS)
            is_partial = bool(parts[0]["totalHits"])
            answers = parts if is_partial else answers
        return self._page(query, answers, is_partial=is_partial)

    def _multi_search(self, query: SearchQuery, strategy: str) -> list[dict[str, Any]]:
        searches = build_searches(self._uid, query, strategy)
        answers = self._connect(_ASK_SECONDS).multi_search(searches)["results"]
        if len(answers) != len(searches):
            raise SearchUnavailableError("Meilisearch left answers out.")
        return answers

    def _page(
        self, query: SearchQuery, answers: Sequence[Mapping[str, Any]], *, is_partial: bool = False
    ) -> SearchPage:
        counted = dict(answers[0].get("facetDistribution") or {})
        for name, answer in zip(list_open_facets(query), answers[1:], strict=False):
            counted |= {ATTRIBUTES[name]: answer["facetDistribution"][ATTRIBUTES[name]]}
        return SearchPage(
            ids=tuple(int(hit["id"]) for hit in answers[0]["hits"]),
            total=int(answers[0]["totalHits"]),
            facets={name: _sort(counted.get(ATTRIBUTES[name], {})) for name in query.facets},
            engine=self.name,
            is_partial=is_partial,
        )

    @_guarded
    def suggest(self, prefix: str, limit: int, hidden: frozenset[int]) -> list[int]:
        """See the protocol."""
        text = clean_text(prefix)
        if not text:
            return []
        answer = (
            self._connect(_ASK_SECONDS)
            .index(self._uid)
            .search(
                text,
                {
                    "limit": limit,
                    "attributesToSearchOn": NAME_ATTRIBUTES,
                    "attributesToRetrieve": ["id"],
                    "matchingStrategy": ALL,
                    "filter": build_filter(SearchQuery(hidden=hidden)),
                },
            )
        )
        return [int(hit["id"]) for hit in answer["hits"]]

    @_guarded
    def facet_search(self, facet: str, text: str, query: SearchQuery) -> list[tuple[str, int]]:
        """See the protocol."""
        answer = (
            self._connect(_ASK_SECONDS)
            .index(self._uid)
            .facet_search(
                ATTRIBUTES[facet],
                text.strip() or None,
                {
                    "q": clean_text(query.text),
                    "filter": build_filter(query, without=facet),
                    "matchingStrategy": ALL,
                },
            )
        )
        found = [(str(hit["value"]), int(hit["count"])) for hit in answer["facetHits"]]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:FACET_SEARCH_VALUES]

    @_guarded
    def count(self) -> int:
        """See the protocol."""
        return self._connect(_WRITE_SECONDS).index(self._uid).get_stats().number_of_documents

    @_guarded
    def read_stamps(self) -> Iterator[tuple[int, int]]:
        """See the protocol."""
        index = self._connect(_WRITE_SECONDS).index(self._uid)
        stamps: list[tuple[int, int]] = []
        while True:
            asked = {"limit": _STAMP_BATCH, "offset": len(stamps), "fields": ["id", "updated"]}
            found = index.get_documents(asked).results
            stamps += [(int(document.id), int(document.updated)) for document in found]
            if len(found) < _STAMP_BATCH:
                return iter(stamps)

    @_guarded
    def ping(self) -> None:
        """See the protocol."""
        self._connect(_ASK_SECONDS).index(self._uid).get_stats()

    # ---- writing -------------------------------------------------------------------------------

    @_guarded
    def index(self, documents: Sequence[SearchDocument]) -> None:
        """See the protocol."""
        client = self._connect(_WRITE_SECONDS)
        made = [make_meili_document(document) for document in documents]
        self._wait(client, client.index(self._uid).add_documents(made, primary_key="id"))

    @_guarded
    def remove(self, ids: Iterable[int]) -> None:
        """See the protocol."""
        client = self._connect(_WRITE_SECONDS)
        listed = ", ".join(str(int(number)) for number in ids)
        if listed:
            task = client.index(self._uid).delete_documents(filter=f"id IN [{listed}]")
            self._wait(client, task)

    @_guarded
    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """See the protocol: a second index is filled, then the two change names."""
        client = self._connect(_WRITE_SECONDS)
        spare = f"{self._uid}-next"
        self._delete(client, spare)
        self._make(client, spare)
        count, tasks = 0, []
        for batch in split_batches(documents, _BUILD_BATCH):
            made = [make_meili_document(document) for document in batch]
            tasks.append(client.index(spare).add_documents(made, primary_key="id"))
            count += len(batch)
        for task in tasks:
            self._wait(client, task, _BUILD_MS)
        self._make_if_missing(client)
        self._wait(client, client.swap_indexes([{"indexes": [self._uid, spare]}]))
        self._delete(client, spare)
        return count

    @_guarded
    def setup(self) -> None:
        """See the protocol."""
        client = self._connect(_WRITE_SECONDS)
        if not self._make_if_missing(client):
            self._wait(client, client.index(self._uid).update_settings(SETTINGS), _BUILD_MS)

    def _make_if_missing(self, client: Client) -> bool:
        try:
            client.get_raw_index(self._uid)
        except MeilisearchApiError as error:
            if error.code != "index_not_found":
                raise
            self._make(client, self._uid)
            return True
        return False

    def _make(self, client: Client, uid: str) -> None:
        self._wait(client, client.create_index(uid, {"primaryKey": "id"}))
        self._wait(client, client.index(uid).update_settings(SETTINGS))

    def _delete(self, client: Client, uid: str) -> None:
        self._wait(client, client.delete_index(uid), ignored="index_not_found")

    def _wait(
        self, client: Client, info: TaskInfo, most_ms: int = _TASK_MS, *, ignored: str = ""
    ) -> None:
        """Until the task is done. Raises `SearchUnavailableError` if it fails or takes too long."""
        task = client.wait_for_task(info.task_uid, most_ms, _LOOK_MS)
        fault = task.error or {}
        if task.status != "succeeded" and fault.get("code") != ignored:
            if fault.get("code") == "index_not_found":
                raise IndexMissingError("Meilisearch has no such index yet.")
            raise SearchUnavailableError(
                f"Meilisearch could not do {task.type}: {fault.get('message', task.status)}"
            )


def _sort(counts: Mapping[str, int]) -> dict[str, int]:
    """Most frequent first, then by value."""
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
