"""One index of the stand-in for Meilisearch: settings, documents, searching in memory."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.support.meili_rank import Rank, Ranking
from tests.support.meili_words import Words, count_edits, cut, cut_query, flatten

_CONDITION = re.compile(r"(\w+) (=|IN|NOT IN) (.+)\Z", re.DOTALL)
_VALUE = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([\w.-]+))\s*', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_KEYWORDS = {"AND", "OR", "IN", "NOT", "TO", "EXISTS", "IS", "NULL", "EMPTY", "CONTAINS"}
_RULES = {"words", "typo", "proximity", "attribute", "sort", "exactness"}
# As a new index has them.
_DEFAULTS: dict[str, Any] = {
    "searchableAttributes": ["*"],
    "displayedAttributes": ["*"],
    "filterableAttributes": [],
    "sortableAttributes": [],
    "rankingRules": ["words", "typo", "proximity", "attribute", "sort", "exactness"],
    "typoTolerance": {"enabled": True, "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9}},
    "synonyms": {},
    "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}},
    "pagination": {"maxTotalHits": 1000},
    "searchCutoffMs": None,
}


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


def fold_facet(value: str) -> str:
    """What two values must have in common to be one: filters and counts do not see the rest."""
    return unicodedata.normalize("NFKD", value.strip()).lower()


class FakeIndex:
    """Settings and documents."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = dict(_DEFAULTS)
        self.documents: dict[int, dict[str, Any]] = {}
        self.created_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        self.was_swapped = False
        self._words: dict[tuple[str, ...], Words] = {}

    def update_settings(self, wanted: Mapping[str, Any]) -> None:
        self.settings |= wanted
        self._words = {}

    def add(self, documents: Iterable[dict[str, Any]]) -> None:
        self.documents |= {
            document["id"]: json.loads(json.dumps(document)) for document in documents
        }
        self._words = {}

    def delete(self, condition: str) -> None:
        for number in [d["id"] for d in self._filter([condition], "invalid_document_filter")]:
            del self.documents[number]
        self._words = {}

    def fetch(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        offset, limit = wanted.get("offset", 0), wanted.get("limit", 20)
        every = [self.documents[number] for number in sorted(self.documents)]
        shown = [{f: d[f] for f in wanted["fields"]} for d in every[offset : offset + limit]]
        return {"results": shown, "offset": offset, "limit": limit, "total": len(every)}

    # ---- searching -----------------------------------------------------------------------------

    def search(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        ranks = self._find(wanted)
        found = [self.documents[number] for number in ranks]
        answer: dict[str, Any] = {"query": wanted.get("q", ""), "processingTimeMs": 0}
        most = self.settings["pagination"]["maxTotalHits"]
        if "page" in wanted or "hitsPerPage" in wanted:
            size, page = wanted.get("hitsPerPage", 20), wanted.get("page", 1)
            shown = found[:most][(page - 1) * size : page * size] if page else []
            total = min(len(found), most)
            pages = -(-total // size) if size else 0
            answer |= {"totalHits": total, "totalPages": pages, "page": page, "hitsPerPage": size}
        else:
            offset, limit = wanted.get("offset", 0), wanted.get("limit", 20)
            shown = found[:most][offset : offset + limit]
            answer |= {"estimatedTotalHits": len(found), "offset": offset, "limit": limit}
        fields = wanted.get("attributesToRetrieve", ["*"])
        displayed = self.settings["displayedAttributes"]
        answer["hits"] = [{f: d[f] for f in fields if f in displayed} for d in shown]
        for hit, document in zip(answer["hits"], shown, strict=True):
            rank = ranks[document["id"]]
            if wanted.get("showRankingScore"):
                hit["_rankingScore"] = -rank[1]
            if wanted.get("showRankingScoreDetails"):
                # Of the rules the one before it is `words`.
                typo = {"order": 1, "typoCount": rank[0][1]} if rank[0] else None
                hit["_rankingScoreDetails"] = {"typo": typo} if typo else {}
        if "facets" in wanted:
            answer["facetDistribution"] = {f: self._count(f, found) for f in wanted["facets"]}
            answer["facetStats"] = {}
        return answer

    def facet_search(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Values that begin so, with typing errors, as they are counted among what is found."""
        text = " ".join(cut(wanted.get("facetQuery") or ""))
        sizes = self.settings["typoTolerance"]["minWordSizeForTypos"]
        most = (len(text) >= sizes["oneTypo"]) + (len(text) >= sizes["twoTypos"])
        found = [self.documents[number] for number in self._find(wanted)]
        hits = [
            {"value": value, "count": count}
            for value, count in self._count(wanted["facetName"], found).items()
            if count_edits(text, " ".join(cut(value)), most, is_prefix=True) <= most
        ]
        return {"facetHits": hits, "facetQuery": wanted.get("facetQuery"), "processingTimeMs": 0}

    def _count(self, attribute: str, documents: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        if attribute not in self.settings["filterableAttributes"]:
            raise Fault(400, "invalid_search_facets", f"Attribute `{attribute}` is not filterable.")
        shown: dict[str, str] = {}
        counts: dict[str, int] = {}
        for document in documents:
            values = {fold_facet(value): value for value in flatten(document.get(attribute))}
            for folded, value in values.items():
                shown.setdefault(folded, value)
                counts[folded] = counts.get(folded, 0) + 1
        kept = sorted(counts, key=lambda folded: (-counts[folded], folded))
        kept = kept[: self.settings["faceting"]["maxValuesPerFacet"]]
        # Whatever the order among them, it is the caller's to make.
        return {shown[folded]: counts[folded] for folded in sorted(kept)}

    # ---- filters -------------------------------------------------------------------------------

    def _filter(self, conditions: Iterable[Any], code: str) -> list[dict[str, Any]]:
        tests = [self._read_condition(condition, code) for condition in conditions]
        return [d for d in self.documents.values() if all(test(d) for test in tests)]

    def _read_condition(self, condition: Any, code: str) -> Callable[[Mapping[str, Any]], bool]:
        parsed = _CONDITION.match(condition) if isinstance(condition, str) else None
        if parsed is None:
            raise Fault(400, code, f"{condition!r} is no filter")
        attribute, operator, rest = parsed.groups()
        if attribute not in self.settings["filterableAttributes"]:
            raise Fault(400, code, f"Attribute `{attribute}` is not filterable.")
        values = {fold_facet(v) for v in _read_values(rest, code, is_list=operator != "=")}
        is_wanted = operator != "NOT IN"

        def test(document: Mapping[str, Any]) -> bool:
            found = {fold_facet(value) for value in flatten(document.get(attribute))}
            return bool(found & values) == is_wanted

        return test

    # ---- ranking -------------------------------------------------------------------------------

    def _find(self, wanted: Mapping[str, Any]) -> dict[int, Rank]:
        """What matches, best first."""
        fitting = {
            d["id"]: d for d in self._filter(wanted.get("filter", []), "invalid_search_filter")
        }
        words, quoted = cut_query(wanted.get("q") or "")
        attributes = self.settings["searchableAttributes"]
        searched = wanted.get("attributesToSearchOn") or attributes
        if unknown := set(searched) - set(attributes):
            raise Fault(400, "invalid_search_attributes_to_search_on", f"{unknown} not searchable")
        sorts = [self._read_sort(text) for text in wanted.get("sort", [])]
        custom = [
            _make_key(name, way)
            for name, _, way in (rule.partition(":") for rule in self.settings["rankingRules"])
            if way
        ]
        if words:
            # In their order of importance, whatever order they are asked for in.
            chosen = tuple(name for name in attributes if name in searched)
            ranking = Ranking(self._get_words(chosen), words, self.settings, quoted)
            ranks = ranking.rank(wanted.get("matchingStrategy", "last"))
        else:
            ranks = dict.fromkeys(fitting, ((), -1.0))
        ordered = sorted(
            (fitting[number] for number in ranks if number in fitting),
            key=lambda d: (
                [key(d) for key in sorts],
                ranks[d["id"]][0],
                [key(d) for key in custom],
            ),
        )
        return {document["id"]: ranks[document["id"]] for document in ordered}

    def _get_words(self, attributes: tuple[str, ...]) -> Words:
        if attributes not in self._words:
            self._words[attributes] = Words(self.documents, attributes)
        return self._words[attributes]

    def _read_sort(self, text: str) -> Callable[[Mapping[str, Any]], Any]:
        attribute, _, way = text.partition(":")
        if attribute not in self.settings["sortableAttributes"] or way not in ("asc", "desc"):
            raise Fault(400, "invalid_search_sort", f"{text!r} is no order")
        return _make_key(attribute, way)


def check_settings(wanted: Mapping[str, Any]) -> None:
    """Refuse what a server refuses when it is asked, before there is a task."""
    if unknown := set(wanted) - set(_DEFAULTS):
        raise Fault(400, "bad_request", f"Unknown field `{min(unknown)}`")
    for rule in wanted.get("rankingRules", ()):
        if rule not in _RULES and not re.fullmatch(r"\w+:(asc|desc)", rule):
            raise Fault(400, "invalid_settings_ranking_rules", f"`{rule}` is no rule")
    sizes = wanted.get("typoTolerance", {}).get("minWordSizeForTypos", {})
    if not 0 <= sizes.get("oneTypo", 5) <= sizes.get("twoTypos", 9) <= 255:
        raise Fault(400, "invalid_settings_typo_tolerance", f"{sizes} are no sizes")
    orders = wanted.get("faceting", {}).get("sortFacetValuesBy", {})
    if set(orders.values()) - {"alpha", "count"}:
        raise Fault(400, "invalid_settings_faceting", f"{orders} are no orders")


def _make_key(name: str, way: str) -> Callable[[Mapping[str, Any]], Any]:
    """Numbers before texts, and what is missing last, whichever way."""

    def key(document: Mapping[str, Any]) -> Any:
        value = document.get(name)
        if isinstance(value, str):
            assert way == "asc", "texts are only sorted from a to z here"
            return (1, fold_facet(value))
        return (2,) if value is None else (0, value if way == "asc" else -value)

    return key


def _read_values(text: str, code: str, *, is_list: bool) -> Iterator[str]:
    inner = text
    if is_list:
        if not (text.startswith("[") and text.endswith("]")):
            raise Fault(400, code, f"{text!r} is no list")
        inner = text[1:-1]
    place = 0
    while True:
        found = _VALUE.match(inner, place)
        if found is None or found[2] in _KEYWORDS:
            raise Fault(400, code, f"{inner[place:]!r} is no value")
        yield found[2] if found[1] is None else _unescape(found[1], code)
        place = found.end()
        if place == len(inner):
            return
        if not is_list or inner[place] != ",":
            raise Fault(400, code, f"Found unexpected characters at the end: {inner[place:]!r}")
        place += 1


def _unescape(text: str, code: str) -> str:
    """A backslash is no letter: it must begin one of a few sequences."""

    def read(found: re.Match[str]) -> str:
        if found[1] not in _ESCAPED:
            raise Fault(400, code, f"Malformed value: {text!r}")
        return _ESCAPED[found[1]]

    return _ESCAPE.sub(read, text)
