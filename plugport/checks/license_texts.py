"""Identify the license of a license file by characteristic phrases.

Returns SPDX ids only for certain matches; an unknown text is not a problem. Only the start of a file
is searched, because every license names itself early.
"""

from __future__ import annotations

import re

from plugport.checks.license_ids import parse_expression
from plugport.spec.encoding import decode_marked_text

_MAX_SCANNED_CHARS = 20_000
# An explicit id: https://spdx.dev/learn/handling-license-info/
_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([^\r\n]{1,200})")
_SPACE = re.compile(r"[\s*#>/\"“”'`_]+")

# (possible ids for this text, phrases that must all occur), most specific first. The text of a GNU
# license does not say "only" or "or later", so both ids match.
_PHRASES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("AGPL-3.0-only", "AGPL-3.0-or-later"), ("gnu affero general public license version 3",)),
    (("LGPL-3.0-only", "LGPL-3.0-or-later"), ("gnu lesser general public license version 3",)),
    (("LGPL-2.1-only", "LGPL-2.1-or-later"), ("gnu lesser general public license version 2.1",)),
    (("GPL-3.0-only", "GPL-3.0-or-later"), ("gnu general public license version 3",)),
    (("GPL-2.0-only", "GPL-2.0-or-later"), ("gnu general public license version 2",)),
    (("Apache-2.0",), ("apache license", "version 2.0", "terms and conditions")),
    (("Apache-2.0",), ("licensed under the apache license, version 2.0",)),
    (("MPL-2.0",), ("mozilla public license version 2.0",)),
    (("EPL-2.0",), ("eclipse public license - v 2.0",)),
    (("CC0-1.0",), ("cc0 1.0 universal",)),
    (("CC-BY-SA-4.0",), ("creative commons attribution-sharealike 4.0 international",)),
    (("CC-BY-4.0",), ("creative commons attribution 4.0 international",)),
    (("Unlicense",), ("this is free and unencumbered software released into the public domain",)),
    (("BSD-3-Clause",), ("redistribution and use in source and binary forms", "neither the name")),
    (("BSD-2-Clause",), ("redistribution and use in source and binary forms",)),
    (("MIT",), ("permission is hereby granted, free of charge", "the above copyright notice")),
    (("MIT-0",), ("permission is hereby granted, free of charge",)),
    (("ISC",), ("permission to use, copy, modify, and or distribute", "appear in all copies")),
    (("0BSD",), ("permission to use, copy, modify, and or distribute",)),
)


def list_license_ids(content: bytes) -> tuple[str, ...]:
    """The SPDX ids that match this text, or () for an unknown text."""
    head = content[: 4 * _MAX_SCANNED_CHARS]
    text = decode_marked_text(head, "replace")[:_MAX_SCANNED_CHARS]
    if tag := _TAG.search(text):
        return parse_expression(tag[1]).ids
    flat = _SPACE.sub(" ", text.lower()).replace("version 3,", "version 3")
    flat = flat.replace("license, version 3", "license version 3")
    for ids, phrases in _PHRASES:
        if all(phrase in flat for phrase in phrases):
            return ids
    return ()
