"""The Meilisearch engine. Every wait is bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from itertools import chain
from typing import Any, ParamSpec, TypeVar

import requests
import structlog
from meilisearch import Client
from meilisearch.errors import MeilisearchApiError, MeilisearchError
from meilisearch.models.task import TaskInfo

from marketplace.search.document import SearchDocument, split_batches
from marketplace.search.engines.meilisearch.queries import (
    ALL,
    build_exact_probes,
    build_filter,
    build_probe,
    build_searches,
    clean_text,
    is_nothing,
    list_open_facets,
    list_parts,
    may_err_in_each,
)
from marketplace.search.engines.meilisearch.settings import (
    ATTRIBUTES,
    NAME_ATTRIBUTES,
    SETTINGS,
    VERSION,
    make_meili_document,
    unmark_value,
)
from marketplace.search.errors import IndexBusyError, IndexMissingError, SearchUnavailableError
from marketplace.search.query import FACET_SEARCH_VALUES, SearchPage, SearchQuery

_log = structlog.get_logger("plugport.search")
# The first that takes the client's way of asking several searches at once.
_OLDEST = (1, 10)
_ASK_SECONDS, _WRITE_SECONDS = 1, 30
# Tasks of every index of the server wait in one line.
_TASK_MS, _BUILD_MS, _LOOK_MS = 20_000, 600_000, 20
# A request may have 100 MB.
_BUILD_BATCH = 2000
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
        self._url, self._key = url.rstrip("/"), key.strip()
        self._uid = f"{index}-v{VERSION}"

    def _connect(self, seconds: int) -> Client:
        # Whoever refuses such a header says what is in it, and that would be logged.
        if not (self._key.isascii() and self._key.isprintable()):
            raise SearchUnavailableError("The key for Meilisearch is not made of ASCII characters.")
        # A client for each call: it keeps headers in itself, which threads would mix up.
        return Client(self._url, self._key or None, timeout=seconds)

    # ---- reading -------------------------------------------------------------------------------

    @_guarded
    def search(self, query: SearchQuery) -> SearchPage:
        """See the protocol. One request, up to three more where not all the words are there."""
        if is_nothing(query.text):
            return self._page(query, [{"hits": [], "totalHits": 0}])
        searches = build_searches(self._uid, query)
        if " " not in clean_text(query.text):
            return self._page(query, self._multi_search(searches))
        probe, *answers = self._multi_search([build_probe(self._uid, query), *searches])
        if part := self._choose_part(query, probe):
            answers = self._multi_search(build_searches(self._uid, part))
        return self._page(query, answers, is_partial=part is not None)

    def _choose_words(self, query: SearchQuery) -> SearchQuery:
        """The query, or that for some of its words where not all of them are there."""
        if " " not in clean_text(query.text):
            return query
        (probe,) = self._multi_search([build_probe(self._uid, query)])
        return self._choose_part(query, probe) or query

    def _choose_part(self, query: SearchQuery, probe: Mapping[str, Any]) -> SearchQuery | None:
        """The search for some of several words, if that for all of them is no good.

        Nothing may have all of them; or only with a typing error in each, while one is there as
        it was written.
        """
        if not probe["hits"]:
            return self._find_part(query)
        if may_err_in_each(query, probe) and self._has_only_alone(query):
            return self._find_part(query)
        return None

    def _has_only_alone(self, query: SearchQuery) -> bool:
        """Whether a word is there as it was written, but not with the others."""
        answers = self._multi_search(build_exact_probes(self._uid, query))
        half = len(answers) // 2
        among, alone = answers[:half], answers[half:]
        return any(a["hits"] for a in alone) and not any(a["hits"] for a in among)

    def _find_part(self, query: SearchQuery) -> SearchQuery | None:
        """The search for some of the words whose best result is the best."""
        groups = list_parts(query)
        if not groups:
            return None
        parts = [*chain(*groups)]
        answers = iter(self._multi_search([build_probe(self._uid, part) for part in parts]))
        for group in groups:
            found = [(answer, part) for part, answer in zip(group, answers, strict=False)]
            rated = [
                (answer["hits"][0]["_rankingScore"], answer["totalHits"], part)
                for answer, part in found
                if answer["hits"]
            ]
            if rated:
                return max(rated, key=lambda one: one[:2])[2]
        return None

    def _multi_search(self, searches: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        answers = self._connect(_ASK_SECONDS).multi_search(searches)["results"]
        if len(answers) != len(searches):
            raise SearchUnavailableError("Meilisearch left answers out.")
        return answers

    def _page(
        self, query: SearchQuery, answers: Sequence[Mapping[str, Any]], *, is_partial: bool = False
    ) -> SearchPage:
        counted = dict(answers[0].get("facetDistribution") or {})
        for name, answer in zip(list_open_facets(query), answers[1:], strict=False):
            attribute = ATTRIBUTES[name]
            counted[attribute] = (answer.get("facetDistribution") or {}).get(attribute, {})
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
        if is_nothing(query.text):
            return []
        wanted = text.strip()
        asked = self._choose_words(query)
        answer = (
            self._connect(_ASK_SECONDS)
            .index(self._uid)
            .facet_search(
                ATTRIBUTES[facet],
                wanted or None,
                {
                    "q": clean_text(asked.text),
                    "filter": build_filter(asked, without=facet),
                    "matchingStrategy": ALL,
                },
            )
        )
        found = [
            (unmark_value(str(hit["value"])), int(hit["count"])) for hit in answer["facetHits"]
        ]
        # It also finds what begins nearly so.
        exact = [pair for pair in found if pair[0].casefold().startswith(wanted.casefold())]
        return sorted(exact, key=lambda pair: (-pair[1], pair[0]))[:FACET_SEARCH_VALUES]

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
        """See the protocol. An index that others made, or Meilisearch for documents, is not ours."""
        found = self._connect(_ASK_SECONDS).index(self._uid).get_settings()
        if found["searchableAttributes"] != SETTINGS["searchableAttributes"]:
            raise IndexMissingError("The index of Meilisearch has not got our settings.")

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
        _check_version(client)
        last = self._find_last_change(client)
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
        if self._find_last_change(client) != last:
            # By somebody who took the lease over: what was read here may be older than that.
            raise IndexBusyError("Another process has written the index of Meilisearch.")
        self._put_in_place(client, spare)
        return count

    def _find_last_change(self, client: Client) -> int:
        """The number of the last task for the index."""
        found = client.get_tasks({"indexUids": [self._uid], "limit": 1}).results
        return found[0].uid if found else -1

    def _put_in_place(self, client: Client, spare: str) -> None:
        """Give the spare index the name under which it is searched, at one moment."""
        tasks = []
        if not self._is_there(client):
            # Only to have something to swap with: nobody can search it without settings.
            tasks.append(client.create_index(self._uid, {"primaryKey": "id"}))
        tasks.append(client.swap_indexes([{"indexes": [self._uid, spare]}]))
        for task in tasks:
            self._wait(client, task, _BUILD_MS)
        try:
            self._delete(client, spare)
        except (SearchUnavailableError, MeilisearchError) as error:
            # The new index is in use, and the next rebuilding begins with this.
            _log.warning("index_left_over", index=spare, detail=str(error))

    @_guarded
    def setup(self) -> None:
        """See the protocol."""
        client = self._connect(_WRITE_SECONDS)
        _check_version(client)
        if self._is_there(client):
            self._wait(client, client.index(self._uid).update_settings(SETTINGS), _BUILD_MS)
        else:
            self._make(client, self._uid)

    def _is_there(self, client: Client) -> bool:
        try:
            client.get_raw_index(self._uid)
        except MeilisearchApiError as error:
            if error.code != "index_not_found":
                raise
            return False
        return True

    def _make(self, client: Client, uid: str) -> None:
        self._wait(client, client.create_index(uid, {"primaryKey": "id"}), _BUILD_MS)
        self._wait(client, client.index(uid).update_settings(SETTINGS), _BUILD_MS)

    def _delete(self, client: Client, uid: str) -> None:
        self._wait(client, client.delete_index(uid), _BUILD_MS, ignored="index_not_found")

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


def _check_version(client: Client) -> None:
    version = str(client.get_version()["pkgVersion"])
    if tuple(int(number) for number in version.split(".")[:2]) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise SearchUnavailableError(
            f"Meilisearch {version} is too old: {oldest} or later is needed."
        )


def _sort(counts: Mapping[str, int]) -> dict[str, int]:
    """Most frequent first, then by value."""
    shown: Counter[str] = Counter()
    for value, count in counts.items():
        shown[unmark_value(value)] += count
    return dict(sorted(shown.items(), key=lambda pair: (-pair[1], pair[0])))
