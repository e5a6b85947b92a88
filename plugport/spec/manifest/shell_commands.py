"""Which programs a command line starts and which variables it reads, judged by its text.

This is not a shell: it names the programs of a hook or server for the permissions on the plugin's
page, and cannot show that a command is safe. A program that cannot be determined is `*`.

`root_variables` are the variables that hold the path of the plugin's folder.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection
from functools import cache

from plugport.spec.manifest.permissions import ANY
from plugport.spec.text import find_unsafe_character

MAX_COMMAND_CHARS = 4_000
MAX_PROGRAM_CHARS = 200

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?:[:}?+=-])|([A-Za-z_][A-Za-z0-9_]*))")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
# Words of the shell: prefixes are followed by a command, builtins start no program.
_PREFIXES = "if then elif else while until do time ! { exec env sudo nohup command"
_BUILTINS = (
    "cd echo exit export set test [ [[ true false : read printf return shift unset local source . "
    "fi done esac } for case in trap wait umask"
)
_PREFIX_SET, _BUILTIN_SET = frozenset(_PREFIXES.split()), frozenset(_BUILTINS.split())


def list_programs(command: str, root_variables: tuple[str, ...]) -> set[str]:
    """Return the programs that a command line starts: `git`, or `./scripts/x.sh` for a file of the plugin."""
    if len(command) > MAX_COMMAND_CHARS:
        return {ANY}
    lexer = shlex.shlex(command.replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""  # a shell starts comments only between words, but shlex also inside them
    try:
        words = list(lexer)
    except ValueError:
        return {ANY}
    programs, is_first = set(), True
    for word in words:
        if set(word) <= set("();<>|&"):
            # A file follows `<` and `>`; a command follows every other operator.
            is_first = not set(word) & set("<>")
        elif is_first and word not in _PREFIX_SET and not _ASSIGNMENT.match(word):
            is_first = False
            if word not in _BUILTIN_SET:
                programs.add(get_program_name(word, root_variables))
    return programs


@cache
def _compile_root_pattern(root_variables: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, root_variables))
    return re.compile(rf"\$\{{?(?:{names})\}}?/?")


def get_program_name(word: str, root_variables: tuple[str, ...]) -> str:
    """Return the name of a program: the path of a file of the plugin, otherwise its base name."""
    root = _compile_root_pattern(root_variables).match(word) if root_variables else None
    if root or word.startswith("./"):
        name = f"./{word[root.end() if root else 2 :]}"
    else:
        name = word.rpartition("/")[2]  # its folder differs between machines
    if "$" in name or "`" in name or not name or len(name) > MAX_PROGRAM_CHARS:
        return ANY
    return ANY if find_unsafe_character(name) or name != name.strip() else name


def list_variables(text: str, host_variables: Collection[str]) -> set[str]:
    """Return the environment variables that a text refers to, without those that the host sets."""
    names = {braced or bare for braced, bare in _VARIABLE.findall(text[:MAX_COMMAND_CHARS])}
    return {name for name in names if len(name) <= 128} - set(host_variables)
