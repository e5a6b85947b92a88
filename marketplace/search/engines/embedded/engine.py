"""The embedded engine: searching, and writing by one process at a time."""

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
from tantivy import Occur, Query

from marketplace.search.document import SearchDocument, split_batches
from marketplace.search.engines.embedded.fields import (
    COLUMNS,
    SORT_FIELDS,
    build_schema,
    make_tantivy_document,
    register_tokenizers,
)
from marketplace.search.engines.embedded.folder import IndexFolder, check_files, note_files
from marketplace.search.engines.embedded.kept import KeptAnswers
from marketplace.search.engines.embedded.matching import Matcher
from marketplace.search.engines.embedded.plain import PlainMatcher
from marketplace.search.engines.embedded.reader import IndexReader, open_index
from marketplace.search.engines.embedded.stages import Stage, has_typos, list_stages
from marketplace.search.errors import (
    IndexBusyError,
    IndexDamagedError,
    SearchUnavailableError,
)
from marketplace.search.query import (
    FACET_SEARCH_VALUES,
    FACET_VALUES,
    Facets,
    SearchPage,
    SearchQuery,
)
from marketplace.search.words import QueryWords, get_typos, read_query

_WRITE_BYTES, _BUILD_BYTES = 32_000_000, 256_000_000
_BUILD_BATCH = 5000
_MOST_VALUES = 65_000
_FAR = 2000
_KEPT_ANSWERS = 500
_OFTEN_LONE = ("registry", "dialect")
_BY_NAME_KEY = {"order_by_field": "name_key", "order": tantivy.Order.Asc}

P = ParamSpec("P")
R = TypeVar("R")


