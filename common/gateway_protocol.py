"""What the gateway and Django tell each other in headers. Imports nothing, for both sides.

The gateway (`gateway/`) accepts all connections and passes requests on to Django over a Unix socket.
It removes every header named here from requests of clients and from responses, so that neither
side can be told anything by a third.
"""

from __future__ import annotations

# Django to gateway: the response is the same for every visitor without a session and without a
# token. The value says which changes end that: `all` for any public change, `plugin=NAME` for those
# of one plugin (with the name percent-encoded).
CACHE_HEADER = "X-Plugport-Cache"
CACHE_ALL = "all"
CACHE_PLUGIN_PREFIX = "plugin="
# Django to gateway, with CACHE_HEADER: all query parameters that the view reads, separated by commas;
# empty if it reads none. A response to a query with other or repeated parameters is never marked.
QUERY_HEADER = "X-Plugport-Query"
# A response is marked for requests without these cookies only. A request with one of them is never
# served from the cache; no other cookie changes a marked response, although its `Vary` has `Cookie`.
PERSONAL_COOKIES = frozenset({"sessionid", "messages"})
# The state that stored responses depend on: the last serial of the journal, and the number of public
# changes outside it (`registry.change_counter`). One statement, so that both are of the same moment.
# The gateway reads it before it passes a request on whose response it may store.
PUBLIC_STATE_SQL = """
SELECT
    COALESCE((SELECT last_serial FROM registry_journalhead WHERE id = 1), 0),
    (SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM registry_changecounter)
"""
# The plugins of the journal's entries after a serial. Braces for numbers: the drivers of SQLite and
# PostgreSQL mark parameters differently.
CHANGED_PLUGINS_SQL = (
    "SELECT plugin FROM registry_journalentry WHERE serial > {after} ORDER BY serial LIMIT {limit}"
)
# A stored response is used for at most this time, so that counts of downloads and relative dates in it
# are never older.
MAX_CACHE_SECONDS = 60

# Django to gateway: the body is empty, and the gateway sends the bytes of this local file instead.
FILE_HEADER = "X-Plugport-File"
# Django to gateway: the same with an object of a store, at a presigned URL.
FETCH_HEADER = "X-Plugport-Fetch"
# Django to gateway, with one of the two above: `START-STOP`, the bytes from START up to but not
# including STOP. Without it the whole file is sent.
BYTES_HEADER = "X-Plugport-Bytes"
# Django to gateway, with one of the two above: the number of bytes of the real body. Content-Length is 0,
# the size of the body between the two.
LENGTH_HEADER = "X-Plugport-Length"

# Gateway to Django, for a POST with a package that is too large for memory. The gateway sends the request
# with `awaited` and without the body, which it has not read yet. Django responds with the error if it
# refuses the request whatever the body is, else with 204. Then the request follows with the body and
# `checked`, and counts for no limit again.
BODY_HEADER = "X-Plugport-Body"
BODY_AWAITED, BODY_CHECKED = "awaited", "checked"

# Django to gateway: what to record when the gateway responds from its cache. The value has a meaning
# for Django only. The gateway sends it back to RECORDS_PATH.
RECORD_HEADER = "X-Plugport-Record"
# A POST with JSON: `{"records": [[RECORD, CLIENT, COUNT], …]}`. CLIENT is the network of the client as
# `common.http.client_address` returns it. The gateway responds to requests of clients below this path with 404.
# `-` is no name of a plugin, so none can look like this path.
RECORDS_PATH = "/-/gateway/records"

INTERNAL_HEADERS = frozenset(
    {
        *(CACHE_HEADER, QUERY_HEADER, RECORD_HEADER),
        *(FILE_HEADER, FETCH_HEADER, BYTES_HEADER, LENGTH_HEADER),
        BODY_HEADER,
    }
)
