"""Django's command line for this project."""

import os
import sys


def main() -> None:
    """Run one management command. Exits with 1 and a one-line error if a setting is invalid."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # Like Django's own option: its errors come without a traceback unless it is given.
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
