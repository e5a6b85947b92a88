"""Every environment variable the command line reads, and the folder it keeps things in."""

from __future__ import annotations

import os
from pathlib import Path

REGISTRY = "PLUGPORT_REGISTRY"
TOKEN = "PLUGPORT_TOKEN"  # noqa: S105 - the variable's name, not a token
HOME = "PLUGPORT_HOME"
NO_COLOR = "NO_COLOR"

VARIABLES = {
    REGISTRY: "address of the registry, where --registry is not given",
    TOKEN: "token to use instead of a stored one",
    HOME: "folder for stored tokens and partial downloads",
    NO_COLOR: "any value: no colours (https://no-color.org)",
}
DEFAULT_REGISTRY = "http://127.0.0.1:8000"


def find_variable(name: str) -> str | None:
    """A variable's value; an empty one counts as not set."""
    return os.environ.get(name) or None


def get_home() -> Path:
    """PLUGPORT_HOME, or the user's data folder of this system. It may not exist yet."""
    given = find_variable(HOME)
    if given is not None:
        return Path(given).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("plugport", appauthor=False)
