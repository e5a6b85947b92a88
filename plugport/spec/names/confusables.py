"""Which characters a reader takes for others.

Valid names are ASCII, so what collides is decided among `a-z 0-9 - .`: `0` and `o`; `1`, `l` and
`i` (an upper-case `I` is an `l`, and case does not count); `rn` and `m`; `vv` and `w`. These are
the pairs seen in typosquats and in Unicode Technical Standard 39. `5`/`s`, `cl`/`d` and `2`/`z`
are left out: they are told apart in every common font, and would block `es5`/`ess` or `cli`/`di`.

Other scripts only matter for saying what is wrong with a refused name.
"""

# ruff: noqa: RUF001 - letters that look alike are what this file is about

from __future__ import annotations

import unicodedata

from plugport.spec.text import show

_FOLD = str.maketrans({"0": "o", "1": "l", "i": "l", "-": None, "_": None, ".": None})

# ASCII character -> letters of other scripts that are drawn alike. Accents, full-width and
# mathematical letters are not listed: compatibility decomposition finds those.
_DRAWN_ALIKE = {
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
_LOOKALIKES = {alike: char for char, others in _DRAWN_ALIKE.items() for alike in others}


def fold_part(part: str) -> str:
    """Reduce a part of a name so that confusable parts become equal; it never gets longer."""
    folded = part.lower().translate(_FOLD).replace("rn", "m")
    # Widen first: `vw` and `wv` are the same three strokes and have to end in the same text.
    return folded.replace("w", "vv").replace("vv", "w")


def find_lookalike(char: str) -> str | None:
    """Find the ASCII text that a character of another script, width or style is taken for."""
    known = _LOOKALIKES.get(char)
    if known is not None or char.isascii():
        return known
    decomposed = unicodedata.normalize("NFKD", char).lower()
    plain = "".join(part for part in decomposed if not unicodedata.combining(part))
    if plain.isascii():
        return plain if plain.isalnum() or plain in {"-", ".", "/", "@"} else None
    return _LOOKALIKES.get(plain)


def describe_char(char: str) -> str:
    """Say what a character is that has no place in a name: by its looks, script or number."""
    name = unicodedata.name(char, "")
    if char.isascii():
        return show(char) if name else f"control character {show(char)}"
    alike = find_lookalike(char)
    point = f"U+{ord(char):04X} {name}".rstrip()
    if alike is None:
        return point
    script = name.partition(" ")[0].title() if char.isalpha() else point
    return f"{script} {show(char)} that looks like `{alike}`"
