"""Finding plugins: one interface, engines behind it, and an index that follows the journal.

`service` is what pages and the API call; `indexer` is what the worker runs. See `docs/search.md`.
"""
