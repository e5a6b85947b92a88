"""The contract of search engines for names with signs."""

from __future__ import annotations

import pytest

from marketplace.search.engines.base import SearchEngine
from marketplace.search.query import SearchQuery
from tests.contract.search_documents import build_document
from tests.contract.search_engine import Fixtures, GetSharedEngine

LANGUAGES = [
    build_document(1, "bi-c-lint", description="Lints C sources.", tags=("c",)),
    build_document(2, "bi-cpp-lint", description="Lints C++ sources.", tags=("c++",)),
    build_document(3, "bi-cs-lint", description="Lints C# sources.", tags=("c#",)),
    build_document(4, "functional", title="F# tools", description="Helps with F#."),
    build_document(5, "framework", description="Builds .NET and ASP.NET projects."),
    build_document(6, "runtime", description="Runs Node.js, in version 20.1.", tags=("server",)),
    build_document(7, "graph", description="Draws each node of a graph in a browser with js."),
    build_document(8, "network", description="Checks the net of example.net for c and f sharps."),
    build_document(9, "commit-coach", description="Coaches commits.", downloads=100_000),
    build_document(10, "editor", title="Notepad++ themes", description="I/O and R&D, Q&A, A/B."),
    build_document(11, "csv-tools", description="Cleans tables.", downloads=100_000),
    build_document(12, "cpp-format", description="Formats code."),
]
NAMES = {document.id: document.name for document in LANGUAGES}


class SignedNamesContract(Fixtures):
    """Names with signs are words of their own."""

    @pytest.fixture
    def languages(self, get_shared_engine: GetSharedEngine) -> SearchEngine:
        """An engine with the documents of `LANGUAGES`."""
        return get_shared_engine(LANGUAGES)

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("C++", {"bi-cpp-lint", "cpp-format"}),
            ("c++ lint", {"bi-cpp-lint"}),
            ("(C++)", {"bi-cpp-lint", "cpp-format"}),
            ("C++20", set()),
            ("cpp", {"bi-cpp-lint", "cpp-format"}),
            ("C#", {"bi-cs-lint"}),
            ("c# sources", {"bi-cs-lint"}),
            ("csharp", {"bi-cs-lint"}),
            ("F#", {"functional"}),
            (".NET", {"framework"}),
            ("dotnet", {"framework"}),
            ("ASP.NET", {"framework"}),
            ("nodejs", {"runtime"}),
            ("notepad++", {"editor"}),
            ("notepad themes", {"editor"}),
            ("R&D", {"editor"}),
            ("Q&A", {"editor"}),
            ("I/O", {"editor"}),
            ("a/b", {"editor"}),
        ],
    )
    def test_finds_only_the_name(self, languages: SearchEngine, text: str, names: set[str]) -> None:
        """Other plugins, with the letters of the name, are not found; some of the words are."""
        page = languages.search(SearchQuery(text))
        found = set() if page.is_partial else {NAMES[number] for number in page.ids}
        assert found == names

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("C++", "cpp-format"),
            ("c++ sources", "bi-cpp-lint"),
            ("c# lint", "bi-cs-lint"),
            ("Node.js", "runtime"),
            ("node js", "runtime"),
            ("net", "network"),
        ],
    )
    def test_ranks_the_name_first(self, languages: SearchEngine, text: str, first: str) -> None:
        assert NAMES[languages.search(SearchQuery(text)).ids[0]] == first

    @pytest.mark.parametrize("text", ["++", "#", "…", "+ + &", "🚀", "  .  "])
    def test_signs_alone_find_nothing(self, languages: SearchEngine, text: str) -> None:
        assert languages.search(SearchQuery(text)).ids == ()
        assert languages.suggest(text, 10, frozenset()) == []

    @pytest.mark.parametrize(
        ("prefix", "names"),
        [("C++", ["cpp-format", "bi-cpp-lint"]), ("f#", ["functional"]), ("c# l", [])],
    )
    def test_suggests(self, languages: SearchEngine, prefix: str, names: list[str]) -> None:
        ids = languages.suggest(prefix, 10, frozenset())
        assert [NAMES[number] for number in ids] == names
