"""Characters that a reader can mistake for others.

Valid names are ASCII, so only these collide: `0` and `o`; `1`, `l` and `i` (an uppercase `I` looks
like an `l`, and case is ignored); `rn` and `m`; `vv` and `w`. They are the pairs found in
typosquatting attacks and in Unicode Technical Standard 39. `5`/`s`, `cl`/`d` and `2`/`z` are not
treated as confusable: common fonts distinguish them, and `es5`/`ess` or `cli`/`di` would collide.

Characters of other scripts are only used to explain why a name is invalid.
"""

# ruff: noqa: RUF001 - confusable letters are the subject of this file

from __future__ import annotations

import unicodedata

from plugport.spec.text import quote_text

_FOLD = str.maketrans({"0": "o", "1": "l", "i": "l", "-": None, "_": None, ".": None})

# ASCII character -> confusable letters of other scripts. Accented, full-width and mathematical
# letters are not listed, because compatibility decomposition (NFKD) finds them.
_LOOKALIKE_GROUPS = {
    "a": "аɑαᴀΑА",
    "b": "ЬƄВΒ",
    "c": "сϲᴄСϹ",
    "d": "ԁɗđ",
    "e": "еєҽэЕΕ",
    "f": "ƒſ",
    "g": "ɡցԍ",
    "h": "һհНΗ",
    "i": "іıιɩІΙӏ",
    "j": "јϳЈ",
    "k": "кκᴋКΚ",
    "l": "ļłǀ",
    "m": "мᴍМΜ",
    "n": "пոηΝ",
    "o": "оοօσøᴏОΟ",
    "p": "рρРΡ",
    "q": "ԛզ",
    "r": "гᴦ",
    "s": "ѕꜱЅ",
    "t": "тτТΤ",
    "u": "υսᴜц",
    "v": "νѵᴠ",
    "w": "ѡԝωшᴡ",
    "x": "хχХΧ",
    "y": "уүγУΥ",
    "z": "ᴢΖ",
    "0": "ΘθѲ",
    "3": "зЗӠ",
    "6": "б",
    "-": "‐‑‒–—―−⁃ー",
    ".": "․。·・",
    "/": "∕⁄⧸",
}
_LOOKALIKES = {alike: char for char, others in _LOOKALIKE_GROUPS.items() for alike in others}


def fold_part(part: str) -> str:
    """Map a part of a name to a form in which confusable parts are equal. It never gets longer."""
    folded = part.lower().translate(_FOLD).replace("rn", "m")
    # Expand first: `vw` and `wv` look the same and must have the same result.
    return folded.replace("w", "vv").replace("vv", "w")


def find_lookalike(char: str) -> str | None:
    """The ASCII text that a character of another script, width or style looks like, or None."""
    known = _LOOKALIKES.get(char)
    if known is not None or char.isascii():
        return known
    decomposed = unicodedata.normalize("NFKD", char).lower()
    plain = "".join(part for part in decomposed if not unicodedata.combining(part))
    if plain.isascii():
        return plain if plain.isalnum() or plain in {"-", ".", "/", "@"} else None
    return _LOOKALIKES.get(plain)


def describe_char(char: str) -> str:
    """Describe a character that is invalid in a name, by its look, script or code point."""
    name = unicodedata.name(char, "")
    if char.isascii():
        return quote_text(char) if name else f"control character {quote_text(char)}"
    alike = find_lookalike(char)
    point = f"U+{ord(char):04X} {name}".rstrip()
    if alike is None:
        return point
    script = name.partition(" ")[0].title() if char.isalpha() else point
    return f"{script} {quote_text(char)} that looks like `{alike}`"
