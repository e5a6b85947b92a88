"""The environment variables that the command line reads, and its data folder."""

from __future__ import annotations

import os
from pathlib import Path

REGISTRY = "PLUGPORT_REGISTRY"
TOKEN = "PLUGPORT_TOKEN"  # noqa: S105 - the variable's name, not a token
HOME = "PLUGPORT_HOME"
NO_COLOR = "NO_COLOR"

VARIABLES = {
    REGISTRY: "URL of the registry, if --registry is not given",
    TOKEN: "token to use instead of the stored one",
    HOME: "folder for stored tokens and partial downloads",
    NO_COLOR: "set to any value to print without colors (https://no-color.org)",
}
DEFAULT_REGISTRY = "http://127.0.0.1:8000"


def find_variable(name: str) -> str | None:
    """The value of a variable; None if it is empty or not set."""
    return os.environ.get(name) or None


def get_home() -> Path:
    """PLUGPORT_HOME, else the user's data folder of the operating system. It may not exist."""
    home = find_variable(HOME)
    if home is not None:
        return Path(home).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("plugport", appauthor=False)
