"""The plugin: opens the store with the host, closes it with the host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from store import NoteStore

_store: NoteStore | None = None


def on_load(context: Any) -> NoteStore:
    """Open the database in the host's data folder and hand it out."""
    global _store
    folder = Path(getattr(context, "data_folder", "."))
    _store = NoteStore(folder / context.config.get("file", "notes.sqlite"))
    return _store


def on_unload() -> None:
    """Close the database."""
    global _store
    if _store:
        _store.close()
    _store = None


def health() -> dict[str, Any]:
    """Whether the database answers."""
    if _store is None:
        return {"status": "down", "detail": "the database is not open"}
    return {"status": "ok", "notes": _store.count()}
