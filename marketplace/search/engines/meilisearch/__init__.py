"""The engine for several machines: a Meilisearch server."""

from marketplace.search.engines.meilisearch.engine import MeilisearchEngine

__all__ = ["MeilisearchEngine"]
