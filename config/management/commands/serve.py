"""`manage.py serve`: run the whole registry on one machine until Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    OutputWrapper,
)

from common.system_checks import SETTINGS_TAG
from config.backends import prepare_data_dir
from config.processes.commands import (
    build_variables,
    build_web_children,
    build_worker_command,
    parse_count,
)
from config.processes.listening import (
    ListenAddress,
    add_listen_arguments,
    build_listen_address,
)
from config.processes.supervisor import Child, Supervisor
from config.startup import close_database_connections


class Command(BaseCommand):
    """Prepares the data folder, then runs the web server and the workers."""

    help = "Run the web server and the workers on this machine. All data is in the data folder."
    # Other checks find mistakes in code, and `manage.py check` runs them. They import all pages and the
    # API, which makes the start a third longer.
    requires_system_checks = [SETTINGS_TAG]

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where to listen, the number of processes, and `--demo`."""
        parser.add_argument(
            "--demo", action="store_true", help="load the demo catalog, unless it is loaded"
        )
        add_listen_arguments(parser)
        parser.add_argument(
            "--workers",
            type=parse_count,
            default=2,
            help="number of web processes behind the gateway",
        )
        parser.add_argument(
            "--background-workers",
            type=parse_count,
            default=1,
            help="number of packages checked at once",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM; every child process has exited when this returns."""
        # First, so that a second start fails before it migrates the database of the first.
        address = build_listen_address(options)
        # Static files and uploads need it even if all other data is on other machines.
        prepare_data_dir(settings.DATA_DIR)
        call_command("migrate", verbosity=0, interactive=False)
        collect_static()
        self._build_client()
        if options["demo"]:
            call_command("load_demo", stdout=self.stdout)
        close_database_connections()
        environment = {**os.environ, **build_variables()}
        children = [
            *build_web_children(address, options["workers"]),
            *(
                Child(f"worker-{number + 1}", build_worker_command())
                for number in range(options["background_workers"])
            ),
        ]
        reporter = StartupReporter(self.stdout, address, has_demo=options["demo"])
        Supervisor(children, environment, str(settings.BASE_DIR), on_tick=reporter.report).run()

    def _build_client(self) -> None:
        """Build the command line that the registry serves. Without it, all else works."""
        try:
            call_command("build_client", verbosity=0)
        except CommandError as error:
            self.stderr.write(f"warning: {error}")


class StartupReporter:
    """Prints where the registry listens once, when it is ready."""

    def __init__(self, out: OutputWrapper, address: ListenAddress, *, has_demo: bool) -> None:
        self._out = out
        self._address = address
        self._has_demo = has_demo
        self._is_done = False

    def report(self) -> None:
        """Print the address if the registry became ready; the supervisor calls this repeatedly."""
        if self._is_done or not self._address.is_ready():
            return
        self._is_done = True
        lines = [f"Plugport is running at {self._address.label}"]
        if self._has_demo:
            lines += load_demo_sign_ins()
        self._out.write("\n" + "\n".join(lines) + "\n")
        self._out.flush()


def collect_static() -> None:
    """Collect the static files if any of them changed since the last start."""
    root = Path(settings.STATIC_ROOT)
    # Collecting and compressing takes seconds, which every start would cost.
    stamp = root / ".collected"
    sources = [p for folder in settings.STATICFILES_DIRS for p in Path(folder).rglob("*")]
    # Packages bring static files too; they change only when this file does.
    requirements = settings.BASE_DIR / "requirements" / "run.txt"
    newest = max((p.stat().st_mtime for p in [*sources, requirements]), default=0.0)
    if stamp.exists() and stamp.stat().st_mtime > newest:
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.touch()


def load_demo_sign_ins() -> list[str]:
    """The demo accounts with their passwords, from the file that `load_demo` writes."""
    path = Path(settings.DATA_DIR) / "demo-sign-ins.txt"
    if not path.exists():
        return []
    return ["Demo accounts:", *(f"  {line}" for line in path.read_text().splitlines())]
