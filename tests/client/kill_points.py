"""Run an installation repeatedly, and kill it one file system change later each time.

    python -m tests.client.kill_points install-first FOLDER

Prints the complete versions that are installed afterwards, as JSON. A program of its own, because
a process with threads should not fork.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from plugport.installer import Installer, InstallLayout
from plugport.installer.filesystem import digest_tree
from plugport.spec.names import PluginName
from tests.client.support import write_plugin

NAME = PluginName.parse("local-one")
# The audit events that change the file system.
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "os.chmod"}


def build_installer(folder: Path) -> Installer:
    return Installer(InstallLayout.for_project(folder / "project"), folder / "cache")


def write_source(folder: Path, version: str) -> Path:
    (folder / "project").mkdir(exist_ok=True)
    files: dict[str, str | bytes] = {f"only-{version}.txt": "x", "lib/a.js": "1"}
    return write_plugin(folder / f"source-{version}", str(NAME), version, files=files)


def install(folder: Path, version: str) -> None:
    build_installer(folder).install_path(write_source(folder, version), None)


def run_and_kill(action: Callable[[], object], at_change: int) -> bool:
    """Run in a child that kills itself before its n-th change; False if it ended before that."""
    child = os.fork()
    if child == 0:
        seen = 0

        def watch(event: str, args: tuple[object, ...]) -> None:
            nonlocal seen
            is_writing = event == "open" and isinstance(args[2], int) and args[2] & 0o1103
            if event in CHANGES or is_writing:
                seen += 1
                if seen == at_change:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(watch)
            action()
            os._exit(0)
        finally:
            # The child must never return into the test run.
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def check_is_whole(folder: Path) -> str | None:
    """Check that files and record match after the next run; returns the installed version."""
    installer = build_installer(folder)
    installed = installer.list_installed()
    tree = installer.layout.folder_of(NAME)
    assert not any(work.pending_file.exists() for _, work in installer.layout.iter_work())
    if NAME not in installed:
        assert not tree.exists()
        return None
    plugin = installed[NAME]
    digest = digest_tree(tree)
    assert digest is not None
    assert digest.sri == plugin.files_digest
    assert (tree / f"only-{plugin.version}.txt").exists()
    return str(plugin.version)


def kill_everywhere(folder: Path, action: Callable[[], object]) -> set[str | None]:
    """Kill before the first change, the second, and so on, until a run completes."""
    project, before = folder / "project", folder / "before"
    shutil.copytree(project, before)
    versions: set[str | None] = set()
    for change in range(1, 200):
        was_killed = run_and_kill(action, change)
        versions.add(check_is_whole(folder))
        if not was_killed:
            return versions
        shutil.rmtree(project)
        shutil.copytree(before, project)
    raise AssertionError("no run completed")


def main(what: str, folder: Path) -> None:
    if what != "install-first":
        install(folder, "1.0.0")
    source = write_source(folder, "1.0.0" if what == "install-first" else "2.0.0")
    actions: dict[str, Callable[[], object]] = {
        "install-first": lambda: build_installer(folder).install_path(source, None),
        "replace": lambda: build_installer(folder).install_path(source, None),
        "remove": lambda: build_installer(folder).remove(NAME),
    }
    versions = kill_everywhere(folder, actions[what])
    json.dump(sorted(versions, key=str), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