def _guarded(act: Callable[P, R]) -> Callable[P, R]:
    """Turn whatever tantivy raises into an error of ours, its panics included."""

    @wraps(act)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except (SearchUnavailableError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except (ValueError, OSError, RuntimeError) as error:
            raise SearchUnavailableError(f"The embedded engine failed: {error}") from error
        except BaseException as error:
            # A panic in Rust is no `Exception`; an index that makes tantivy panic is damaged.
            if type(error).__name__ != "PanicException":
                raise
            raise IndexDamagedError(f"The search index cannot be read: {error}") from error

    return run


@dataclass(frozen=True, slots=True)
class _Found:
    """One page of hits and how many match."""

    hits: Sequence[tuple[Any, tantivy.DocAddress]]
    count: int


class EmbeddedEngine:
    """tantivy, in `path`. Safe to use from several threads."""

    name = "embedded"

    def __init__(self, *, path: str) -> None:
        self._folder = IndexFolder(Path(path))
        self._reader = IndexReader(self._folder)
        self._schema = build_schema()
        self._ranking, self._plain = Matcher(self._schema), PlainMatcher(self._schema)
        self._writing = threading.Lock()
        self._pages: KeptAnswers[SearchPage] = KeptAnswers(_KEPT_ANSWERS)
        self._facets: KeptAnswers[Facets] = KeptAnswers(_KEPT_ANSWERS)

    # ---- reading -------------------------------------------------------------------------------

    @_guarded
    def search(self, query: SearchQuery) -> SearchPage:
        """See the protocol. One pass for the page and one for all facets.

        What was answered for this commit is answered again without searching.
        """
        searcher, commit = self._reader.get_with_commit()
        return self._pages.get((commit, query.key), lambda: self._search(searcher, commit, query))

    def _search(
        self, searcher: tantivy.Searcher, commit: Hashable, query: SearchQuery
    ) -> SearchPage:
        text, found, is_partial = self._find(searcher, query)
        # The same for every page and order.
        counted = (commit, replace(query, page=1, limit=0, sort="relevance").key)
        return SearchPage(
            ids=self._read_ids(searcher, found),
            total=found.count,
            facets=self._facets.get(
                counted, lambda: self._count_facets(searcher, text, query, found.count)
            ),
            engine=self.name,
            is_partial=is_partial,
        )

    def _find(self, searcher: tantivy.Searcher, query: SearchQuery) -> tuple[Query, _Found, bool]:
        """What the first stage that finds something matches, its page, and whether words miss."""
        words = read_query(query.text)
        if not words.words:
            every = Query.all_query() if not query.text.strip() else Query.empty_query()
            return every, self._run(searcher, every, query), False
        is_ranked = query.sort not in SORT_FIELDS and query.limit > 0
        matcher = self._ranking if is_ranked else self._plain
        for step in list_stages(words):
            # Where one of the words is known, not every one is a typing error.
            is_sure = step is Stage.LOOSE and self._has_some(searcher, words, query)
            stage = Stage.SURE if is_sure else step
            found = self._run(searcher, matcher.match(stage, words), query)
            if found.count:
                return self._plain.match(stage, words), found, stage.is_partial
        return Query.empty_query(), found, False

    def _has_some(self, searcher: tantivy.Searcher, words: QueryWords, query: SearchQuery) -> bool:
        """Whether one of several words, all of which may have typing errors, is there without."""
        if len(words.words) == 1 or not all(map(get_typos, words.words)):
            return False
        some = self._ranking.narrow(self._plain.match_some(words), query)
        return _count_matches(searcher, some) > 0

    def _run(self, searcher: tantivy.Searcher, text: Query, query: SearchQuery) -> _Found:
        narrowed = self._ranking.narrow(text, query)
        if query.limit == 0 or query.offset >= _FAR:
            # A page far behind costs memory in proportion; most often there is nothing there.
            count = _count_matches(searcher, narrowed)
            if query.limit == 0 or query.offset >= count:
                return _Found((), count)
        options: dict[str, Any] = {"limit": query.limit, "offset": query.offset}
        if query.sort == "name" and query.offset:
            return self._run_by_name(searcher, narrowed, options)
        if query.sort in SORT_FIELDS:
            options["order_by_field"], options["order"] = SORT_FIELDS[query.sort]
        elif query.text.strip():
            options["weight_by_field"] = "weight"
        else:
            options["order_by_field"], options["order"] = SORT_FIELDS["downloads"]
        return _run(searcher, narrowed, options)

    def _run_by_name(
        self, searcher: tantivy.Searcher, narrowed: Query, options: Mapping[str, Any]
    ) -> _Found:
        """A further page by name. Texts are slow to order by, and slower the further it is.

        So a number orders first, which has only the first letters of the name. Between the first
        and the last number of that page lie all the names of the page and few others; those are
        ordered by the whole name.
        """
        rough = _run(searcher, narrowed, {**options, **_BY_NAME_KEY})
        if not rough.hits:
            return rough
        least, most = int(rough.hits[0][0]), int(rough.hits[-1][0])
        before = (
            _count_matches(searcher, _both(narrowed, self._range(0, least - 1))) if least else 0
        )
        field, order = SORT_FIELDS["name"]
        exact = _run(
            searcher,
            _both(narrowed, self._range(least, most)),
            {
                "limit": options["limit"],
                "offset": options["offset"] - before,
                "order_by_field": field,
                "order": order,
            },
        )
        return _Found(exact.hits, rough.count)

    def _range(self, least: int, most: int) -> Query:
        return Query.range_query(self._schema, "name_key", tantivy.FieldType.Unsigned, least, most)

    def _read_ids(self, searcher: tantivy.Searcher, found: _Found) -> tuple[int, ...]:
        """The ids of a page; those that rank the same in the order of their ids."""
        ids = _read_numbers(searcher, "id", [address for _key, address in found.hits])
        ranked = zip((key for key, _address in found.hits), ids, strict=True)
        alike = groupby(ranked, key=itemgetter(0))
        return tuple(number for _key, rows in alike for _, number in sorted(rows))

    def _count_facets(
        self, searcher: tantivy.Searcher, text: Query, query: SearchQuery, total: int
    ) -> Facets:
        if not query.facets:
            return {}
        open_ones = [
            name
            for name in query.facets
            if query.has_open_facets
            and (query.filters.get(name) or (name == "trust" and query.is_verified is not None))
        ]
        lone = _find_lone_values(searcher, query.facets)
        closed = [name for name in query.facets if name not in open_ones and name not in lone]
        counted = _count(searcher, self._ranking.narrow(text, query), closed)
        counted |= {name: {value: total} if total else {} for name, value in lone.items()}
        for name in open_ones:
            counted |= _count(searcher, self._ranking.narrow(text, query, without=name), [name])
        return {name: counted[name] for name in query.facets}

    @_guarded
    def suggest(self, prefix: str, limit: int, hidden: frozenset[int]) -> list[int]:
        """See the protocol."""
        words = read_query(prefix)
        if not words.words:
            return []
        searcher = self._reader.get()
        query = SearchQuery(text=prefix, limit=limit, hidden=hidden)
        found = self._run(searcher, self._ranking.build_prefix(words), query)
        if not found.count and has_typos(words):
            found = self._run(searcher, self._ranking.build_prefix_loosely(words), query)
        return list(self._read_ids(searcher, found))

    @_guarded
    def facet_search(self, facet: str, text: str, query: SearchQuery) -> list[tuple[str, int]]:
        """See the protocol."""
        searcher = self._reader.get()
        matched, _found, _is_partial = self._find(searcher, replace(query, limit=0))
        narrowed = self._ranking.narrow(matched, query, without=facet)
        counted = _count(searcher, narrowed, [facet], most=_MOST_VALUES)[facet]
        wanted = text.strip().casefold()
        fitting = [
            (value, count)
            for value, count in counted.items()
            if any(part.startswith(wanted) for part in (value.casefold(), *_split_value(value)))
        ]
        return sorted(fitting, key=lambda pair: (-pair[1], pair[0]))[:FACET_SEARCH_VALUES]

    @_guarded
    def count(self) -> int:
        """See the protocol."""
        return int(self._reader.get().num_docs)

    @_guarded
    def read_stamps(self) -> Iterator[tuple[int, int]]:
        """See the protocol."""
        searcher = self._reader.get()
        hits = searcher.search(Query.all_query(), limit=max(1, searcher.num_docs)).hits
        addresses = [address for _score, address in hits]
        ids = _read_numbers(searcher, "id", addresses)
        return zip(ids, _read_numbers(searcher, "updated", addresses), strict=True)

    @_guarded
    def ping(self) -> None:
        """See the protocol. Looks at the note of the files, too."""
        check_files(self._folder.find_current())
        searcher = self._reader.get()
        searcher.search(Query.all_query(), limit=1)
        _count(searcher, Query.all_query(), ["type"])

    # ---- writing -------------------------------------------------------------------------------

    @_guarded
    def index(self, documents: Sequence[SearchDocument]) -> None:
        """See the protocol."""
        with self._write() as writer:
            for document in documents:
                self._delete(writer, document.id)
                writer.add_document(make_tantivy_document(document))

    @_guarded
    def remove(self, ids: Iterable[int]) -> None:
        """See the protocol."""
        with self._write() as writer:
            for number in ids:
                self._delete(writer, number)

    def _delete(self, writer: tantivy.IndexWriter, number: int) -> None:
        # By query: deleting by term takes a number for a signed one, which no field here holds.
        writer.delete_documents_by_query(Query.term_query(self._schema, "id", number))

    @contextlib.contextmanager
    def _write(self) -> Iterator[tantivy.IndexWriter]:
        """A writer of the generation in use; what is done with it is committed at the end."""
        with self._writing:
            folder = self._folder.find_current()
            writer = _get_writer(open_index(folder), _WRITE_BYTES)
            try:
                yield writer
                writer.commit()
            finally:
                writer.wait_merging_threads()
            note_files(folder)

    @_guarded
    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """See the protocol."""
        folder = self._folder.make_generation()
        index = tantivy.Index(self._schema, str(folder))
        # Else a thread of tantivy's would watch the folder and read what is committed.
        index.config_reader("manual", 0)
        register_tokenizers(index)
        writer = _get_writer(index, _BUILD_BYTES, threads=2)
        count = 0
        for batch in split_batches(documents, _BUILD_BATCH):
            for document in batch:
                writer.add_document(make_tantivy_document(document))
            count += len(batch)
        writer.commit()
        writer.wait_merging_threads()
        note_files(folder)
        with self._writing:
            self._folder.point_to(folder)
        return count

    @_guarded
    def setup(self) -> None:
        """See the protocol. Fields cannot be changed in place: an old index counts as missing."""
        with contextlib.suppress(SearchUnavailableError):
            self._folder.find_current()
            return
        self.rebuild([])


def _run(searcher: tantivy.Searcher, query: Query, options: Mapping[str, Any]) -> _Found:
    found: Any = searcher.search(query, **options)
    return _Found(found.hits, found.count)


def _both(first: Query, second: Query) -> Query:
    return Query.boolean_query([(Occur.Must, first), (Occur.Must, second)])


def _count_matches(searcher: tantivy.Searcher, query: Query) -> int:
    found: Any = searcher.search(query, limit=1)
    return int(found.count)


def _read_numbers(
    searcher: tantivy.Searcher, field: str, addresses: list[tantivy.DocAddress]
) -> list[int]:
    """The values of a numeric field that every document has."""
    return [int(value or 0) for value in searcher.fast_field_values(field, addresses)]


def _find_lone_values(searcher: tantivy.Searcher, facets: Sequence[str]) -> dict[str, str]:
    """The facets for which every document has the same value: nothing has to be counted there."""
    lone = {}
    for name in facets:
        if name in _OFTEN_LONE:
            terms = searcher.terms_with_prefix(COLUMNS[name], "", limit=2)
            if len(terms) == 1 and terms[0][1] == searcher.num_docs:
                lone[name] = terms[0][0]
    return lone


def _get_writer(index: tantivy.Index, size_bytes: int, threads: int = 1) -> tantivy.IndexWriter:
    """The writer. Raises `IndexBusyError` if another process has it."""
    try:
        return index.writer(size_bytes, threads)
    except ValueError as error:
        if "LockBusy" in str(error):
            raise IndexBusyError("Another process writes the search index.") from None
        raise


def _split_value(value: str) -> list[str]:
    return value.casefold().replace("_", "-").replace(" ", "-").split("-")


def _count(
    searcher: tantivy.Searcher, query: Query, facets: Sequence[str], *, most: int = FACET_VALUES
) -> dict[str, Mapping[str, int]]:
    """The most frequent values of each facet among what matches."""
    if not facets:
        return {}
    asked = {name: {"terms": {"field": COLUMNS[name], "size": most}} for name in facets}
    answer = searcher.aggregate(query, asked)
    return {
        name: {
            str(bucket["key"]): int(bucket["doc_count"])
            for bucket in sorted(
                answer[name]["buckets"], key=lambda b: (-b["doc_count"], str(b["key"]))
            )
        }
        for name in facets
    }
