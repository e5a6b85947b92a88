"""The contract of the embedded engine, and damaged or missing files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
import tantivy

from marketplace.search.engines.embedded import EmbeddedEngine
from marketplace.search.engines.embedded.matching import Matcher, MatchLevel
from marketplace.search.engines.embedded.reader import open_index
from marketplace.search.engines.embedded.schema import build_schema
from marketplace.search.errors import (
    IndexBusyError,
    IndexDamagedError,
    IndexMissingError,
    IndexOutdatedError,
)
from marketplace.search.position import IndexPosition
from marketplace.search.query import SearchQuery
from marketplace.search.tokenizer import parse_query
from tests.contract.index_position import PositionContract
from tests.contract.search_documents import CATALOG, build_document
from tests.contract.search_engine import GetSharedEngine, SearchEngineContract, SuggestionContract
from tests.contract.signed_names import LANGUAGES, NAMES, SignedNamesContract

SLACK = SearchQuery("slack")


@pytest.fixture(scope="module")
def build_empty_engine(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], EmbeddedEngine]:
    root = tmp_path_factory.mktemp("search")
    folders = (root / str(number) for number in count())
    return lambda: EmbeddedEngine(path=str(next(folders)))


class TestEmbeddedEngine(SearchEngineContract):
    pass


class TestEmbeddedPosition(PositionContract):
    def test_suggestions_and_values(self, empty_engine: EmbeddedEngine) -> None:
        empty_engine.rebuild(CATALOG, IndexPosition(7, 1))
        for act in (
            lambda: empty_engine.suggest("sla", 8, frozenset(), 8),
            lambda: empty_engine.facet_search("tag", "s", SearchQuery(min_serial=8)),
        ):
            with pytest.raises(IndexOutdatedError):
                act()


class TestEmbeddedSuggestions(SuggestionContract):
    pass


class TestEmbeddedSignedNames(SignedNamesContract):
    def test_a_tag_of_one_letter_ranks_above_names_that_start_with_it(
        self, get_shared_engine: GetSharedEngine
    ) -> None:
        page = get_shared_engine(LANGUAGES).search(SearchQuery("c"))
        assert NAMES[page.ids[0]] == "bi-c-lint"
        assert {"commit-coach", "csv-tools"} <= {NAMES[number] for number in page.ids}

    @pytest.mark.parametrize(
        ("text", "order"),
        [
            ("review", ["review", "review-bot", "reviewer", "tagged", "described"]),
            ("code review", ["code-review", "tagged-code", "reviews"]),
        ],
    )
    def test_an_exact_name_or_tag_comes_first(
        self, get_shared_engine: GetSharedEngine, text: str, order: list[str]
    ) -> None:
        """Then names that start with the query, and plugins that only mention it."""
        documents = [
            build_document(1, "described", description="Review. " * 5, downloads=100_000),
            build_document(2, "reviewer", downloads=100_000),
            build_document(3, "tagged", tags=("review",)),
            build_document(4, "review-bot"),
            build_document(5, "review"),
            build_document(6, "code-review"),
            build_document(7, "tagged-code", tags=("code-review",)),
            build_document(8, "reviews", description="A review of code.", trust="official"),
            build_document(9, "stuffed", tags=("review", *map(str, range(10)))),
        ]
        names = {document.id: document.name for document in documents}
        found = [
            names[number] for number in get_shared_engine(documents).search(SearchQuery(text)).ids
        ]
        assert [name for name in found if name in order] == order
        # Of its eleven tags, none is a step of its own.
        assert text != "review" or found.index("tagged") < found.index("stuffed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search"


@pytest.fixture
def engine(folder: Path) -> EmbeddedEngine:
    engine = EmbeddedEngine(path=str(folder))
    engine.rebuild(CATALOG)
    return engine


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> tantivy.Searcher:
    """A searcher of `CATALOG`."""
    folder = tmp_path_factory.mktemp("catalog")
    EmbeddedEngine(path=str(folder)).rebuild(CATALOG)
    return open_index(find_generation(folder)).searcher()


def find_generation(folder: Path) -> Path:
    return folder / (folder / "current").read_text()


def test_a_missing_index_raises(folder: Path) -> None:
    engine = EmbeddedEngine(path=str(folder))
    for act in (engine.ping, engine.count, lambda: engine.search(SLACK)):
        with pytest.raises(IndexMissingError):
            act()


@pytest.mark.parametrize(
    "text",
    [
        "slack",
        "slakc brigde",
        "slackbridge",
        "post gres",
        "messages channels quaternions",
        "k8s",
        "ar",
        "ar slack-bridge",
        "acces",
        "notes of slack",
        "disc",
        "x",
        "b",
        "slack b",
        "中文搜索",
        "mcp 検索",
        "slack 地図のメール",
        "slack brigde",
        "name:slack",
    ],
)
def test_queries_with_and_without_scores_match_the_same(
    searcher: tantivy.Searcher, text: str
) -> None:
    """Facets and other orders omit clauses that only rank: no plugin may depend on one of them."""
    words = parse_query(text)
    for level in MatchLevel:
        ids = []
        for is_scored in (True, False):
            query = Matcher(build_schema(), is_scored=is_scored).match(level, words)
            hits = searcher.search(query, limit=100).hits
            numbers = searcher.fast_field_values("id", [address for _score, address in hits])
            ids.append(sorted(map(str, numbers)))
        assert ids[0] == ids[1], level


def test_another_reader_sees_each_commit(engine: EmbeddedEngine, folder: Path) -> None:
    reader = EmbeddedEngine(path=str(folder))
    for number in range(9, 14):
        engine.index([build_document(number, f"newcomer-{number}")])
        assert reader.search(SearchQuery(f"newcomer-{number}")).ids[0] == number


def test_another_reader_follows_a_rebuild(engine: EmbeddedEngine, folder: Path) -> None:
    reader = EmbeddedEngine(path=str(folder))
    assert reader.search(SLACK).total
    engine.rebuild([build_document(9, "newcomer")])
    assert reader.search(SLACK).total == 0


def test_an_index_of_another_version_counts_as_missing(
    engine: EmbeddedEngine, folder: Path
) -> None:
    old = find_generation(folder)
    old.rename(folder / "v0-old")
    (folder / "current").write_text("v0-old")
    with pytest.raises(IndexMissingError):
        engine.search(SLACK)


@pytest.mark.parametrize("name", ["../outside", "", "v1-absent", "\xff\xfe"])
def test_an_invalid_pointer_counts_as_missing(
    engine: EmbeddedEngine, folder: Path, name: str
) -> None:
    (folder / "current").write_text(name, encoding="latin-1")
    with pytest.raises(IndexMissingError):
        engine.search(SLACK)


def test_a_removed_folder_counts_as_missing(engine: EmbeddedEngine, folder: Path) -> None:
    assert engine.search(SLACK).total
    shutil.rmtree(folder)
    with pytest.raises(IndexMissingError):
        engine.search(SLACK)


def replace(path: Path, content: bytes) -> None:
    """Replace the file: threads of tantivy may still read the old one."""
    path.unlink()
    path.write_bytes(content)


def truncate(path: Path) -> None:
    content = path.read_bytes()
    replace(path, content[: len(content) // 2])


def empty(path: Path) -> None:
    replace(path, b"")


def overwrite(path: Path) -> None:
    replace(path, b"\xa5" * path.stat().st_size)


@pytest.mark.parametrize("damage", [truncate, empty, overwrite])
@pytest.mark.parametrize("is_open", [True, False])
def test_damaged_files_are_detected_before_they_are_read(
    engine: EmbeddedEngine, folder: Path, damage: object, is_open: bool
) -> None:
    """Reading a mapped file that was truncated would kill the process."""
    if is_open:
        engine.search(SLACK)
    for path in find_generation(folder).iterdir():
        if path.suffix in (".idx", ".term", ".fast", ".store", ".fieldnorm"):
            damage(path)  # type: ignore[operator]
    reader = engine if is_open else EmbeddedEngine(path=str(folder))
    with pytest.raises(IndexDamagedError):
        reader.search(SLACK)
    with pytest.raises(IndexDamagedError):
        reader.ping()
    engine.rebuild(CATALOG)
    assert reader.search(SLACK).total == 4


@pytest.mark.parametrize("name", ["meta.json", "files.json"])
def test_damaged_lists_are_detected(engine: EmbeddedEngine, folder: Path, name: str) -> None:
    (find_generation(folder) / name).write_bytes(b"{not json")
    reader = EmbeddedEngine(path=str(folder))
    with pytest.raises(IndexDamagedError):
        reader.search(SLACK)
    engine.rebuild(CATALOG)
    assert reader.search(SLACK).total == 4


def test_a_missing_file_is_detected_on_opening(engine: EmbeddedEngine, folder: Path) -> None:
    for path in find_generation(folder).glob("*.term"):
        path.unlink()
    with pytest.raises(IndexDamagedError):
        EmbeddedEngine(path=str(folder)).search(SLACK)


_HOLD = """
import sys, tantivy
writer = tantivy.Index.open(sys.argv[1]).writer(20_000_000, 1)
writer.delete_all_documents()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_killed_writer_leaves_the_last_commit(engine: EmbeddedEngine, folder: Path) -> None:
    """No other process writes while it lives; killed before its commit it leaves no changes."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(find_generation(folder))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"held\n"
        with pytest.raises(IndexBusyError):
            engine.index(CATALOG)
        writer.kill()
    assert engine.search(SLACK).total == 4
    engine.index([build_document(9, "newcomer")])
    assert engine.count() == len(CATALOG) + 1


def test_a_writer_killed_within_its_commit_does_not_stop_the_next_one(
    engine: EmbeddedEngine, folder: Path, tmp_path: Path
) -> None:
    """tantivy names the list of deleted documents of a segment by the number of operations so far.

    So repeating the commit creates files of the same names as the killed one did.
    """
    # One segment: an update writes no list for a segment of which no document is left.
    engine.rebuild([])
    engine.index(CATALOG)
    generation, changed = find_generation(folder), [build_document(1, "renamed")]
    before = tmp_path / "before"
    shutil.copytree(generation, before)
    engine.index(changed)
    # As if the process had been killed after its files were written, and before the list of segments.
    for name in ("meta.json", "files.json"):
        shutil.copy2(before / name, generation / name)
    for path in before.iterdir():
        if not (generation / path.name).exists():
            shutil.copy2(path, generation / path.name)
    assert list(generation.glob("*.del"))
    other = EmbeddedEngine(path=str(folder))
    other.index(changed)
    assert other.count() == len(CATALOG)
    assert other.search(SearchQuery("renamed")).ids == (1,)


def test_old_generations_are_removed(engine: EmbeddedEngine, folder: Path) -> None:
    old = find_generation(folder)
    engine.rebuild(CATALOG)
    assert old.exists()
    os.utime(old, (0, 0))
    engine.rebuild(CATALOG)
    assert not old.exists()
    assert engine.search(SLACK).total == 4
