"""Names and values of environment variables."""

from __future__ import annotations

import os
import re

from plugport.spec.errors import InvalidError
from plugport.spec.text import quote_text

REGISTRY = "PLUGPORT_REGISTRY"
TOKEN = "PLUGPORT_TOKEN"  # noqa: S105 - the variable's name, not a token
ID_TOKEN = "PLUGPORT_ID_TOKEN"  # noqa: S105 - the variable's name, not a token
HOME = "PLUGPORT_HOME"
TRUSTED_HOSTS = "PLUGPORT_TRUSTED_HOSTS"
NO_COLOR = "NO_COLOR"
TERM = "TERM"
HTTP_PROXY = "HTTP_PROXY"
HTTPS_PROXY = "HTTPS_PROXY"
ALL_PROXY = "ALL_PROXY"
NO_PROXY = "NO_PROXY"
SSL_CERT_FILE = "SSL_CERT_FILE"
SSL_CERT_DIR = "SSL_CERT_DIR"

VARIABLES = {
    REGISTRY: "URL of the registry, if --registry is not given",
    TOKEN: "token to use instead of the stored one",
    ID_TOKEN: "identity token of a CI job, for trusted publishing",
    HOME: "folder for stored tokens and partial downloads",
    TRUSTED_HOSTS: "hosts, addresses and networks that packages may be downloaded from",
    NO_COLOR: "set to any value to print without colors (https://no-color.org)",
    HTTP_PROXY: "proxy for http URLs",
    HTTPS_PROXY: "proxy for https URLs",
    ALL_PROXY: "proxy for all other URLs",
    NO_PROXY: "hosts, addresses and networks that are reached without a proxy",
    SSL_CERT_FILE: "file with trusted certificate authorities (PEM)",
    SSL_CERT_DIR: "folder with trusted certificate authorities, named by hash",
}
# Set by GitHub Actions for jobs that may request identity tokens.
GITHUB_ACTIONS = "GITHUB_ACTIONS"
GITHUB_REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
GITHUB_REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - the variable's name
DEFAULT_REGISTRY = "http://127.0.0.1:8000"
_SHOWN_CHARS = 200
# Up to the last `@`: a password may contain one, and `:` and `/` too.
_CREDENTIALS = re.compile(r"\A(\s*[A-Za-z][A-Za-z0-9+.-]*:/+)?.*@", re.DOTALL)


class InvalidVariableError(InvalidError):
    """An environment variable has a value that cannot be used."""

    code, title = "invalid-variable", "Invalid environment variable"


# Options of runtimes, such as `NODE_OPTIONS` and `PYTHONPATH`, which can make them load any file; and
# our own variables, among them the token.
_WITHHELD = ("PLUGPORT_", "NODE_", "BUN_", "DENO_", "PYTHON")


def build_runtime_environment() -> dict[str, str]:
    """The environment for a runtime that only prints its version."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_WITHHELD)}


def find_variable(name: str) -> str | None:
    """The value of a variable; None if it is empty or not set."""
    return os.environ.get(name) or None


def is_dumb_terminal() -> bool:
    """Whether the terminal can neither show colors nor redraw a line."""
    return find_variable(TERM) == "dumb"


def format_locale_source() -> str:
    """The variable that decides on the encoding of the locale, with its value."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = find_variable(name)
        if value is not None:
            return format_variable(name, value)
    return "no variable (LC_ALL, LC_CTYPE, LANG)"


def format_variable(name: str, value: str) -> str:
    """`NAME=VALUE` in backticks, without user name and password of a URL."""
    return quote_text(f"{name}={hide_credentials(value)}", _SHOWN_CHARS)


def hide_credentials(url: str) -> str:
    """The URL with `***` in place of user name and password (CWE-532)."""
    return _CREDENTIALS.sub(lambda match: f"{match[1] or ''}***@", url)


def build_variable_error(
    name: str, value: str, problem: str, *, hint: str | None = None
) -> InvalidVariableError:
    """The error for a variable, as a sentence that starts with its name and value."""
    return InvalidVariableError(
        f"the environment variable {format_variable(name, value)} {problem}",
        hint=hint or f"Correct {name}, or unset it.",
        context={"variable": name},
    )
