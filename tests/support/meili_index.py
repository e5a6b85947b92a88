"""One index of the stand-in for Meilisearch: settings, documents, searching in memory."""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

_WORD = re.compile(r"\w+")
_CONDITION = re.compile(r"(\w+) (=|IN|NOT IN) (.+)\Z", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SETTINGS = {
    "searchableAttributes",
    "displayedAttributes",
    "filterableAttributes",
    "sortableAttributes",
    "rankingRules",
    "typoTolerance",
    "stopWords",
    "synonyms",
    "faceting",
    "pagination",
    "searchCutoffMs",
}
_RULES = {"words", "typo", "proximity", "attribute", "sort", "exactness"}


class Fault(Exception):  # noqa: N818 -- an answer of the server, not of this program
    """An error answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.document = {
            "message": message,
            "code": code,
            "type": "invalid_request" if status < 500 else "internal",
            "link": f"https://docs.meilisearch.com/errors#{code}",
        }


def cut(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    joined = "".join(char for char in plain if not unicodedata.combining(char))
    return [word for part in _WORD.findall(joined) for word in part.split("_") if word]


def count_edits(first: str, second: str) -> int:
    """Damerau's distance, the slow and plain way."""
    rows = [
        [i + j if not i * j else 0 for j in range(len(second) + 1)] for i in range(len(first) + 1)
    ]
    for i, j in itertools.product(range(1, len(first) + 1), range(1, len(second) + 1)):
        a, b = first[i - 1], second[j - 1]
        rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a != b))
        if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
            rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


