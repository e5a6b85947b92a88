"""Ids changed since the index cursor; the search hides them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

# Every search reads this many journal entries at most, at some microseconds each. An index further
# behind is not used.
MAX_ENTRIES = 1000
_PLUGIN, _SERIAL, _TOO_MANY_ENTRIES, _LAST_SERIAL = 0, 1, 2, 3
# Raw SQL, because every search runs it and the ORM has no cross joins. Serials have no gaps: if the
# entry `MAX_ENTRIES` + 1 after the position exists, there are too many.
_HIDDEN_IDS_SQL = """
    WITH position AS (
        SELECT COALESCE(
            CAST(%s AS BIGINT),
            (SELECT serial FROM marketplace_searchcursor WHERE engine = %s),
            0
        ) AS serial
    )
    SELECT 0, plugin.id FROM position
    CROSS JOIN registry_journalentry entry
    CROSS JOIN registry_plugin plugin
    WHERE entry.serial > position.serial AND entry.serial <= position.serial + %s
        AND plugin.name = entry.plugin
        AND (NOT plugin.is_listed
            OR entry.event IN ('release.quarantined', 'release.revoked', 'release.yanked'))
    UNION ALL
    SELECT 1, serial FROM position
    UNION ALL
    SELECT 2, 0 FROM registry_journalentry entry, position WHERE entry.serial = position.serial + %s + 1
    UNION ALL
    SELECT 3, last_serial FROM registry_journalhead
"""


@dataclass(frozen=True, slots=True)
class HiddenIds:
    """The plugins to hide from an index that has every journal entry up to `serial`.

    `is_complete`: these are all entries.
    """

    ids: frozenset[int]
    serial: int
    is_complete: bool


def find_hidden_ids(engine: str, *, serial: int | None = None) -> HiddenIds | None:
    """Plugins whose withdrawn contents the index may still have: 1 query.

    These are plugins that are no longer listed, and plugins with a release that was quarantined,
    revoked or yanked since `serial`, or since the index cursor. Without them no result, total, facet
    or suggestion shows withdrawn contents between a change and its indexing. None if more than
    `MAX_ENTRIES` entries are not indexed yet; then the database must be used.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HIDDEN_IDS_SQL, [serial, engine, MAX_ENTRIES, MAX_ENTRIES])
        rows = cursor.fetchall()
    values = {kind: number for kind, number in rows if kind != _PLUGIN}
    if _TOO_MANY_ENTRIES in values:
        return None
    ids = frozenset(number for kind, number in rows if kind == _PLUGIN)
    # An index can also be ahead of a database that was restored.
    is_complete = values[_SERIAL] == values.get(_LAST_SERIAL, 0)
    return HiddenIds(ids, values[_SERIAL], is_complete)
