"""The folder for stored tokens and partial downloads."""

from __future__ import annotations

import os
from pathlib import Path

from plugport.environment.variables import (
    HOME,
    InvalidVariableError,
    build_variable_error,
    find_variable,
    format_variable,
)
from plugport.spec.text import quote_text

_USER_HOME = "HOME"
_DATA_HOME = "XDG_DATA_HOME"


def get_home() -> Path:
    """PLUGPORT_HOME, else the user's data folder of the operating system. It may not exist.

    Raises `InvalidVariableError` if the variables give no absolute folder.
    """
    home = find_variable(HOME)
    if home is not None:
        try:
            return Path(home).expanduser().absolute()
        except RuntimeError:
            raise build_variable_error(HOME, home, "names a user without a home folder") from None
    for name in (_DATA_HOME, _USER_HOME):
        value = os.environ.get(name)
        # An empty XDG_DATA_HOME counts as not set; an empty HOME would mean the root folder.
        if value is not None and not value.startswith("/") and (value or name == _USER_HOME):
            raise build_variable_error(
                name, value, "is not an absolute path", hint=f"Correct {name}, or set {HOME}."
            )
    import platformdirs

    folder = platformdirs.user_data_path("plugport", appauthor=False)
    if not folder.is_absolute():
        raise InvalidVariableError(
            f"{_USER_HOME} is not set, and this user has no home folder",
            hint=f"Set {HOME} to a folder that you can write.",
            context={"variable": _USER_HOME},
        )
    return folder


def expand_home(text: str) -> Path:
    """The path with `~` replaced by a home folder. Raises `InvalidVariableError` without one."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InvalidVariableError(
            f"{quote_text(text)} starts with the home folder of a user who has none",
            hint="Enter the complete path.",
            context={"variable": _USER_HOME},
        ) from None


def find_write_failure(folder: Path) -> str | None:
    """Why no file can be created in a folder; None if one can. Creates the folder."""
    # Imported here: most commands only read.
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Tried, because permissions do not tell about read-only file systems.
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def format_home_source() -> str:
    """The variable that decides on the folder, with its value, for messages."""
    for name in (HOME, _DATA_HOME, _USER_HOME):
        value = find_variable(name)
        if value is not None:
            return format_variable(name, value)
    return "the user database"
