"""Backup and restore of the database and the packages, into and from a folder.

errors.py     the reasons to refuse
folder.py     the files of a backup: their names, modes, digests, and the marker of a complete one
databases/    a consistent copy of the database: SQLite and PostgreSQL
packages.py   copies of packages between the store and the folder, verified by digest
create.py     `manage.py backup`
restore.py    `manage.py restore`

A backup copies the database first, in one snapshot, then the packages that the snapshot names. A
restore does the opposite: the database is last and appears at once, so a registry without all of
its packages has no tables yet.
"""
