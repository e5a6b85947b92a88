"""The embedded engine: searches from any thread, writes from one process at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import tantivy
from cachetools import LRUCache
from tantivy import Occur, Query

from marketplace.search.document import SearchDocument, iter_batches
from marketplace.search.engines.base import MAX_STAMPS
from marketplace.search.engines.embedded.index_directory import (
    IndexDirectory,
    check_files,
    write_stamps,
)
from marketplace.search.engines.embedded.matching import (
    Matcher,
    MatchLevel,
    can_have_typos,
    list_match_levels,
)
from marketplace.search.engines.embedded.reader import IndexReader, open_index
from marketplace.search.engines.embedded.schema import (
    FILTER_FIELDS,
    SORT_FIELDS,
    build_schema,
    build_tantivy_document,
    register_tokenizers,
)
from marketplace.search.errors import (
    IndexBusyError,
    IndexDamagedError,
    SearchUnavailableError,
)
from marketplace.search.position import START, IndexPosition
from marketplace.search.query import (
    MAX_FACET_SEARCH_VALUES,
    MAX_FACET_VALUES,
    Facets,
    SearchPage,
    SearchQuery,
)
from marketplace.search.tokenizer import QueryWords, get_max_typos, parse_query

# Memory of tantivy's writer, in bytes.
_UPDATE_HEAP_BYTES, _REBUILD_HEAP_BYTES = 32_000_000, 256_000_000
_REBUILD_BATCH = 5000
# tantivy refuses to aggregate more buckets than this.
_MAX_FACET_BUCKETS = 65_000
# From here on a count first is cheaper than collecting the hits of all earlier pages.
_DEEP_OFFSET = 2000
_CACHED_RESULTS = 500
# The highest primary key of the database.
_MAX_ID = 2**63 - 1
# Facets that have one value in most registries: two term lookups then replace a full count.
_OFTEN_SINGLE_VALUED = ("registry", "dialect")
_BY_NAME_KEY = {"order_by_field": "name_key", "order": tantivy.Order.Asc}

P = ParamSpec("P")
R = TypeVar("R")


def _translate_errors(method: Callable[P, R]) -> Callable[P, R]:
    """Raise errors and panics of tantivy as `SearchUnavailableError` or a subclass."""

    @wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except (SearchUnavailableError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except (ValueError, OSError, RuntimeError) as error:
            raise SearchUnavailableError(f"The embedded engine failed: {error}") from error
        except BaseException as error:
            # pyo3 raises a Rust panic as a `BaseException` whose class cannot be imported. Only a
            # damaged index makes tantivy panic.
            if type(error).__name__ != "PanicException":
                raise
            raise IndexDamagedError(f"The search index cannot be read: {error}") from error

    return run


@dataclass(frozen=True, slots=True)
class _HitPage:
    """The hits of one page, and the number of matches on all pages."""

    hits: Sequence[tuple[Any, tantivy.DocAddress]]
    count: int


class EmbeddedEngine:
    """A tantivy index in the directory `path`. Thread-safe."""

    name = "embedded"

    def __init__(self, *, path: str) -> None:
        self._directory = IndexDirectory(Path(path))
        self._reader = IndexReader(self._directory)
        self._schema = build_schema()
        self._scored = Matcher(self._schema)
        self._unscored = Matcher(self._schema, is_scored=False)
        self._write_lock = threading.Lock()
        # Keys begin with the commit, so entries of older commits are never read again and expire.
        self._pages: LRUCache[Hashable, SearchPage] = LRUCache(_CACHED_RESULTS)
        self._facets: LRUCache[Hashable, Facets] = LRUCache(_CACHED_RESULTS)
        self._cache_lock = threading.Lock()

    # ---- reading ---------------------------------------------------------------------------------

    @_translate_errors
    def search(self, query: SearchQuery) -> SearchPage:
        """Search with one pass for the page and one for all facets; cached until the next commit."""
        searcher, commit, _position = self._reader.get_snapshot(query.min_serial)
        return self._get_cached(
            self._pages, (commit, query.key), lambda: self._search(searcher, commit, query)
        )

    def _get_cached(
        self, cache: LRUCache[Hashable, R], key: Hashable, compute: Callable[[], R]
    ) -> R:
        # A read moves the entry within the cache, so it needs the lock, too. `compute` runs outside
        # of it: two threads may compute the same value, but no thread waits for another's search.
        with self._cache_lock:
            value = cache.get(key)
        if value is None:
            value = compute()
            with self._cache_lock:
                cache[key] = value
        return value

    def _search(
        self, searcher: tantivy.Searcher, commit: Hashable, query: SearchQuery
    ) -> SearchPage:
        text_query, page, is_partial = self._match_text(searcher, query)
        # Every page and order of a search has the same counts.
        facets_key = (commit, replace(query, page=1, limit=0, sort="relevance").key)
        return SearchPage(
            ids=self._list_ids(searcher, page),
            total=page.count,
            facets=self._get_cached(
                self._facets,
                facets_key,
                lambda: self._get_facets(searcher, text_query, query, page.count),
            ),
            engine=self.name,
            is_partial=is_partial,
        )

    def _match_text(
        self, searcher: tantivy.Searcher, query: SearchQuery
    ) -> tuple[Query, _HitPage, bool]:
        """The first level with results: its query without scores, its page, and `is_partial`."""
        words = parse_query(query.text)
        if not words.words:
            everything = Query.all_query() if not query.text.strip() else Query.empty_query()
            return everything, self._run(searcher, everything, query), False
        is_ranked = query.sort not in SORT_FIELDS and query.limit > 0
        matcher = self._scored if is_ranked else self._unscored
        page = _HitPage((), 0)
        for level in list_match_levels(words):
            # If one of the words exists, the others may have errors but not all of them.
            is_sure = level is MatchLevel.LOOSE and self._has_exact_word(searcher, words, query)
            used_level = MatchLevel.SURE if is_sure else level
            page = self._run(searcher, matcher.match(used_level, words), query)
            if page.count:
                return self._unscored.match(used_level, words), page, used_level.is_partial
        return Query.empty_query(), page, False

    def _has_exact_word(
        self, searcher: tantivy.Searcher, words: QueryWords, query: SearchQuery
    ) -> bool:
        """Whether one of several words, all of which may have errors, exists without errors."""
        # A word that may have no errors must match exactly anyway, so there is nothing to look up.
        if len(words.words) == 1 or not all(map(get_max_typos, words.words)):
            return False
        exact = self._unscored.match_any_exactly(words)
        return _count_matches(searcher, self._scored.add_filters(exact, query)) > 0

    def _run(self, searcher: tantivy.Searcher, text_query: Query, query: SearchQuery) -> _HitPage:
        filtered = self._scored.add_filters(text_query, query)
        if query.limit == 0 or query.offset >= _DEEP_OFFSET:
            # tantivy allocates memory for all hits up to the page, so check first that it exists.
            count = _count_matches(searcher, filtered)
            if query.limit == 0 or query.offset >= count:
                return _HitPage((), count)
        options: dict[str, Any] = {"limit": query.limit, "offset": query.offset}
        if query.sort == "name" and query.offset:
            return self._run_by_name(searcher, filtered, options)
        if query.sort in SORT_FIELDS:
            options["order_by_field"], options["order"] = SORT_FIELDS[query.sort]
        elif query.text.strip():
            options["weight_by_field"] = "weight"
        else:
            options["order_by_field"], options["order"] = SORT_FIELDS["downloads"]
        return _run_search(searcher, filtered, options)

    def _run_by_name(
        self, searcher: tantivy.Searcher, filtered: Query, options: Mapping[str, Any]
    ) -> _HitPage:
        """A further page in the order of names.

        Sorting by text is slow, and slower the further the page is. So a first pass sorts by
        `name_key`, a number made of the first letters. All names of the page lie between the keys
        of its first and last hit, with few others; a second pass sorts only those by name.
        """
        rough = _run_search(searcher, filtered, {**options, **_BY_NAME_KEY})
        if not rough.hits:
            return rough
        first, last = int(rough.hits[0][0]), int(rough.hits[-1][0])
        skipped = 0
        if first:
            before = _match_both(filtered, self._build_range_query(0, first - 1))
            skipped = _count_matches(searcher, before)
        field, order = SORT_FIELDS["name"]
        exact = _run_search(
            searcher,
            _match_both(filtered, self._build_range_query(first, last)),
            {
                "limit": options["limit"],
                "offset": options["offset"] - skipped,
                "order_by_field": field,
                "order": order,
            },
        )
        return _HitPage(exact.hits, rough.count)

    def _build_range_query(self, first: int, last: int) -> Query:
        return Query.range_query(self._schema, "name_key", tantivy.FieldType.Unsigned, first, last)

    def _list_ids(self, searcher: tantivy.Searcher, page: _HitPage) -> tuple[int, ...]:
        """The ids of a page; hits of equal rank in the order of their ids."""
        ids = _list_numbers(searcher, "id", [address for _rank, address in page.hits])
        ranked = zip((rank for rank, _address in page.hits), ids, strict=True)
        groups = groupby(ranked, key=itemgetter(0))
        return tuple(number for _rank, rows in groups for _, number in sorted(rows))

    def _get_facets(
        self, searcher: tantivy.Searcher, text_query: Query, query: SearchQuery, total: int
    ) -> Facets:
        if not query.facets:
            return {}
        open_facets = query.open_facets
        single = _select_single_values(searcher, query.facets)
        closed = [name for name in query.facets if name not in open_facets and name not in single]
        filtered = self._scored.add_filters(text_query, query)
        counts = _get_value_counts(searcher, filtered, closed)
        counts |= {name: {value: total} if total else {} for name, value in single.items()}
        for name in open_facets:
            filtered = self._scored.add_filters(text_query, query, without=name)
            counts |= _get_value_counts(searcher, filtered, [name])
        return {name: counts[name] for name in query.facets}

    @_translate_errors
    def suggest(
        self, prefix: str, limit: int, hidden: frozenset[int], min_serial: int = 0
    ) -> list[int]:
        """Suggest with typing errors only if nothing starts with the prefix."""
        words = parse_query(prefix)
        if not words.words:
            return []
        searcher = self._reader.get(min_serial)
        query = SearchQuery(text=prefix, limit=limit, hidden=hidden)
        page = self._run(searcher, self._scored.build_prefix_query(words), query)
        if not page.count and can_have_typos(words):
            page = self._run(searcher, self._scored.build_fuzzy_prefix_query(words), query)
        return list(self._list_ids(searcher, page))

    @_translate_errors
    def facet_search(self, facet: str, text: str, query: SearchQuery) -> list[tuple[str, int]]:
        """Find values that start with the text, or have a part after a hyphen that does."""
        searcher = self._reader.get(query.min_serial)
        text_query, _page, _is_partial = self._match_text(searcher, replace(query, limit=0))
        filtered = self._scored.add_filters(text_query, query, without=facet)
        # Aggregations cannot be limited to a prefix, so count all values and select here.
        counts = _get_value_counts(searcher, filtered, [facet], max_values=_MAX_FACET_BUCKETS)[
            facet
        ]
        prefix = text.strip().casefold()
        matching = [
            (value, count)
            for value, count in counts.items()
            if any(part.startswith(prefix) for part in (value.casefold(), *_split_value(value)))
        ]
        return sorted(matching, key=lambda pair: (-pair[1], pair[0]))[:MAX_FACET_SEARCH_VALUES]

    @_translate_errors
    def count(self) -> int:
        """Count the documents of the last commit."""
        return int(self._reader.get().num_docs)

    @_translate_errors
    def list_stamps(self, first: int, last: int | None) -> dict[int, int]:
        """Read the stamps with one search."""
        searcher = self._reader.get()
        last = _MAX_ID if last is None else last
        query = Query.range_query(self._schema, "id", tantivy.FieldType.Unsigned, first, last)
        addresses = [address for _score, address in searcher.search(query, limit=MAX_STAMPS).hits]
        ids = _list_numbers(searcher, "id", addresses)
        return dict(zip(ids, _list_numbers(searcher, "updated", addresses), strict=True))

    @_translate_errors
    def get_position(self) -> IndexPosition | None:
        return self._reader.get_snapshot().position

    @_translate_errors
    def ping(self) -> None:
        """Compare the files with their stamps, then run a search and a count."""
        check_files(self._directory.get_current())
        searcher = self._reader.get()
        searcher.search(Query.all_query(), limit=1)
        _get_value_counts(searcher, Query.all_query(), ["type"])

    # ---- writing ---------------------------------------------------------------------------------

    @_translate_errors
    def index(self, documents: Sequence[SearchDocument]) -> None:
        """Write the documents in one commit."""
        with self._open_writer() as writer:
            for document in documents:
                # tantivy has no update. Deletes apply to documents added before them only.
                self._delete(writer, document.id)
                writer.add_document(build_tantivy_document(document))

    @_translate_errors
    def remove(self, ids: Iterable[int]) -> None:
        """Remove the documents in one commit."""
        with self._open_writer() as writer:
            for number in ids:
                self._delete(writer, number)

    def _delete(self, writer: tantivy.IndexWriter, number: int) -> None:
        # By query: `delete_documents` treats a number as signed, and `id` is an unsigned field.
        writer.delete_documents_by_query(Query.term_query(self._schema, "id", number))

    @contextlib.contextmanager
    def _open_writer(self) -> Iterator[tantivy.IndexWriter]:
        """A writer of the current generation; commits at the end of the block."""
        with self._write_lock:
            folder = self._directory.get_current()
            writer = _get_writer(open_index(folder), _UPDATE_HEAP_BYTES)
            try:
                # A process that was killed within its commit leaves files. tantivy names some of them
                # by the number of operations, and does not replace one of the same name.
                writer.garbage_collect_files()
                yield writer
                writer.commit()
            finally:
                # Also releases tantivy's lock file.
                writer.wait_merging_threads()
            write_stamps(folder)

    @_translate_errors
    def store_position(self, position: IndexPosition) -> None:
        """Replace the file that also has the stamps of the other files."""
        with self._write_lock:
            write_stamps(self._directory.get_current(), position)

    @_translate_errors
    def rebuild(self, documents: Iterable[SearchDocument], position: IndexPosition = START) -> int:
        """Write a new generation in a directory of its own, then activate it."""
        folder = self._directory.create_generation()
        index = tantivy.Index(self._schema, str(folder))
        # By default a thread of tantivy watches the directory and loads each commit.
        index.config_reader("manual", 0)
        register_tokenizers(index)
        writer = _get_writer(index, _REBUILD_HEAP_BYTES, threads=2)
        count = 0
        for batch in iter_batches(documents, _REBUILD_BATCH):
            for document in batch:
                writer.add_document(build_tantivy_document(document))
            count += len(batch)
        writer.commit()
        writer.wait_merging_threads()
        write_stamps(folder, position)
        with self._write_lock:
            self._directory.activate(folder)
        return count

    @_translate_errors
    def setup(self) -> None:
        """Create an empty index if there is none for this `VERSION` of the schema."""
        with contextlib.suppress(SearchUnavailableError):
            self._directory.get_current()
            return
        self.rebuild([])


def _run_search(searcher: tantivy.Searcher, query: Query, options: Mapping[str, Any]) -> _HitPage:
    # tantivy's type stub omits `count`, which may be None only if counting is turned off.
    result: Any = searcher.search(query, **options)
    return _HitPage(result.hits, result.count)


def _count_matches(searcher: tantivy.Searcher, query: Query) -> int:
    return _run_search(searcher, query, {"limit": 1}).count


def _match_both(first: Query, second: Query) -> Query:
    return Query.boolean_query([(Occur.Must, first), (Occur.Must, second)])


def _list_numbers(
    searcher: tantivy.Searcher, field: str, addresses: list[tantivy.DocAddress]
) -> list[int]:
    """The values of a numeric field that every document has."""
    return [int(value or 0) for value in searcher.fast_field_values(field, addresses)]


def _select_single_values(searcher: tantivy.Searcher, facets: Sequence[str]) -> dict[str, str]:
    """The facets for which every document has the same value, so that no counting is needed."""
    values = {}
    for name in facets:
        if name in _OFTEN_SINGLE_VALUED:
            terms = searcher.terms_with_prefix(FILTER_FIELDS[name], "", limit=2)
            if len(terms) == 1 and terms[0][1] == searcher.num_docs:
                values[name] = terms[0][0]
    return values


def _get_writer(index: tantivy.Index, heap_bytes: int, threads: int = 1) -> tantivy.IndexWriter:
    """The writer. Raises `IndexBusyError` if another process has it."""
    try:
        return index.writer(heap_bytes, threads)
    except ValueError as error:
        if "LockBusy" in str(error):
            raise IndexBusyError("Another process is writing the search index.") from None
        raise


def _split_value(value: str) -> list[str]:
    return value.casefold().replace("_", "-").replace(" ", "-").split("-")


def _get_value_counts(
    searcher: tantivy.Searcher,
    query: Query,
    facets: Sequence[str],
    *,
    max_values: int = MAX_FACET_VALUES,
) -> dict[str, Mapping[str, int]]:
    """The most frequent values of each facet among the matches."""
    if not facets:
        return {}
    request = {
        name: {"terms": {"field": FILTER_FIELDS[name], "size": max_values}} for name in facets
    }
    answer = searcher.aggregate(query, request)
    return {
        name: {
            str(bucket["key"]): int(bucket["doc_count"])
            for bucket in sorted(
                answer[name]["buckets"], key=lambda b: (-b["doc_count"], str(b["key"]))
            )
        }
        for name in facets
    }
