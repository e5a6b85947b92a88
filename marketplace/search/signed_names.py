"""Names with signs, such as `C++`, `C#` and `.NET`, as words of their own.

Texts are split at everything except letters and digits, which would leave `C` of the first two. So
names with signs are spelled out first, in queries and in texts, as people write them without signs:
`cpp`, `csharp`, `dotnet`.
"""

from __future__ import annotations

import re

# Each alternative starts at a fixed position and has a bounded length, so a search takes linear time.
_PLUS = r"(?<![a-z0-9])[a-z0-9]{1,40}[+\uff0b]{2}"
# Not an issue number: `PR#12` has two letters.
_SHARP = r"(?<![a-z0-9])[a-z][#\u266f\uff03](?![a-z])"
_NET = r"(?<![a-z0-9.])\.net(?![a-z0-9])"
_NET_LIBRARY = r"(?<![a-z0-9.])(?:asp|vb|ado|ml)\.net(?![a-z0-9])"
# Their letters alone are too short to be found: `R&D`, `Q&A`, `I/O`, `A/B`.
_AND = r"(?<![a-z0-9@&/])[a-z]{1,2}&[a-z]{1,2}(?![a-z0-9&])"
_SLASH = r"(?<![a-z0-9@&/])[a-z]/[a-z](?![a-z0-9/])"

# A pattern of single words, for positions in a text. Needs `re.IGNORECASE`.
SIGNED_NAME = f"{_PLUS}|{_SHARP}|{_NET}|{_AND}|{_SLASH}"
_NAME = re.compile(f"{_NET_LIBRARY}|{SIGNED_NAME}", re.IGNORECASE)
# `Node.js` is found as `nodejs` too. Versions such as `v1.2` are no names.
_DOTTED = re.compile(
    r"(?<![a-z0-9.@/])([a-z0-9]{1,30})\.([a-z][a-z0-9]{0,10})(?![a-z0-9.])", re.IGNORECASE
)
_PLUS_SIGNS, _SHARP_SIGNS = "+\uff0b", "#\u266f\uff03"
_SPELLINGS = {"cplusplus": "cpp"}


def spell_names(text: str, *, with_parts: bool = False) -> str:
    """The text with names with signs as words of letters.

    `with_parts` adds the words that a text should be found by in addition: `notepad` for
    `Notepad++`, and `nodejs` for `Node.js`.
    """

    def spell(match: re.Match[str]) -> str:
        return f" {_spell_name(match[0].lower(), with_parts=with_parts)} "

    spelled = _NAME.sub(spell, text)
    return _DOTTED.sub(r" \1\2 \1 \2 ", spelled) if with_parts else spelled


def _spell_name(name: str, *, with_parts: bool) -> str:
    if name[-1] in _PLUS_SIGNS:
        base = name.rstrip(_PLUS_SIGNS)
        spelled = f"{base}plusplus"
        part = f" {base}" if with_parts and len(base) > 1 else ""
        return _SPELLINGS.get(spelled, spelled) + part
    if name[-1] in _SHARP_SIGNS:
        return f"{name[:-1]}sharp"
    if name.endswith(".net"):
        part = " net" if with_parts else ""
        return f"{name.removesuffix('.net')} dotnet{part}"
    return name.replace("&", "and").replace("/", "")
