"""Replace or remove an installed plugin so that a kill at any point can be repaired.

Two renames are not atomic, so the change is recorded first (`pending.json`), in a folder of the
plugin's own, `work/NAME`:

1. the new tree is complete and flushed to disk in `work/NAME/new`;
2. `pending.json` names the plugin and its new record (null if it is removed);
3. the old tree is renamed to `work/NAME/old`;
4. the new tree is renamed to the plugin's folder;
5. `installed.json` gets the new record;
6. `pending.json` is deleted, then `work/NAME`.

`recover` derives from the existing folders where a run stopped: before step 4 it restores the old
state, afterwards it completes the new one. Callers hold the lock of the layout, and have checked
before step 1 whatever can refuse the change.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plugport.installer.errors import BrokenRecordError
from plugport.installer.filesystem import (
    flush_folder,
    flush_tree,
    remove_empty_folder,
    remove_tree,
    write_json,
)
from plugport.installer.install_record import (
    InstalledPlugin,
    load_installed,
    load_json_object,
    write_installed,
)
from plugport.installer.layout import InstallLayout, WorkFolder
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName


def install_staged(layout: InstallLayout, plugin: InstalledPlugin) -> None:
    """Move the tree in the stage of the plugin to its folder, and record the plugin."""
    # Before the change is recorded: recovery after a power failure may then complete it.
    flush_tree(layout.work_of(plugin.name).stage)
    _apply_change(layout, plugin.name, plugin)


def remove_installed(layout: InstallLayout, name: PluginName) -> None:
    """Remove an installed plugin and its record. A link in its place is deleted, not followed."""
    layout.work_of(name).path.mkdir(exist_ok=True)
    _apply_change(layout, name, None)


def has_unfinished_change(layout: InstallLayout) -> bool:
    """Whether a run is in the middle of a change, or was killed there."""
    return any(work.pending_file.exists() for _, work in layout.iter_work())


def recover(layout: InstallLayout) -> dict[PluginName, Exception]:
    """Complete or undo the changes of killed runs.

    Returns the errors of those for which that failed. They block only their own plugin.
    """
    layout.check_folders()
    failed: dict[PluginName, Exception] = {}
    for name, work in layout.iter_work():
        try:
            # Links are deleted, not followed: they may come with a cloned project.
            if name is None or work.path.is_symlink() or not work.pending_file.exists():
                # Nothing was changed yet, or all is done.
                remove_tree(work.path)
            else:
                _recover_plugin(layout, name)
        except (PlugportError, OSError) as error:
            # Without a valid name it can block no plugin.
            if name is not None:
                failed[name] = error
    return failed


def discard_unreadable_change(layout: InstallLayout, name: PluginName) -> None:
    """Undo a change whose `pending.json` is invalid: restore the old tree if there is none."""
    layout.check_folders(name)
    work, folder = layout.work_of(name), layout.folder_of(name)
    if work.retired.is_dir() and not folder.is_symlink() and not folder.exists():
        _restore(work, folder)
    remove_tree(work.path)


def _apply_change(layout: InstallLayout, name: PluginName, plugin: InstalledPlugin | None) -> None:
    layout.check_folders(name)
    folder, work = layout.folder_of(name), layout.work_of(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    record = plugin.as_dict() if plugin is not None else None
    write_json(work.pending_file, {"name": str(name), "record": record})
    try:
        if folder.is_symlink() or folder.exists():
            folder.rename(work.retired)
        if plugin is not None:
            work.stage.rename(folder)
            flush_folder(folder.parent)
    finally:
        # After an interrupt or a full disk too: both end in one of the two states.
        _recover_plugin(layout, name)
    if plugin is None and name.scope is not None:
        remove_empty_folder(folder.parent)


def _recover_plugin(layout: InstallLayout, name: PluginName) -> None:
    # The scope's folder too: `pending.json` may come with a cloned project.
    layout.check_folders(name)
    work = layout.work_of(name)
    pending = load_json_object(work.pending_file)
    if pending is not None:
        plugin = _parse_pending_change(work.pending_file, name, pending)
        _complete_or_undo(layout, name, plugin)
    remove_tree(work.path)


def _complete_or_undo(
    layout: InstallLayout, name: PluginName, plugin: InstalledPlugin | None
) -> None:
    folder, work = layout.folder_of(name), layout.work_of(name)
    is_present = folder.is_symlink() or folder.exists()
    # The stage is missing only after its tree was renamed to the plugin's folder.
    is_done = is_present and not work.stage.exists() if plugin is not None else not is_present
    if is_done:
        installed = load_installed(layout.installed_file)
        if plugin is None:
            installed.pop(name, None)
        else:
            installed[name] = plugin
        write_installed(layout.installed_file, installed)
    # The run stopped between the two renames.
    elif not is_present and work.retired.exists():
        _restore(work, folder)
    # Last, so that a kill before this line repeats the same recovery.
    work.pending_file.unlink(missing_ok=True)
    flush_folder(work.path)


def _restore(work: WorkFolder, folder: Path) -> None:
    work.retired.rename(folder)
    flush_folder(folder.parent)


def _parse_pending_change(
    file: Path, name: PluginName, pending: dict[str, Any]
) -> InstalledPlugin | None:
    try:
        if PluginName.parse(pending["name"]) != name:
            raise BrokenRecordError("it names another plugin")
        record = pending["record"]
        return None if record is None else InstalledPlugin.from_dict(str(name), record)
    except (PlugportError, TypeError, KeyError, AttributeError) as error:
        raise BrokenRecordError(
            f"`{file}`, which records an unfinished change, is invalid: {error}",
            hint="Run `plugport doctor --repair`.",
        ) from error
