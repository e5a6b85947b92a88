"""The JSON of the HTTP API, declared once.

Each `TypedDict` is one JSON object. The server fills them, and mypy checks that it fills every
member; the client reads responses by them (`reading`); request bodies are validated by them
(`validation`); the OpenAPI document is generated from them (`common.api.declarations`).

They are dictionaries because that is the fastest to encode: a response is the stored document
of a plugin plus a few counters, and `orjson` writes it without building an object first.
"""
