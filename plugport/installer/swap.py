"""Putting a new tree in the place of an old one, so that a kill at any point can be repaired.

Two renames cannot be one step, so the intention is written down first (`pending.json`):

1. the new tree is complete and flushed in `work/new`;
2. `pending.json` says which plugin changes, with its new record (none: it is removed);
3. the old tree is renamed to `work/old`;
4. the new tree is renamed into place;
5. `installed.json` gets the record;
6. `pending.json` goes, then `work/old`.

`recover` reads where a run stopped from what lies where. Before step 4 the old state comes back;
from there on the new one is completed. Callers hold the site's lock.
"""

from __future__ import annotations

from typing import Any

from plugport.installer.errors import BrokenStateError
from plugport.installer.files import flush_folder, flush_tree, remove_empty, remove_tree, write_json
from plugport.installer.site import Site
from plugport.installer.state import (
    InstalledPlugin,
    read_installed,
    read_record,
    write_installed,
)
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName


def swap_in(site: Site, plugin: InstalledPlugin) -> None:
    """Make the tree in `site.stage` the installed one, and record it."""
    # Before the note: from then on a power cut may complete the change.
    flush_tree(site.stage)
    _change(site, plugin.name, plugin)


def take_out(site: Site, name: PluginName) -> None:
    """Remove an installed plugin and its record."""
    remove_tree(site.stage)
    _change(site, name, None)


def recover(site: Site) -> PluginName | None:
    """Finish or undo what a killed run left, and say for which plugin. Nothing to do is fine.

    Raises `BrokenStateError` where the note of the change cannot be read.
    """
    site.check_folders()
    note = read_record(site.pending_file)
    name, plugin = _read_note(site, note) if note is not None else (None, None)
    if name is not None:
        site.check_folders(name)
        _settle(site, name, plugin)
    if site.stage.parent.is_dir():
        # Without a note these are leftovers, whatever they hold.
        remove_tree(site.stage)
        remove_tree(site.retired)
    return name


def _change(site: Site, name: PluginName, plugin: InstalledPlugin | None) -> None:
    site.check_folders(name)
    folder = site.folder_of(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    record = plugin.as_dict() if plugin is not None else None
    write_json(site.pending_file, {"name": str(name), "record": record})
    try:
        if folder.is_symlink() or folder.exists():
            folder.rename(site.retired)
        if plugin is not None:
            site.stage.rename(folder)
            flush_folder(folder.parent)
    finally:
        # Also the way back: an interrupt or a full disk ends in one of the two states as well.
        recover(site)
    if plugin is None and name.scope is not None:
        remove_empty(folder.parent)


def _settle(site: Site, name: PluginName, plugin: InstalledPlugin | None) -> None:
    folder = site.folder_of(name)
    is_there = folder.is_symlink() or folder.exists()
    # The stage is empty exactly once its tree has moved into place.
    is_done = not site.stage.exists() if plugin is not None else not is_there
    if is_done:
        installed = read_installed(site.installed_file)
        if plugin is None:
            installed.pop(name, None)
        else:
            installed[name] = plugin
        write_installed(site.installed_file, installed)
    # Stopped between the two renames: the old tree comes back.
    elif not is_there and site.retired.exists():
        site.retired.rename(folder)
        flush_folder(folder.parent)
    # Last: until now the same repair can be made again.
    site.pending_file.unlink(missing_ok=True)
    flush_folder(site.state)


def _read_note(site: Site, note: dict[str, Any]) -> tuple[PluginName, InstalledPlugin | None]:
    try:
        name = note["name"]
        record = note["record"]
        plugin = None if record is None else InstalledPlugin.from_dict(name, record)
        return PluginName.parse(name), plugin
    except (PlugportError, TypeError, KeyError, AttributeError) as error:
        raise BrokenStateError(
            f"`{site.pending_file}`, the note of an unfinished change, cannot be read: {error}",
            hint="Remove it and install the plugin again.",
        ) from error
