"""The engines, and which one is in use."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.search.engines.base import SearchEngine


@cache
def get_engine() -> SearchEngine:
    """The engine that `SEARCH_ENGINE` chooses; one a process."""
    chosen = settings.SEARCH_ENGINE
    engine: SearchEngine = import_string(chosen["BACKEND"])(**chosen["OPTIONS"])
    return engine
