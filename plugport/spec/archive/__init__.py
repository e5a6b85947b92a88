"""Packages as files: reading them as hostile input, and packing them deterministically.

`read_package` (reader) looks at an archive in one bounded pass, `unpack_package` (unpacker) puts
one on disk whole or not at all, `pack_tree` (packer) makes one from a folder. All three hold to
the same `ArchiveLimits` (model), so that what was packed here can be read everywhere.
"""
