"""The catalogue in memory: every list that is narrowed, sorted or counted is read from here.

A list of 20 out of 100,000 plugins takes a database between 30 and 400 ms, because it has to count
what matches, walk to a deep page and look into texts. From memory it takes 1 to 15 ms, on every
database alike. Each web process keeps its own copy, about 100 MB for 100,000 plugins, and follows
the journal: before each list it reads what was appended since (one query), so no list is older
than the request that asks for it. The database stays the only truth: rows are read from there.
"""
