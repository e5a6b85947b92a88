"""Find and repair damage of an installation: links, missing folders, unfinished changes."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from plugport.client.client import RegistryClient
from plugport.installer.errors import (
    BrokenRecordError,
    ConsentRequiredError,
    InstallBlockedError,
    IntegrityError,
)
from plugport.installer.filesystem import digest_tree
from plugport.installer.install_policy import Policy, decide_install
from plugport.installer.install_record import InstalledPlugin, load_installed
from plugport.installer.installer import Installer
from plugport.installer.layout import InstallLayout, find_wrong_type
from plugport.installer.transaction import discard_unreadable_change
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName


class InstallProblem(Struct, frozen=True):
    """Damage at a path. `code` is stable; `repair` is None if the user must act."""

    code: str
    path: Path
    detail: str
    hint: str
    plugin: PluginName | None = None
    # Raises `PlugportError` or `OSError` if it fails.
    repair: Callable[[], object] | None = None


def find_unfinished_changes(installer: Installer) -> list[InstallProblem]:
    """The changes of killed runs that can be neither completed nor undone.

    Completes or undoes all others, as every command does.
    """
    layout = installer.layout
    try:
        layout.check_folders()
        load_installed(layout.installed_file)
    except PlugportError as error:
        # Reported by `find_damage`. The changes can wait: they need a valid record.
        del error
        return []
    return [
        _build_change_problem(layout, name, error)
        for name, error in sorted(installer.recover_changes().items())
    ]


def find_damage(
    installer: Installer, open_client: Callable[[], RegistryClient]
) -> list[InstallProblem]:
    """Compare the folders of the installation with the record.

    `open_client` is called by repairs, which install recorded releases again.
    """
    layout = installer.layout
    try:
        layout.check_folders()
        installed = load_installed(layout.installed_file)
    except PlugportError as error:
        is_record = isinstance(error, BrokenRecordError)
        path = layout.installed_file if is_record else _find_wrong_folder(layout)
        return [InstallProblem(error.code, path, error.detail, error.hint or "")]
    problems = [
        _find_plugin_problem(installer, plugin, open_client)
        for _, plugin in sorted(installed.items())
    ]
    return [problem for problem in problems if problem is not None]


def _build_change_problem(
    layout: InstallLayout, name: PluginName, error: Exception
) -> InstallProblem:
    is_unreadable = isinstance(error, BrokenRecordError)
    return InstallProblem(
        "unfinished-change",
        layout.work_of(name).path,
        f"a change of `{name}` was interrupted and cannot be completed: {error}",
        "Run `plugport doctor --repair` to undo the change."
        if is_unreadable
        else (getattr(error, "hint", None) or "Run the same command again."),
        name,
        (lambda: discard_unreadable_change(layout, name)) if is_unreadable else None,
    )


def _find_plugin_problem(
    installer: Installer, plugin: InstalledPlugin, open_client: Callable[[], RegistryClient]
) -> InstallProblem | None:
    name, folder = plugin.name, installer.layout.folder_of(plugin.name)
    try:
        installer.layout.check_folders(name)
    except PlugportError as error:
        return InstallProblem(error.code, folder.parent, error.detail, error.hint or "", name)
    found = find_wrong_type(folder)
    if found == "file":
        detail, hint = (
            f"`{folder}` is a file",
            "Move the file, then run `plugport doctor --repair`.",
        )
        return InstallProblem("not-a-folder", folder, detail, hint, name)
    if found is None and folder.exists():
        digest = digest_tree(folder)
        if digest is not None and digest.sri == plugin.files_digest:
            return None
        return InstallProblem(
            "changed-files",
            folder,
            f"the files of `{name}@{plugin.version}` differ from its package",
            f"Run `{_format_install(plugin)}` to restore them. This discards the changes.",
            name,
        )
    is_link = found is not None
    detail = (
        f"`{folder}` is a symbolic link to `{folder.readlink()}`"
        if is_link
        else f"`{folder}` does not exist"
    )
    code = "linked-folder" if is_link else "missing-folder"
    if plugin.registry is None:
        start = f"Run `plugport remove {name}`, which keeps the target, then" if is_link else "Run"
        return InstallProblem(code, folder, detail, f"{start} `{_format_install(plugin)}`.", name)
    hint = "Run `plugport doctor --repair` to install the recorded version again."
    repairer = replace(installer, replaces_links=True, keeps_requests=True)
    return InstallProblem(
        code, folder, detail, hint, name, lambda: _reinstall(repairer, plugin, open_client)
    )


def _reinstall(
    installer: Installer, plugin: InstalledPlugin, open_client: Callable[[], RegistryClient]
) -> None:
    label = f"`{plugin.name}@{plugin.version}`"
    with open_client() as client:
        # Another registry may have another plugin with this name.
        if str(client.registry) != plugin.registry:
            raise InstallBlockedError(
                f"{label} was installed from `{plugin.registry}`; use --registry to select it"
            )
        release = client.get_release(plugin.name, plugin.version)
        decision = decide_install(release)
        if decision.policy is Policy.BLOCK:
            raise InstallBlockedError(decision.reason)
        if decision.policy is Policy.ASK:
            # The record may come with a cloned project: it is not the consent of this user.
            raise ConsentRequiredError(
                f"{decision.reason}. Review the plugin, then run `{_format_install(plugin)} --yes`"
            )
        if release.data["integrity"] != plugin.integrity:
            raise IntegrityError(
                f"the registry has {label} with another integrity than `installed.json`"
            )
        installer.install_release(client, release)


def _find_wrong_folder(layout: InstallLayout) -> Path:
    folders = (layout.state, layout.work, layout.plugins)
    return next((each for each in folders if find_wrong_type(each) is not None), layout.state)


def _format_install(plugin: InstalledPlugin) -> str:
    source = plugin.resolved if plugin.registry is None else f"{plugin.name}@{plugin.version}"
    return f"plugport install {shlex.quote(source)}"
