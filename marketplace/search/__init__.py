"""Search for plugins: one interface, two engines, and an index that follows the journal.

Pages and the API call `service`; the worker runs `indexer`. See `docs/search.md`.
"""
