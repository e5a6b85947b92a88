"""Runs an installation again and again, killed one change later each time.

    python -m tests.client.kill_points install-first FOLDER

It prints, as JSON, which versions were found whole afterwards. It is a program of its own because
it forks, which a process with threads should not.
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

from plugport.installer import Installer, Site
from plugport.installer.files import digest_tree
from plugport.spec.names import PluginName
from tests.client.support import write_plugin

NAME = PluginName.parse("local-one")
# Everything that changes the file system; reading does not matter.
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "os.chmod"}


def make_installer(folder: Path) -> Installer:
    return Installer(Site.of_project(folder / "project"), folder / "cache")


def make_source(folder: Path, version: str) -> Path:
    (folder / "project").mkdir(exist_ok=True)
    files: dict[str, str | bytes] = {f"only-{version}.txt": "x", "lib/a.js": "1"}
    return write_plugin(folder / f"source-{version}", str(NAME), version, files=files)


def install(folder: Path, version: str) -> None:
    make_installer(folder).install_path(make_source(folder, version), None)


def run_and_kill(action: Callable[[], object], at_change: int) -> bool:
    """Run in a child that kills itself just before its n-th change; False if it came to its end."""
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
            # Whatever happened, the child must not go on as a second test run.
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def check_is_whole(folder: Path) -> str | None:
    """Check that disk and record agree after the next run; the version found."""
    installer = make_installer(folder)
    installed = installer.list_installed()
    tree = installer.site.folder_of(NAME)
    assert not installer.site.pending_file.exists()
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
    """Kill before the first change, the second, … until one run comes to its end."""
    project, before = folder / "project", folder / "before"
    shutil.copytree(project, before)
    found: set[str | None] = set()
    for change in range(1, 200):
        was_killed = run_and_kill(action, change)
        found.add(check_is_whole(folder))
        if not was_killed:
            return found
        shutil.rmtree(project)
        shutil.copytree(before, project)
    raise AssertionError("it never came to its end")


def main(what: str, folder: Path) -> None:
    if what != "install-first":
        install(folder, "1.0.0")
    source = make_source(folder, "1.0.0" if what == "install-first" else "2.0.0")
    actions: dict[str, Callable[[], object]] = {
        "install-first": lambda: make_installer(folder).install_path(source, None),
        "replace": lambda: make_installer(folder).install_path(source, None),
        "remove": lambda: make_installer(folder).remove(NAME),
    }
    found = kill_everywhere(folder, actions[what])
    json.dump(sorted(found, key=str), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
