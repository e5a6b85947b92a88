"""Forms of words for Meilisearch: those that the embedded engine finds by stems."""

from __future__ import annotations

import pytest

from marketplace.search.engines.meilisearch.settings import build_meili_document
from marketplace.search.tokenizer import stem
from marketplace.search.word_forms import list_forms
from tests.contract.search_documents import CATALOG
from tests.support.recorded_forms import is_unaffected


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("bridge", {"bridges", "bridging"}),
        ("bridges", {"bridge", "bridging"}),
        ("query", {"queries", "querying"}),
        ("libraries", {"library"}),
        ("scan", {"scans", "scanning"}),
        ("running", {"run", "runs"}),
        ("scraping", {"scrape", "scrapes"}),
        ("caches", {"cache", "caching"}),
        ("switches", {"switch", "switching"}),
        ("payment", {"payments"}),
        ("webhooks", {"web", "hook", "hooks", "webhook"}),
        ("wordpress", {"word", "press"}),
    ],
)
def test_has_other_numbers_bases_and_parts(word: str, forms: set[str]) -> None:
    assert forms <= {*list_forms(word, has_participles=True)}


@pytest.mark.parametrize("word", ["js", "k8s", "aws", "analysis", "bus", "文章", "v12", "crème"])
def test_short_and_foreign_words_have_none(word: str) -> None:
    assert list_forms(word, has_participles=True) == []


@pytest.mark.parametrize("word", ["news", "access", "process", "table", "cards", "planned"])
def test_forms_have_the_same_stem(word: str) -> None:
    forms = list_forms(word, has_participles=True)
    assert {stem(form) for form in forms} == {stem(word)}
    assert word not in forms


def test_texts_have_no_participles() -> None:
    assert list_forms("checks", has_participles=False) == ["check"]


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [("slack", True), ("feature flags", True), ("bridges", False), ("post gres", False)],
)
def test_recorded_answers_are_refused_where_a_form_could_change_them(
    text: str, is_kept: bool
) -> None:
    documents = [build_meili_document(document) for document in CATALOG]
    assert all(is_unaffected(document, text) for document in documents) is is_kept
