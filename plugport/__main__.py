"""The program `plugport`, also as `python -m plugport`."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """The entry point of the program."""
    # The imports take a part of a second, in which Ctrl-C would print a traceback.
    blocked = {signal.SIGINT} - signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    from plugport.cli.main import main as run

    run(blocked)


if __name__ == "__main__":
    main()
