"""The program `plugport`, also as `python -m plugport`."""

from __future__ import annotations

import atexit
import gc
import signal
from typing import NoReturn

# New objects until the next garbage collection. The modules of a command have fewer, and most stay.
_OBJECTS_PER_COLLECTION = 100_000


def main() -> NoReturn:
    """The entry point of the program."""
    # Garbage collection takes a fifth of the time of a command, and finds nothing: while modules are
    # imported, and as the interpreter ends, which skips frozen objects.
    gc.set_threshold(_OBJECTS_PER_COLLECTION)
    atexit.register(gc.freeze)
    # The imports take a part of a second, in which Ctrl-C would print a traceback.
    blocked = {signal.SIGINT} - signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    from plugport.cli.main import main as run

    run(blocked)


if __name__ == "__main__":
    main()
