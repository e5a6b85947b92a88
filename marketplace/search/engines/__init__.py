"""The search engines."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from common.once import built_once
from marketplace.search.engines.base import SearchEngine


@built_once
def get_engine() -> SearchEngine:
    """The engine of the setting `SEARCH_ENGINE`; one instance for each process."""
    config = settings.SEARCH_ENGINE
    engine: SearchEngine = import_string(config["BACKEND"])(**config["OPTIONS"])
    return engine
