"""The embedded engine keeps the contract, and copes with what happens to files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.search.engines.embedded import EmbeddedEngine
from marketplace.search.engines.embedded.stages import Stage
from marketplace.search.errors import IndexBusyError, IndexDamagedError, IndexMissingError
from marketplace.search.query import SearchQuery
from marketplace.search.words import read_query
from tests.contract.search_documents import CATALOGUE, make_document
from tests.contract.search_engine import SearchEngineContract
from tests.support.data import ROOT

SLACK = SearchQuery("slack")


class TestEmbeddedEngine(SearchEngineContract):
    @pytest.fixture
    def empty_engine(self, tmp_path: Path) -> EmbeddedEngine:
        return EmbeddedEngine(path=str(tmp_path / "search"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search"


@pytest.fixture
def engine(folder: Path) -> EmbeddedEngine:
    engine = EmbeddedEngine(path=str(folder))
    engine.rebuild(CATALOGUE)
    return engine


def find_generation(folder: Path) -> Path:
    return folder / (folder / "current").read_text()


def test_no_index_is_said_so(folder: Path) -> None:
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
def test_what_counts_facets_matches_what_ranks(engine: EmbeddedEngine, text: str) -> None:
    """Two ways to write a query, and each plugin is found by both or by none."""
    words = read_query(text)
    searcher = engine._reader.get()
    for stage in Stage:
        found = []
        for matcher in (engine._ranking, engine._plain):
            hits = searcher.search(matcher.match(stage, words), limit=100).hits
            ids = searcher.fast_field_values("id", [address for _score, address in hits])
            found.append(sorted(map(str, ids)))
        assert found[0] == found[1], stage


def test_another_reader_sees_each_commit(engine: EmbeddedEngine, folder: Path) -> None:
    reader = EmbeddedEngine(path=str(folder))
    for number in range(9, 14):
        engine.index([make_document(number, f"newcomer-{number}")])
        assert reader.search(SearchQuery(f"newcomer-{number}")).ids[0] == number


def test_another_reader_follows_a_rebuild(engine: EmbeddedEngine, folder: Path) -> None:
    reader = EmbeddedEngine(path=str(folder))
    assert reader.search(SLACK).total
    engine.rebuild([make_document(9, "newcomer")])
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
def test_a_strange_pointer_counts_as_missing(
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
    """Put another file in its place: tantivy's threads may be reading the old one still."""
    path.unlink()
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    content = path.read_bytes()
    replace(path, content[: len(content) // 2])


def empty(path: Path) -> None:
    replace(path, b"")


def scribble(path: Path) -> None:
    replace(path, b"\xa5" * path.stat().st_size)


@pytest.mark.parametrize("harm", [cut_short, empty, scribble])
@pytest.mark.parametrize("is_open", [True, False])
def test_harmed_files_are_noticed_before_they_are_read(
    engine: EmbeddedEngine, folder: Path, harm: object, is_open: bool
) -> None:
    """Reading a mapped file that was cut short would end the process."""
    if is_open:
        engine.search(SLACK)
    for path in find_generation(folder).iterdir():
        if path.suffix in (".idx", ".term", ".fast", ".store", ".fieldnorm"):
            harm(path)  # type: ignore[operator]
    reader = engine if is_open else EmbeddedEngine(path=str(folder))
    with pytest.raises(IndexDamagedError):
        reader.search(SLACK)
    with pytest.raises(IndexDamagedError):
        reader.ping()
    engine.rebuild(CATALOGUE)
    assert reader.search(SLACK).total == 4


@pytest.mark.parametrize("name", ["meta.json", "files.json"])
def test_harmed_lists_are_noticed(engine: EmbeddedEngine, folder: Path, name: str) -> None:
    (find_generation(folder) / name).write_bytes(b"{not json")
    reader = EmbeddedEngine(path=str(folder))
    with pytest.raises(IndexDamagedError):
        reader.search(SLACK)
    engine.rebuild(CATALOGUE)
    assert reader.search(SLACK).total == 4


def test_a_missing_file_is_noticed_by_who_opens(engine: EmbeddedEngine, folder: Path) -> None:
    for path in find_generation(folder).glob("*.term"):
        path.unlink()
    with pytest.raises(IndexDamagedError):
        EmbeddedEngine(path=str(folder)).search(SLACK)


_HOLD = """
import sys, tantivy
index = tantivy.Index.open(sys.argv[1])
from marketplace.search.engines.embedded.fields import register_tokenizers
register_tokenizers(index)
writer = index.writer(20_000_000, 1)
writer.delete_all_documents()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_killed_writer_leaves_the_last_commit(engine: EmbeddedEngine, folder: Path) -> None:
    """While it lives nobody else writes; killed before its commit it leaves nothing."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    code = "import django; django.setup()\n" + _HOLD
    with subprocess.Popen(
        [sys.executable, "-c", code, str(find_generation(folder))],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"held\n"
        with pytest.raises(IndexBusyError):
            engine.index(CATALOGUE)
        writer.kill()
    assert engine.search(SLACK).total == 4
    engine.index([make_document(9, "newcomer")])
    assert engine.count() == len(CATALOGUE) + 1


def test_old_generations_are_removed(engine: EmbeddedEngine, folder: Path) -> None:
    old = find_generation(folder)
    engine.rebuild(CATALOGUE)
    assert old.exists()
    os.utime(old, (0, 0))
    engine.rebuild(CATALOGUE)
    assert not old.exists()
    assert engine.search(SLACK).total == 4
