"""Package storage: content-addressed objects over Django's storages."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from common.once import built_once
from registry.storage.base import ObjectStore, StoredObject

__all__ = ["ObjectStore", "StoredObject", "get_store"]


@built_once
def get_store() -> ObjectStore:
    """The store that the settings select (`PACKAGE_STORE`)."""
    config = settings.PACKAGE_STORE
    store: ObjectStore = import_string(config["BACKEND"])(**config["OPTIONS"])
    return store
