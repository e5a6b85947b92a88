"""Other forms of English words, to index for engines that compare words as they are written.

The embedded engine stems words instead. Every form here has the same stem as its word, so both engines
find the same. Compounds are added as their parts: the embedded engine joins neighbors of a query.
"""

from __future__ import annotations

from marketplace.search.tokenizer import stem

_VOWELS = "aeiou"
# Shorter words have too many unrelated neighbors, and many are abbreviations.
_MIN_CHARS = 4
# Of these nouns there are no verbs.
_NOUN_ENDINGS = ("tion", "sion", "ment", "ness", "ity", "ism", "ist", "ics", "er", "or")
_SIBILANTS = ("s", "x", "z", "ch", "sh")
# Words that are also written as two. A list and not a rule, because many words can be cut into two
# others that nobody means (`trans port`), and some parts are topics of their own (`data base`).
_COMPOUNDS = (
    "add on|air flow|air table|back end|back log|back up|bench mark|boiler plate|book mark"
    "|break point|change log|chat bot|check list|check point|click house|clip board"
    "|cloud flare|code base|dash board|down load|drop box|end point|file name|file system"
    "|fire base|fire wall|flow chart|frame work|front end|full stack|git flow|git hub|git lab"
    "|graph ql|hand book|heat map|hot key|java script|key board|key word|life cycle|linked in"
    "|log in|mark down|micro service|mind map|mono repo|multi agent|my sql|name space|no sql"
    "|note book|off line|on board|on line|open ai|open api|pass word|pay pal|place holder"
    "|play book|play ground|play wright|post gres|power point|power shell|real time|road map"
    "|run book|run time|sand box|screen shot|side bar|sign up|site map|spread sheet"
    "|stack trace|style sheet|sub agent|sub domain|tail wind|time line|time out|time sheet"
    "|time stamp|time zone|tool box|tool chain|tool kit|type script|up load|up time|user name"
    "|water mark|web hook|web page|web server|web site|web socket|white board|white list"
    "|white space|wire frame|word press|work bench|work book|work flow|work space|you tube"
)
_PARTS = {
    first + second: (first, second)
    for first, _, second in (text.partition(" ") for text in _COMPOUNDS.split("|"))
}


def list_forms(word: str, *, has_participles: bool) -> list[str]:
    """Other numbers of a folded word, its base without an ending, and the parts of a compound.

    `has_participles` adds the form in -ing, which is worth its space in names and tags only.
    """
    if len(word) < _MIN_CHARS or not (word.isascii() and word.isalpha()):
        return []
    bases = [base for base in _list_bases(word) if _is_form(base, word)]
    parts = [part for base in (word, *bases) for part in _list_parts(base)]
    forms = [*bases, *parts]
    for base in bases or [word]:
        forms.append(_build_plural(base))
        if has_participles and not base.endswith(_NOUN_ENDINGS):
            forms.append(_build_participle(base))
    # A part of a compound has another stem.
    return [
        form
        for form in dict.fromkeys(forms)
        if form in parts or (form != word and _is_form(form, word))
    ]


def _is_form(form: str, word: str) -> bool:
    return len(form) >= _MIN_CHARS - 1 and stem(form) == stem(word)


def _list_parts(word: str) -> list[str]:
    parts = _PARTS.get(word)
    if not parts:
        return []
    return [*parts] if parts[1].endswith("s") else [*parts, _build_plural(parts[1])]


def _list_bases(word: str) -> list[str]:
    """The word without an ending, in each way that it may have been added."""
    if word.endswith("ies"):
        return [f"{word[:-3]}y"]
    if word.endswith(tuple(f"{end}es" for end in _SIBILANTS)):
        # `boxes` is of `box`, `caches` of `cache`.
        return [word[:-2], word[:-1]]
    if word.endswith("s") and not word.endswith(("ss", "is", "us")):
        return [word[:-1]]
    for ending in ("ing", "ed"):
        if word.endswith(ending):
            rest = word.removesuffix(ending)
            if len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz":
                return [rest[:-1]]
            return [rest, f"{rest}e"]
    return []


def _build_plural(word: str) -> str:
    if word.endswith(_SIBILANTS):
        return f"{word}es"
    if word.endswith("y") and word[-2] not in _VOWELS:
        return f"{word[:-1]}ies"
    return f"{word}s"


def _build_participle(word: str) -> str:
    if word.endswith("e") and not word.endswith(("ee", "oe", "ye")):
        return f"{word[:-1]}ing"
    is_short = word[-1] not in f"{_VOWELS}wxy" and word[-2] in _VOWELS and word[-3] not in _VOWELS
    return f"{word}{word[-1]}ing" if is_short and len(word) < 6 else f"{word}ing"
