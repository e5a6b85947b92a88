"""Ids changed since the index cursor; the search hides them."""

from __future__ import annotations

from django.db import connection

# Every search reads this many journal entries at most, at some microseconds each. An index further
# behind is not used.
MAX_ENTRIES = 1000
_TOO_MANY_ENTRIES = -1
# Raw SQL, because every search runs it and the ORM has no cross joins. Serials have no gaps: if the
# entry `MAX_ENTRIES` + 1 after the cursor exists, there are too many.
_HIDDEN_IDS_SQL = """
    WITH position AS (
        SELECT COALESCE((SELECT serial FROM marketplace_searchcursor WHERE engine = %s), 0) AS serial
    )
    SELECT plugin.id FROM position
    CROSS JOIN registry_journalentry entry
    CROSS JOIN registry_plugin plugin
    WHERE entry.serial > position.serial AND entry.serial <= position.serial + %s
        AND plugin.name = entry.plugin
        AND (NOT plugin.is_listed
            OR entry.event IN ('release.quarantined', 'release.revoked', 'release.yanked'))
    UNION ALL
    SELECT -1 FROM registry_journalentry entry, position WHERE entry.serial = position.serial + %s + 1
"""


def find_hidden_ids(engine: str) -> frozenset[int] | None:
    """Plugins whose withdrawn contents the index may still have: 1 query.

    These are plugins that are no longer listed, and plugins with a release that was quarantined,
    revoked or yanked since the index cursor. Without them no result, total, facet or suggestion
    shows withdrawn contents between a change and its indexing. None if more than `MAX_ENTRIES`
    entries are not indexed yet; then the database must be used.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HIDDEN_IDS_SQL, [engine, MAX_ENTRIES, MAX_ENTRIES])
        ids = frozenset(number for (number,) in cursor.fetchall())
    return None if _TOO_MANY_ENTRIES in ids else ids
