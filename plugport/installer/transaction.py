"""Replace or remove an installed plugin so that a kill at any point can be repaired.

Two renames are not atomic, so the change is recorded first (`pending.json`):

1. the new tree is complete and flushed to disk in `work/new`;
2. `pending.json` names the plugin and its new record (null if it is removed);
3. the old tree is renamed to `work/old`;
4. the new tree is renamed to the plugin's folder;
5. `installed.json` gets the new record;
6. `pending.json` is deleted, then `work/old`.

`recover` derives from the existing folders where a run stopped: before step 4 it restores the old
state, afterwards it completes the new one. Callers hold the lock of the layout.
"""

from __future__ import annotations

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
from plugport.installer.layout import InstallLayout
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName


def install_staged(layout: InstallLayout, plugin: InstalledPlugin) -> None:
    """Move the tree in `layout.stage` to the plugin's folder, and record the plugin."""
    # Before the change is recorded: recovery after a power failure may then complete it.
    flush_tree(layout.stage)
    _apply_change(layout, plugin.name, plugin)


def remove_installed(layout: InstallLayout, name: PluginName) -> None:
    """Remove an installed plugin and its record."""
    remove_tree(layout.stage)
    _apply_change(layout, name, None)


def recover(layout: InstallLayout) -> PluginName | None:
    """Complete or undo the change of a killed run. Returns its plugin, or None without one.

    Raises `BrokenRecordError` if `pending.json` cannot be read.
    """
    layout.check_folders()
    pending = load_json_object(layout.pending_file)
    name, plugin = _parse_pending_change(layout, pending) if pending is not None else (None, None)
    if name is not None:
        # The scope's folder too: `pending.json` may come with a cloned project.
        layout.check_folders(name)
        _complete_or_undo(layout, name, plugin)
    if layout.stage.parent.is_dir():
        # Without a pending change nothing in these folders is needed.
        remove_tree(layout.stage)
        remove_tree(layout.retired)
    return name


def _apply_change(layout: InstallLayout, name: PluginName, plugin: InstalledPlugin | None) -> None:
    layout.check_folders(name)
    folder = layout.folder_of(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    record = plugin.as_dict() if plugin is not None else None
    write_json(layout.pending_file, {"name": str(name), "record": record})
    try:
        if folder.is_symlink() or folder.exists():
            folder.rename(layout.retired)
        if plugin is not None:
            layout.stage.rename(folder)
            flush_folder(folder.parent)
    finally:
        # After an interrupt or a full disk too: both end in one of the two states.
        recover(layout)
    if plugin is None and name.scope is not None:
        remove_empty_folder(folder.parent)


def _complete_or_undo(
    layout: InstallLayout, name: PluginName, plugin: InstalledPlugin | None
) -> None:
    folder = layout.folder_of(name)
    is_present = folder.is_symlink() or folder.exists()
    # The stage is missing only after its tree was renamed to the plugin's folder.
    is_done = not layout.stage.exists() if plugin is not None else not is_present
    if is_done:
        installed = load_installed(layout.installed_file)
        if plugin is None:
            installed.pop(name, None)
        else:
            installed[name] = plugin
        write_installed(layout.installed_file, installed)
    # The run stopped between the two renames: restore the old tree.
    elif not is_present and layout.retired.exists():
        layout.retired.rename(folder)
        flush_folder(folder.parent)
    # Last, so that a kill before this line repeats the same recovery.
    layout.pending_file.unlink(missing_ok=True)
    flush_folder(layout.state)


def _parse_pending_change(
    layout: InstallLayout, pending: dict[str, Any]
) -> tuple[PluginName, InstalledPlugin | None]:
    try:
        name = pending["name"]
        record = pending["record"]
        plugin = None if record is None else InstalledPlugin.from_dict(name, record)
        return PluginName.parse(name), plugin
    except (PlugportError, TypeError, KeyError, AttributeError) as error:
        raise BrokenRecordError(
            f"`{layout.pending_file}`, which records an unfinished change, is invalid: {error}",
            hint="Delete the file, then install the plugin again.",
        ) from error
