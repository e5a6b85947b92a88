"""The gateway: accepts all connections, responds from its cache, and passes the rest on to Django.

It runs no Django and no app of this repository, so that one event loop serves any number of slow
clients while the threads of Django are busy. See `docs/ARCHITECTURE.md`.
"""
