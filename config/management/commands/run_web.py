"""`manage.py run_web`: run the web server of one machine or container until SIGTERM."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.system_checks import SETTINGS_TAG
from config.backends import prepare_data_dir
from config.processes.commands import build_variables, build_web_children, parse_count
from config.processes.listening import add_listen_arguments, build_listen_address
from config.processes.supervisor import Supervisor
from config.startup import close_database_connections, describe_missing_migrations


class Command(BaseCommand):
    """Runs the gateway and Django without workers, and replaces those that end."""

    help = "Run the web server, without the workers that check packages."
    requires_system_checks = [SETTINGS_TAG]

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where to listen, and the number of processes."""
        add_listen_arguments(parser)
        parser.add_argument(
            "--workers", type=parse_count, default=2, help="number of processes with Django"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM; every child process has exited when this returns.

        Raises `CommandError` for a port or socket in use, and for a database without its tables. One that does
        not respond is no error: `/readyz` reports it.
        """
        address = build_listen_address(options)
        prepare_data_dir(settings.DATA_DIR)
        if message := describe_missing_migrations():
            raise CommandError(message)
        close_database_connections()
        children = build_web_children(address, options["workers"])
        environment = {**os.environ, **build_variables()}
        Supervisor(children, environment, str(settings.BASE_DIR)).run()
