"""Which programs a command line starts and which variables it reads, as far as its text tells.

A look at text, not a shell: enough to name what a hook or a server runs, never enough to call it
safe. What cannot be told is `*`.
"""

from __future__ import annotations

import re
import shlex

from plugport.spec.manifest.fields import find_unsafe
from plugport.spec.manifest.permissions import ANY

MAX_COMMAND_CHARS = 4_000
MAX_PROGRAM_CHARS = 200

ROOT_VARIABLES = frozenset(
    {
        "CLAUDE_PLUGIN_ROOT",
        "CLAUDE_PLUGIN_DATA",
        "CLAUDE_PROJECT_DIR",
        "PLUGIN_ROOT",
        "PLUGIN_DATA",
    },
)
_ROOT = re.compile(r"\$\{?(?:CLAUDE_PLUGIN_ROOT|PLUGIN_ROOT)\}?/?")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?:[:}?+=-])|([A-Za-z_][A-Za-z0-9_]*))")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
# Words of the shell itself: those that are followed by a command, and those that run nothing.
_PREFIXES = "if then elif else while until do time ! { exec env sudo nohup command"
_BUILTINS = (
    "cd echo exit export set test [ [[ true false : read printf return shift unset local source . "
    "fi done esac } for case in trap wait umask"
)
_PREFIX_SET, _BUILTIN_SET = frozenset(_PREFIXES.split()), frozenset(_BUILTINS.split())


def list_programs(command: str) -> set[str]:
    """List what a shell line starts: `git`, or `./scripts/x.sh` for the plugin's own files."""
    if len(command) > MAX_COMMAND_CHARS:
        return {ANY}
    lexer = shlex.shlex(command.replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""  # `#` inside a word is no comment, and a comment does no harm here
    try:
        words = list(lexer)
    except ValueError:
        return {ANY}
    programs, is_first = set(), True
    for word in words:
        if set(word) <= set("();<>|&"):
            # What follows `<` or `>` is a file; after every other operator comes a command.
            is_first = not set(word) & set("<>")
        elif is_first and word not in _PREFIX_SET and not _ASSIGNMENT.match(word):
            is_first = False
            if word not in _BUILTIN_SET:
                programs.add(name_program(word))
    return programs


def name_program(word: str) -> str:
    """Name one program: relative to the plugin where it is its own file, else by its base name."""
    own = _ROOT.match(word)
    if own or word.startswith("./"):
        name = f"./{word[own.end() if own else 2 :]}"
    else:
        name = word.rpartition("/")[2]  # where it lies differs from machine to machine
    if "$" in name or "`" in name or not name or len(name) > MAX_PROGRAM_CHARS:
        return ANY
    return ANY if find_unsafe(name) or name != name.strip() else name


def list_variables(text: str) -> set[str]:
    """List the environment variables a text refers to, without those of the assistant itself."""
    found = {braced or bare for braced, bare in _VARIABLE.findall(text[:MAX_COMMAND_CHARS])}
    return {name for name in found if len(name) <= 128} - ROOT_VARIABLES
