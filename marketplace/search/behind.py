"""What the index does not know yet: the entries of the journal behind its cursor."""

from __future__ import annotations

from django.db import connection

# More changes than this, and the index is no use. A search looks at each of them, which takes
# some microseconds.
MOST_ENTRIES = 1000
_TOO_FAR = -1
# Written out, since every search asks it. Serials have no gaps: there is a thousand-and-first
# entry behind the cursor, or there are no more than a thousand.
_HIDDEN = """
    WITH place AS (
        SELECT COALESCE((SELECT serial FROM marketplace_searchcursor WHERE engine = %s), 0) AS serial
    )
    SELECT plugin.id FROM place
    CROSS JOIN registry_journalentry entry
    CROSS JOIN registry_plugin plugin
    WHERE entry.serial > place.serial AND entry.serial <= place.serial + %s
        AND plugin.name = entry.plugin
        AND (NOT plugin.is_listed
            OR entry.event IN ('release.quarantined', 'release.revoked', 'release.yanked'))
    UNION ALL
    SELECT -1 FROM registry_journalentry entry, place WHERE entry.serial = place.serial + %s + 1
"""


def read_hidden(engine: str) -> frozenset[int] | None:
    """Plugins of which the index may still say what was withdrawn: 1 query.

    Those that are listed no more, and those of which a release was quarantined, revoked or yanked:
    the index may have its words. They are back as soon as it has followed. So nothing leaks in the
    moment between a change and its indexing, not even as a count. None if more than
    `MOST_ENTRIES` are behind the cursor: the database should answer then.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HIDDEN, [engine, MOST_ENTRIES, MOST_ENTRIES])
        found = frozenset(number for (number,) in cursor.fetchall())
    return None if _TOO_FAR in found else found
