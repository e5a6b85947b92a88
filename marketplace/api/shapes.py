"""The shapes of what finding answers, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from registry.api.v1.shapes import PaginationShape, PluginShape


class FacetsShape(s.Serializer[Any]):
    """For each facet its values with how many results have them, most frequent first."""

    type = s.DictField(child=s.IntegerField())
    category = s.DictField(child=s.IntegerField())
    tag = s.DictField(child=s.IntegerField())
    trust = s.DictField(child=s.IntegerField())
    license = s.DictField(child=s.IntegerField())
    dialect = s.DictField(child=s.IntegerField())
    registry = s.DictField(child=s.IntegerField())

    class Meta:
        ref_name = "Facets"


class HighlightShape(s.Serializer[Any]):
    """Texts as safe HTML with the words that were meant in `<mark>`; only those with matches."""

    name = s.CharField(required=False)
    displayName = s.CharField(required=False)
    description = s.CharField(required=False)

    class Meta:
        ref_name = "Highlight"


class PluginSearch(s.Serializer[Any]):
    plugins = PluginShape(many=True)
    pagination = PaginationShape()
    facets = FacetsShape()
    highlights = s.DictField(child=HighlightShape(), help_text="By name of the plugin.")
    didYouMean = s.CharField(allow_null=True, help_text="A spelling that finds more.")
    partial = s.BooleanField(  # type: ignore[assignment]  # the name is free: the class reads nothing
        help_text="Nothing has all the words; these have most of them."
    )
    degraded = s.BooleanField(help_text="The search engine is away; the database answered.")


class Suggestion(s.Serializer[Any]):
    name = s.CharField()
    displayName = s.CharField()
    type = s.CharField()
    trust = s.CharField()


class SuggestionList(s.Serializer[Any]):
    suggestions = Suggestion(many=True)
