"""The Meilisearch engine, on the official client. Every request and task has a timeout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from itertools import chain
from typing import Any, ParamSpec, TypeVar

import structlog
from meilisearch.errors import MeilisearchError
from meilisearch.models.task import TaskInfo

from marketplace.search.document import SearchDocument, iter_batches
from marketplace.search.engines.base import MAX_STAMPS
from marketplace.search.engines.meilisearch.connection import (
    PooledClient,
    build_pool,
    check_version,
)
from marketplace.search.engines.meilisearch.queries import (
    MATCH_ALL_WORDS,
    build_exact_probes,
    build_filter,
    build_position_search,
    build_probe,
    build_searches,
    build_suggestion,
    can_have_only_typos,
    clean_text,
    list_partial_queries,
)
from marketplace.search.engines.meilisearch.settings import (
    ATTRIBUTES,
    LOCALES,
    POSITION_SUFFIX,
    SETTINGS,
    VERSION,
    build_meili_document,
    decode_value,
)
from marketplace.search.errors import (
    IndexBusyError,
    IndexMissingError,
    IndexOutdatedError,
    SearchUnavailableError,
)
from marketplace.search.position import START, IndexPosition
from marketplace.search.query import MAX_FACET_SEARCH_VALUES, SearchPage, SearchQuery
from marketplace.search.tokenizer import has_only_signs

_log = structlog.get_logger("plugport.search")
_QUERY_SECONDS, _WRITE_SECONDS = 1, 30
# Generous, because the server runs the tasks of all its indexes one after the other.
_TASK_MS, _REBUILD_TASK_MS, _POLL_MS = 20_000, 600_000, 10
# Well below 100 MB, the server's default limit of a request.
_REBUILD_BATCH = 2000

P = ParamSpec("P")
R = TypeVar("R")


def _translate_errors(method: Callable[P, R]) -> Callable[P, R]:
    """Raise errors of the client and of the responses as `SearchUnavailableError` or a subclass."""

    @wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except MeilisearchError as error:
            # Only of `wait_for_task`; `connection` raises all others.
            raise SearchUnavailableError(
                "A Meilisearch task did not end in time.",
                hint="The server may be busy with other tasks; `GET /tasks` lists them.",
            ) from error
        except (KeyError, TypeError, ValueError) as error:
            raise SearchUnavailableError(
                f"Meilisearch sent an unexpected response: {error!r}",
                hint="Check that PLUGPORT_MEILI_URL is the address of a Meilisearch server.",
            ) from error

    return run


class MeilisearchEngine:
    """An index on a Meilisearch server, version 1.10 or later. Thread-safe."""

    name = "meilisearch"

    def __init__(self, *, url: str, key: str, index: str) -> None:
        url, key = url.rstrip("/"), key.strip()
        pool = build_pool(url)
        self._reading = PooledClient(url, key, pool=pool, seconds=_QUERY_SECONDS)
        self._writing = PooledClient(url, key, pool=pool, seconds=_WRITE_SECONDS)
        self._uid = f"{index}-v{VERSION}"
        self._position_uid = f"{self._uid}{POSITION_SUFFIX}"

    # ---- reading -------------------------------------------------------------------------------

    @_translate_errors
    def search(self, query: SearchQuery) -> SearchPage:
        """Search with one request, or up to three more if not all words match."""
        if has_only_signs(query.text):
            return self._build_page(query, [{"hits": [], "totalHits": 0}])
        searches = build_searches(self._uid, query)
        if " " not in clean_text(query.text):
            return self._build_page(query, self._search_since(query.min_serial, searches))
        # In the same request, because most searches need no other one.
        probe, *answers = self._search_since(
            query.min_serial, [build_probe(self._uid, query), *searches]
        )
        if part := self._choose_part(query, probe):
            answers = self._multi_search(build_searches(self._uid, part))
        return self._build_page(query, answers, is_partial=part is not None)

    def _choose_query(self, query: SearchQuery) -> SearchQuery:
        """The query, or the query with some of its words if not all of them match."""
        if " " not in clean_text(query.text):
            return query
        (probe,) = self._search_since(query.min_serial, [build_probe(self._uid, query)])
        return self._choose_part(query, probe) or query

    def _choose_part(self, query: SearchQuery, probe: Mapping[str, Any]) -> SearchQuery | None:
        """The query with some of the words, or None if the query with all words is good.

        It is not good if nothing matches, or if every word matches only with a typing error while
        one of them exists without.
        """
        if not probe["hits"]:
            return self._find_part(query)
        if can_have_only_typos(query, probe) and self._has_exact_word_alone(query):
            return self._find_part(query)
        return None

    def _has_exact_word_alone(self, query: SearchQuery) -> bool:
        """Whether a word exists without typing errors, but not together with the others."""
        answers = self._multi_search(build_exact_probes(self._uid, query))
        half = len(answers) // 2
        together, alone = answers[:half], answers[half:]
        return any(a["hits"] for a in alone) and not any(a["hits"] for a in together)

    def _find_part(self, query: SearchQuery) -> SearchQuery | None:
        """The query with some of the words that has the best result."""
        groups = list_partial_queries(query)
        if not groups:
            return None
        parts = [*chain(*groups)]
        answers = iter(self._multi_search([build_probe(self._uid, part) for part in parts]))
        for group in groups:
            ranked = [
                (answer["hits"][0]["_rankingScore"], answer["totalHits"], part)
                # The iterator goes on with the next group.
                for part, answer in zip(group, answers, strict=False)
                if answer["hits"]
            ]
            if ranked:
                return max(ranked, key=lambda item: item[:2])[2]
        return None

    def _search_since(
        self, min_serial: int, searches: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Search and read the position in one request. Raises `IndexOutdatedError`."""
        if not min_serial:
            return self._multi_search(searches)
        # First: the server runs the searches in order, and meanwhile the index may only get newer.
        stored, *answers = self._multi_search(
            [build_position_search(self._position_uid), *searches]
        )
        serial = int(stored["hits"][0]["serial"]) if stored["hits"] else 0
        if serial < min_serial:
            raise IndexOutdatedError(serial)
        return answers

    def _multi_search(self, searches: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        answers = self._reading.multi_search(searches)["results"]
        if len(answers) != len(searches):
            raise SearchUnavailableError("Meilisearch returned fewer results than queries.")
        return answers

    def _build_page(
        self, query: SearchQuery, answers: Sequence[Mapping[str, Any]], *, is_partial: bool = False
    ) -> SearchPage:
        counts = dict(answers[0].get("facetDistribution") or {})
        for name, answer in zip(query.open_facets, answers[1:], strict=False):
            attribute = ATTRIBUTES[name]
            counts[attribute] = (answer.get("facetDistribution") or {}).get(attribute, {})
        return SearchPage(
            ids=tuple(int(hit["id"]) for hit in answers[0]["hits"]),
            total=int(answers[0]["totalHits"]),
            facets={name: _sort_counts(counts.get(ATTRIBUTES[name], {})) for name in query.facets},
            engine=self.name,
            is_partial=is_partial,
        )

    @_translate_errors
    def suggest(
        self, prefix: str, limit: int, hidden: frozenset[int], min_serial: int = 0
    ) -> list[int]:
        """Suggest with typing errors at once; the server ranks them last."""
        if not clean_text(prefix):
            return []
        search = build_suggestion(self._uid, prefix, limit, hidden)
        (answer,) = self._search_since(min_serial, [search])
        return [int(hit["id"]) for hit in answer["hits"]]

    @_translate_errors
    def facet_search(self, facet: str, text: str, query: SearchQuery) -> list[tuple[str, int]]:
        """Find values among the results of the query, or of its words that match.

        The position is read for several words only: it would be a request of its own. The worker
        detects an outdated index within a second.
        """
        if has_only_signs(query.text):
            return []
        prefix = text.strip()
        used_query = self._choose_query(query)
        answer = self._reading.index(self._uid).facet_search(
            ATTRIBUTES[facet],
            prefix or None,
            {
                "q": clean_text(used_query.text),
                "filter": build_filter(used_query, without=facet),
                "matchingStrategy": MATCH_ALL_WORDS,
                "locales": LOCALES,
            },
        )
        values = [
            (decode_value(str(hit["value"])), int(hit["count"])) for hit in answer["facetHits"]
        ]
        # The server also returns values with typing errors.
        exact = [pair for pair in values if pair[0].casefold().startswith(prefix.casefold())]
        return sorted(exact, key=lambda pair: (-pair[1], pair[0]))[:MAX_FACET_SEARCH_VALUES]

    @_translate_errors
    def count(self) -> int:
        return self._writing.index(self._uid).get_stats().number_of_documents

    @_translate_errors
    def list_stamps(self, first: int, last: int | None) -> dict[int, int]:
        conditions = [f"id >= {first}"] + ([] if last is None else [f"id <= {last}"])
        request = {
            "fields": ["id", "updated"],
            "filter": " AND ".join(conditions),
            "limit": MAX_STAMPS,
            "offset": 0,
        }
        documents = self._writing.index(self._uid).get_documents(request).results
        return {int(document.id): int(document.updated) for document in documents}

    @_translate_errors
    def get_position(self) -> IndexPosition | None:
        """Read the only document of the index of the position."""
        request = {"fields": ["serial", "mark"], "limit": 1, "offset": 0}
        documents = self._reading.index(self._position_uid).get_documents(request).results
        if not documents:
            return None
        return IndexPosition(int(documents[0].serial), int(documents[0].mark))

    @_translate_errors
    def ping(self) -> None:
        """Check the settings, too: Meilisearch creates an index without them for any document."""
        try:
            settings = self._reading.index(self._uid).get_settings()
        except IndexMissingError:
            # A server that is too old cannot have the index, and never will.
            check_version(self._reading)
            raise
        if settings["searchableAttributes"] != SETTINGS["searchableAttributes"]:
            raise IndexMissingError(
                "The Meilisearch index does not have the settings of this registry."
            )

    # ---- writing -------------------------------------------------------------------------------

    @_translate_errors
    def index(self, documents: Sequence[SearchDocument]) -> None:
        """Write the documents in one task."""
        client = self._writing
        bodies = [build_meili_document(document) for document in documents]
        task = client.index(self._uid).add_documents(bodies, primary_key="id")
        self._wait_for_task(client, task)

    @_translate_errors
    def remove(self, ids: Iterable[int]) -> None:
        """Delete the documents in one task."""
        client = self._writing
        listed = ", ".join(str(int(number)) for number in ids)
        if listed:
            task = client.index(self._uid).delete_documents(filter=f"id IN [{listed}]")
            self._wait_for_task(client, task)

    @_translate_errors
    def store_position(self, position: IndexPosition) -> None:
        """Write the position into an index of its own, which searches of plugins never see.

        It is on the same server and swapped together with the index, so it is restored with it.
        """
        self._wait_for_task(
            self._writing, self._send_position(self._writing, self._position_uid, position)
        )

    def _send_position(self, client: PooledClient, uid: str, position: IndexPosition) -> TaskInfo:
        document = {"id": 1, "serial": position.serial, "mark": position.mark}
        return client.index(uid).add_documents([document], primary_key="id")

    @_translate_errors
    def rebuild(self, documents: Iterable[SearchDocument], position: IndexPosition = START) -> int:
        """Fill a second index, then swap the two. Raises `IndexBusyError` if another process wrote."""
        client = self._writing
        check_version(client)
        last = self._get_last_task_uid(client)
        spare = f"{self._uid}-next"
        for uid in (spare, f"{spare}{POSITION_SUFFIX}"):
            self._delete(client, uid)
        self._create(client, spare)
        count, tasks = 0, [self._send_position(client, f"{spare}{POSITION_SUFFIX}", position)]
        # Wait after the last batch only: the server merges queued additions into fewer, larger tasks.
        for batch in iter_batches(documents, _REBUILD_BATCH):
            bodies = [build_meili_document(document) for document in batch]
            tasks.append(client.index(spare).add_documents(bodies, primary_key="id"))
            count += len(batch)
        for task in tasks:
            self._wait_for_task(client, task, _REBUILD_TASK_MS)
        if self._get_last_task_uid(client) != last:
            # Another process took over the lease, and wrote documents newer than those read here.
            raise IndexBusyError("Another process has written to the Meilisearch index.")
        self._activate(client, spare)
        return count

    def _get_last_task_uid(self, client: PooledClient) -> int:
        """The uid of the last task of the index; -1 if there is none."""
        tasks = client.get_tasks({"indexUids": [self._uid], "limit": 1}).results
        return tasks[0].uid if tasks else -1

    def _activate(self, client: PooledClient, spare: str) -> None:
        """Swap the spare index with the one in use, in one step."""
        pairs = [(self._uid, spare), (self._position_uid, f"{spare}{POSITION_SUFFIX}")]
        tasks = [
            # A swap needs two indexes.
            client.create_index_with_ids(used)
            for used, _spare in pairs
            if not self._has_index(client, used)
        ]
        tasks.append(client.swap_indexes([{"indexes": [*pair]} for pair in pairs]))
        for task in tasks:
            self._wait_for_task(client, task, _REBUILD_TASK_MS)
        try:
            for _used, left in pairs:
                self._delete(client, left)
        except (SearchUnavailableError, MeilisearchError) as error:
            # Harmless: the new index is in use, and the next rebuild deletes the spare one first.
            _log.warning("index_left_over", index=spare, detail=str(error))

    @_translate_errors
    def setup(self) -> None:
        """Create the index, or update its settings."""
        client = self._writing
        check_version(client)
        if self._has_index(client, self._uid):
            self._wait_for_task(
                client, client.index(self._uid).update_settings(SETTINGS), _REBUILD_TASK_MS
            )
        else:
            self._create(client, self._uid)
            self.store_position(START)

    def _has_index(self, client: PooledClient, uid: str) -> bool:
        try:
            client.get_raw_index(uid)
        except IndexMissingError:
            return False
        return True

    def _create(self, client: PooledClient, uid: str) -> None:
        self._wait_for_task(client, client.create_index_with_ids(uid), _REBUILD_TASK_MS)
        self._wait_for_task(client, client.index(uid).update_settings(SETTINGS), _REBUILD_TASK_MS)

    def _delete(self, client: PooledClient, uid: str) -> None:
        self._wait_for_task(
            client, client.delete_index(uid), _REBUILD_TASK_MS, ignored="index_not_found"
        )

    def _wait_for_task(
        self, client: PooledClient, info: TaskInfo, timeout_ms: int = _TASK_MS, *, ignored: str = ""
    ) -> None:
        """Wait until the task succeeds. Raises `SearchUnavailableError` if it fails or takes too long.

        A failure with the code `ignored` counts as success.
        """
        # The API only queues writes; `index` and `remove` promise that searches see them.
        task = client.wait_for_task(info.task_uid, timeout_ms, _POLL_MS)
        error = task.error or {}
        if task.status != "succeeded" and error.get("code") != ignored:
            if error.get("code") == "index_not_found":
                raise IndexMissingError("The Meilisearch index does not exist yet.")
            raise SearchUnavailableError(
                f"The Meilisearch task {task.type} failed: {error.get('message', task.status)}"
            )


def _sort_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts by decoded value, most frequent first, then by value."""
    totals: Counter[str] = Counter()
    for value, count in counts.items():
        totals[decode_value(value)] += count
    return dict(sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])))
