"""Names of devices on Windows, which no file or folder there can have.

They are reserved in any folder, in upper and lower case, and with any extension: `nul.txt` is the
same as `nul`.
"""

from __future__ import annotations

# As the name of a port, a superscript digit is the same as the digit.
DEVICE_NAMES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"]
)


def find_device_name(component: str) -> str | None:
    """The device that Windows opens instead of a file or folder of this name, or None."""
    stem = component.partition(".")[0].rstrip(" ").casefold()
    return stem if stem in DEVICE_NAMES else None
