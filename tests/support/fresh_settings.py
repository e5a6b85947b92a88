"""Reads the settings again, with the environment variables of a test."""

from __future__ import annotations

import importlib
import sys
from typing import Any


def load_settings() -> dict[str, Any]:
    """The settings as a new process would read them. The loaded ones stay as they are."""
    loaded = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if name == "config.settings" or name.startswith("config.settings.")
    }
    try:
        return vars(importlib.import_module("config.settings")).copy()
    finally:
        for name in list(sys.modules):
            if name == "config.settings" or name.startswith("config.settings."):
                del sys.modules[name]
        sys.modules.update(loaded)
        if "config.settings" in loaded:
            sys.modules["config"].settings = loaded["config.settings"]  # type: ignore[attr-defined]
