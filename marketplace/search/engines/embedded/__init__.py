"""The default engine: a tantivy index in the data folder, without a server."""

from marketplace.search.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
