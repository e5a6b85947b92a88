"""Which licence a licence file holds, told by phrases that only that licence has.

It answers with SPDX ids where it is sure and with nothing otherwise: an unknown text is no
finding. Only the start of a file is read, since every licence says early what it is.
"""

from __future__ import annotations

import re

from plugport.checks.licence_ids import parse_expression

_READ_CHARS = 20_000
# https://spdx.dev/learn/handling-license-info/: a line that says it outright.
_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([^\r\n]{1,200})")
_SPACE = re.compile(r"[\s*#>/\"“”'`_]+")

# (ids a manifest may name for this text, phrases that must all occur), the most special first.
# A GNU text does not say "only" or "or later": both agree with it.
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


def recognise_licence(content: bytes) -> tuple[str, ...]:
    """Return the SPDX ids that agree with this text, () if it is none known here."""
    text = content[: 4 * _READ_CHARS].decode("utf-8", errors="replace")[:_READ_CHARS]
    if tag := _TAG.search(text):
        return parse_expression(tag[1]).ids
    flat = _SPACE.sub(" ", text.lower()).replace("version 3,", "version 3")
    flat = flat.replace("license, version 3", "license version 3")
    for ids, phrases in _PHRASES:
        if all(phrase in flat for phrase in phrases):
            return ids
    return ()
