"""Django's command line for this project."""

import os
import sys


def main() -> None:
    """Run one management command.

    Exits with 1 and a one-line error if a setting is invalid or the database cannot be used.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.startup import exit_on_start_error, write_output_safely

    # Like Django's own option: its errors come without a traceback unless it is given.
    if "--traceback" in sys.argv:
        execute_from_command_line(sys.argv)
        return
    with write_output_safely(), exit_on_start_error():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
