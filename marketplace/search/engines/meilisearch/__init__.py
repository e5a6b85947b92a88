"""The engine for several machines: a Meilisearch server, through its official client."""

from marketplace.search.engines.meilisearch.engine import MeilisearchEngine

__all__ = ["MeilisearchEngine"]
