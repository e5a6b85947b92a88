"""Package storage: typed, content-addressed keys over django-storages."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from registry.storage.base import ObjectStore, StoredObject

__all__ = ["ObjectStore", "StoredObject", "get_store"]


@cache
def get_store() -> ObjectStore:
    """The store that the settings select (`PACKAGE_STORE`)."""
    chosen = settings.PACKAGE_STORE
    store: ObjectStore = import_string(chosen["BACKEND"])(**chosen["OPTIONS"])
    return store
