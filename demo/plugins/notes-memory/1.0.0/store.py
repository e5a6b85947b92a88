"""Notes in SQLite: a table, and a full-text index that triggers keep in step with it."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MAX_WORDS = 32
MAX_RESULTS = 100

_WORD = re.compile(r"\w+")
_SCHEMA = """
create table if not exists notes (
  id integer primary key, namespace text not null, text text not null, tags text not null
);
create index if not exists notes_namespace on notes (namespace);
create virtual table if not exists notes_index using fts5 (
  text, content = 'notes', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
);
create trigger if not exists notes_added after insert on notes begin
  insert into notes_index (rowid, text) values (new.id, new.text);
end;
create trigger if not exists notes_removed after delete on notes begin
  insert into notes_index (notes_index, rowid, text) values ('delete', old.id, old.text);
end;
"""


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was found; the lower the rank, the better it fits."""

    id: int
    text: str
    tags: tuple[str, ...]
    rank: float


class NoteStore:
    """A store that several threads may use; writes are short and one at a time."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(_SCHEMA)

    def remember(self, namespace: str, text: str, tags: Iterable[str] = ()) -> int:
        """Keep a note; return its id."""
        values = (namespace, text, json.dumps(sorted(set(tags))))
        with self._lock:
            cursor = self._db.execute(
                "insert into notes (namespace, text, tags) values (?, ?, ?)", values
            )
        return cursor.lastrowid or 0

    def search(
        self, namespace: str, query: str, *, tags: Iterable[str] = (), limit: int = 5
    ) -> list[Note]:
        """Notes with any word of the query and all of the tags, the best first."""
        words = _WORD.findall(query)[:MAX_WORDS]
        if not words:
            return []
        wanted = set(tags)
        with self._lock:
            rows = self._db.execute(
                """select notes.id, notes.text, notes.tags, notes_index.rank
                     from notes_index join notes on notes.id = notes_index.rowid
                    where notes_index match ? and notes.namespace = ?
                    order by notes_index.rank""",
                (" OR ".join(f'"{word}"' for word in words), namespace),
            )
            found = []
            for note_id, text, stored, rank in rows:
                kept = tuple(json.loads(stored))
                if wanted <= set(kept):
                    found.append(Note(note_id, text, kept, rank))
                if len(found) == min(limit, MAX_RESULTS):
                    break
        return found

    def forget(self, namespace: str, note_id: int) -> bool:
        """Remove a note of this namespace; say whether it was there."""
        with self._lock:
            cursor = self._db.execute(
                "delete from notes where id = ? and namespace = ?", (note_id, namespace)
            )
        return cursor.rowcount > 0

    def count(self) -> int:
        """How many notes there are."""
        with self._lock:
            return int(self._db.execute("select count(*) from notes").fetchone()[0])

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()