def flatten(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


class FakeIndex:
    """Settings and documents."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.documents: dict[int, dict[str, Any]] = {}
        self.created_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")

    def update_settings(self, wanted: Mapping[str, Any]) -> None:
        if unknown := set(wanted) - _SETTINGS:
            raise Fault(400, "bad_request", f"Unknown field `{min(unknown)}`")
        for rule in wanted.get("rankingRules", ()):
            if rule not in _RULES and not re.fullmatch(r"\w+:(asc|desc)", rule):
                raise Fault(400, "invalid_settings_ranking_rules", f"`{rule}` is no rule")
        self.settings |= wanted

    def add(self, documents: list[Any]) -> None:
        for document in documents:
            if not isinstance(document, dict) or not isinstance(document.get("id"), int):
                raise Fault(400, "missing_document_id", f"{document!r} has no id")
        self.documents |= {
            document["id"]: json.loads(json.dumps(document)) for document in documents
        }

    def delete(self, conditions: Any) -> None:
        for number in [n for n, d in self.documents.items() if self._fits(d, [conditions])]:
            del self.documents[number]

    def fetch(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        offset, limit = wanted.get("offset", 0), wanted.get("limit", 20)
        every = [self.documents[number] for number in sorted(self.documents)]
        shown = [{f: d[f] for f in wanted["fields"]} for d in every[offset : offset + limit]]
        return {"results": shown, "offset": offset, "limit": limit, "total": len(every)}

    # ---- searching -----------------------------------------------------------------------------

    def search(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        if wanted.get("matchingStrategy", "last") not in ("all", "last", "frequency"):
            raise Fault(400, "invalid_search_matching_strategy", "no such strategy")
        found = self._sort(self._find(wanted), wanted.get("sort", []))
        answer: dict[str, Any] = {"query": wanted.get("q", ""), "processingTimeMs": 0}
        if "page" in wanted or "hitsPerPage" in wanted:
            size, page = wanted.get("hitsPerPage", 20), wanted.get("page", 1)
            shown = found[(page - 1) * size : page * size] if page else []
            pages = -(-len(found) // size) if size else 0
            answer |= {
                "totalHits": len(found),
                "totalPages": pages,
                "page": page,
                "hitsPerPage": size,
            }
        else:
            offset, limit = wanted.get("offset", 0), wanted.get("limit", 20)
            shown = found[offset : offset + limit]
            answer |= {"estimatedTotalHits": len(found), "offset": offset, "limit": limit}
        fields = wanted.get("attributesToRetrieve", ["*"])
        displayed = self.settings.get("displayedAttributes", ["*"])
        answer["hits"] = [{f: d[f] for f in fields if f in displayed} for d in shown]
        if "facets" in wanted:
            answer["facetDistribution"] = {f: self._count(f, found) for f in wanted["facets"]}
            answer["facetStats"] = {}
        return answer

    def facet_search(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        text = (wanted.get("facetQuery") or "").casefold()
        counts = self._count(wanted["facetName"], self._find(wanted))
        hits = [
            {"value": value, "highlighted": value, "count": count}
            for value, count in counts.items()
            if any(part.startswith(text) for part in [value.casefold(), *cut(value)])
        ]
        return {"facetHits": hits, "facetQuery": wanted.get("facetQuery"), "processingTimeMs": 0}

    def _count(self, attribute: str, documents: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        if attribute not in self.settings.get("filterableAttributes", []):
            raise Fault(400, "invalid_search_facets", f"`{attribute}` is not filterable")
        counts = Counter(value for d in documents for value in set(flatten(d.get(attribute))))
        most = self.settings["faceting"]["maxValuesPerFacet"]
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most])

    def _fits(self, document: Mapping[str, Any], conditions: Iterable[Any]) -> bool:
        return all(self._holds(document, condition) for condition in conditions)

    def _holds(self, document: Mapping[str, Any], condition: Any) -> bool:
        parsed = _CONDITION.match(condition) if isinstance(condition, str) else None
        if parsed is None:
            raise Fault(400, "invalid_search_filter", f"{condition!r} is no filter")
        attribute, operator, rest = parsed.groups()
        if attribute not in self.settings.get("filterableAttributes", []):
            raise Fault(400, "invalid_search_filter", f"`{attribute}` is not filterable")
        values = flatten(document.get(attribute))
        allowed = set(_read_values(rest, is_list=operator != "="))
        return any(value in allowed for value in values) != (operator == "NOT IN")

    def _find(self, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What matches, best first by the built-in rules."""
        fitting = [d for d in self.documents.values() if self._fits(d, wanted.get("filter", []))]
        words = self._read_words(wanted.get("q") or "")
        if not words:
            return fitting
        least = len(words) if wanted.get("matchingStrategy") == "all" else 1
        for count in range(len(words), least - 1, -1):
            scored = [
                (score, d)
                for d in fitting
                if (score := self._score(d, words[:count], wanted)) is not None
            ]
            if scored:
                return [d for _score, d in sorted(scored, key=lambda pair: pair[0])]
        return []

    def _read_words(self, text: str) -> list[str]:
        words = cut(text)
        telling = [word for word in words if word not in self.settings.get("stopWords", [])]
        return telling or words

    def _score(
        self, document: Mapping[str, Any], words: list[str], wanted: Mapping[str, Any]
    ) -> tuple[Any, ...] | None:
        """Lower is better; None if a word is missing."""
        ways = [
            score
            for variant, joined in _join_neighbours(words)
            if (score := self._score_words(document, variant, joined, wanted)) is not None
        ]
        return min(ways) if ways else None

    def _score_words(
        self,
        document: Mapping[str, Any],
        words: list[str],
        joined: int | None,
        wanted: Mapping[str, Any],
    ) -> tuple[Any, ...] | None:
        searched = wanted.get("attributesToSearchOn") or self.settings["searchableAttributes"]
        typos, ranks, places, exact = 0, 0, 0, 0
        for number, word in enumerate(words):
            # Words written as one may have one typing error less.
            spare = int(number == joined)
            is_last = number == len(words) - 1
            matches = [
                (edits, rank, place, found != word)
                for rank, attribute in enumerate(searched)
                for place, found in enumerate(cut(" ".join(flatten(document.get(attribute)))))
                if (edits := self._compare(word, found, spare, is_last=is_last)) is not None
            ]
            if not matches:
                return None
            best = min(matches)
            typos, ranks = typos + best[0], ranks + best[1]
            places, exact = places + best[2], exact + best[3]
        wholes = {"".join(cut(text)) for a in searched[:3] for text in flatten(document.get(a))}
        is_whole = "".join(words) in wholes
        custom = [
            document[name] * (-1 if way == "desc" else 1)
            for name, _, way in (rule.partition(":") for rule in self.settings["rankingRules"])
            if way
        ]
        return (typos, not is_whole, ranks, places, exact, *custom)

    def _compare(self, word: str, found: str, spare: int, *, is_last: bool) -> int | None:
        """Typing errors between the two; None if they are different words."""
        others = self.settings.get("synonyms", {}).get(word, [])
        if found == word or found in others or (is_last and found.startswith(word)):
            return 0
        sizes = self.settings["typoTolerance"]["minWordSizeForTypos"]
        most = (len(word) >= sizes["oneTypo"]) + (len(word) >= sizes["twoTypos"]) - spare
        if most < 1 or abs(len(found) - len(word)) > most:
            return None
        edits = count_edits(word, found)
        return edits if edits <= most else None

    def _sort(self, found: list[dict[str, Any]], sorts: list[str]) -> list[dict[str, Any]]:
        for sort in reversed(sorts):
            attribute, _, way = sort.partition(":")
            if attribute not in self.settings["sortableAttributes"] or way not in ("asc", "desc"):
                raise Fault(400, "invalid_search_sort", f"{sort!r} is no order")
            found = sorted(found, key=lambda d: d[attribute], reverse=way == "desc")
        return found


def _join_neighbours(words: list[str]) -> Iterator[tuple[list[str], int | None]]:
    """The words, and with two neighbours written as one: which of them that is."""
    yield words, None
    for place in range(len(words) - 1):
        yield [*words[:place], words[place] + words[place + 1], *words[place + 2 :]], place


def _read_values(text: str, *, is_list: bool) -> Iterator[str]:
    inner = text
    if is_list:
        if not (text.startswith("[") and text.endswith("]")):
            raise Fault(400, "invalid_search_filter", f"{text!r} is no list")
        inner = text[1:-1]
    quoted = _QUOTED.findall(inner)
    if not quoted:
        yield from re.findall(r"-?\d+", inner)
    for value in quoted:
        yield value.replace('\\"', '"')
