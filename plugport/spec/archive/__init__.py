"""Read packages as hostile input, and write them deterministically.

`load_package` (reader) validates an archive in one bounded pass, `unpack_package` (unpacker) writes
one to disk atomically, and `pack_tree` (packer) creates one from a folder. All three enforce the
same `ArchiveLimits` (model), so that every package that can be packed can also be read.
"""
