"""`manage.py run_workers`: run the workers of one machine or container until SIGTERM."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.system_checks import SETTINGS_TAG
from config.backends import prepare_data_dir
from config.processes.commands import build_variables, build_worker_command, parse_count
from config.processes.supervisor import Child, Supervisor
from config.startup import close_database_connections, describe_missing_migrations


class Command(BaseCommand):
    """Runs workers without a web server, and replaces those that end."""

    help = "Run workers, which check packages and do the periodic work."
    requires_system_checks = [SETTINGS_TAG]

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the number of processes."""
        parser.add_argument(
            "--processes", type=parse_count, default=1, help="number of packages checked at once"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM; every child process has exited when this returns.

        Raises `CommandError` for a database without its tables. One that does not respond is no
        error: workers wait for it.
        """
        prepare_data_dir(settings.DATA_DIR)
        if message := describe_missing_migrations():
            raise CommandError(message)
        close_database_connections()
        command = build_worker_command()
        children = [Child(f"worker-{n + 1}", command) for n in range(options["processes"])]
        environment = {**os.environ, **build_variables()}
        Supervisor(children, environment, str(settings.BASE_DIR)).run()
