"""A new manifest format is one module and one entry of the registry's list.

The test adds both to a copy of the package and uses the new format everywhere: detection, parsing,
checks, scaffolds, the command line, installation, the registry's labels and search facets.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]

MODULE = '''
"""`acme-plugin.json`: plugins of Acme."""

from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Cursor
from plugport.spec.manifest.formats import common_fields
from plugport.spec.manifest.formats.active_components import parse_toolset
from plugport.spec.manifest.formats.base import ManifestFormat, PackageFiles, Scaffold


def _complete(root: Cursor, draft: Draft, package: PackageFiles) -> None:
    draft.permissions = parse_toolset(root, package)


FORMAT = ManifestFormat(
    name="acme",
    title="Acme Studio",
    path="acme-plugin.json",
    other_paths=("*.acme.json",),
    syntax="json",
    kinds=("toolset",),
    fields=(common_fields.NAME, common_fields.VERSION, common_fields.DESCRIPTION,
            common_fields.AUTHOR, common_fields.LICENSE),
    complete=_complete,
    content_paths=("skills", "acme-servers.json"),
    component_files={"mcpServers": ("acme-servers.json",)},
    scaffolds={"toolset": Scaffold(("common", "assistant/skill"))},
    root_variables=("ACME_ROOT",),
    host_command="acme",
)
'''

SCRIPT = """
import json, os, sys, tempfile
from pathlib import Path

os.environ["PLUGPORT_HOME"] = tempfile.mkdtemp()
from click.testing import CliRunner
from plugport.cli.main import cli
from plugport.spec.manifest.detection import find_manifest_format, is_component_file

result = {}
run = lambda *words: CliRunner().invoke(cli, [*words, "--json"])
made = run("init", "hello", "--dialect", "acme")
assert made.exit_code == 0, made.output
result["files"] = json.loads(made.stdout)["files"]
Path("hello/acme-servers.json").write_text(json.dumps(
    {"mcpServers": {"acme": {"command": "${ACME_ROOT}/run.sh"}}}))
checked = run("validate", "hello")
assert checked.exit_code == 0, checked.output
result["dialect"] = json.loads(checked.stdout)["dialect"]
result["detected"] = [find_manifest_format("acme-plugin.json"), find_manifest_format("x.acme.json")]
result["is_component_file"] = is_component_file("acme-servers.json")
installed = run("install", "./hello", "--yes")
assert installed.exit_code == 0, installed.output
plugin = json.loads(installed.stdout)["installed"]
result["permissions"] = plugin["permissions"]
result["installed"] = Path(".plugport/plugins/hello/acme-plugin.json").is_file()

import django
django.setup()
from marketplace import labels
from marketplace.search.parameters import PARAMETERS
result["label"] = labels.MANIFEST_FORMATS["acme"]
result["facet"] = "acme" in str(next(vars(each) for each in PARAMETERS if each.name == "dialect"))
print(json.dumps(result))
"""


@pytest.mark.processes
def test_a_new_format_is_one_module_and_one_entry(tmp_path: Path):
    copy = tmp_path / "source"
    shutil.copytree(
        ROOT / "plugport", copy / "plugport", ignore=shutil.ignore_patterns("__pycache__")
    )
    formats = copy / "plugport" / "spec" / "manifest" / "formats"
    (formats / "acme.py").write_text(MODULE)
    registry = formats / "registry.py"
    text = registry.read_text()
    registry.write_text(
        text.replace("    agent_plugins,\n", "    acme,\n    agent_plugins,\n", 1).replace(
            "    donkeylabs.FORMAT,\n", "    donkeylabs.FORMAT,\n    acme.FORMAT,\n"
        )
    )
    project = tmp_path / "project"
    project.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=project,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(copy), str(ROOT)]),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert {"acme-plugin.json", "README.md"} <= set(result.pop("files"))
    assert result == {
        "dialect": "acme",
        "detected": ["acme", "acme"],
        "is_component_file": True,
        "permissions": {"exec": ["./run.sh"], "components": ["mcp:acme"]},
        "installed": True,
        "label": "Acme Studio",
        "facet": True,
    }
