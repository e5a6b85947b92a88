"""The engine that needs no server: tantivy, an index under the data folder."""

from marketplace.search.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
