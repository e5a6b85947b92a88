"""Prefixes of names: `acme` is one of `acme-tools`, and none of `acmeist`."""

from __future__ import annotations

import re

from plugport.spec.names.confusables import fold_part

_SEPARATORS = re.compile(r"[-._]+")


def list_prefix_keys(part: str) -> list[str]:
    """The folded prefixes of a name or scope, shortest first, the folded name itself included.

    A prefix ends at a separator (as in PEP 752), so that nobody reserves words that only begin alike.
    `a-cme-tools` has the prefix `acme` too: names that look alike have the same key.
    """
    keys, joined = [], ""
    for word in filter(None, _SEPARATORS.split(part.lower())):
        joined += word
        keys.append(fold_part(joined))
    return keys
