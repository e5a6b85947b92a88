"""httpx without its own command line.

httpx imports rich and pygments for a command line of its own if they are installed, which takes half
of its import time. The package imports httpx from here, and nowhere else.
"""

from __future__ import annotations

import sys

if "httpx" not in sys.modules:
    # With None in sys.modules that import fails, and httpx handles the failure.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # None marks a module that cannot be imported
    import httpx

    del sys.modules["httpx._main"]
else:
    import httpx

__all__ = ["httpx"]
