"""init, validate and pack, without a connection."""

from __future__ import annotations

import ast
import gzip
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from plugport.checks.template_text import PERMISSIONS_TEXT, SENTENCES
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.kinds import KINDS
from tests.client.support import ROOT, Cli, Registry, RemoteRegistry, write_plugin


@pytest.fixture
def registry() -> Registry:
    """An address without a server: these commands work offline."""
    return RemoteRegistry("http://127.0.0.1:9")


SCAFFOLDS = [(each.name, kind) for each in MANIFEST_FORMATS.values() for kind in each.scaffolds]


def test_every_manifest_format_has_a_scaffold_for_each_kind() -> None:
    for manifest_format in MANIFEST_FORMATS.values():
        assert set(manifest_format.scaffolds) == set(manifest_format.kinds)
    assert {kind for _, kind in SCAFFOLDS} == set(KINDS)


@pytest.mark.parametrize(("dialect", "kind"), sorted(SCAFFOLDS))
def test_scaffolds_are_valid(cli: Cli, dialect: str, kind: str) -> None:
    created = cli.json(
        *("init", "new-plugin", "--dialect", dialect, "--kind", kind, "--author", "Ada"),
        *("--description", 'Says "hello": a first try.'),
    )
    folder = cli.project / "new-plugin"
    assert sorted(created["files"]) == sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    run = cli.json("validate", "new-plugin")
    assert (run["verdict"], run["kind"], run["dialect"]) == ("passed", kind, dialect)
    findings = [finding for check in run["checks"] for finding in check["findings"]]
    assert {finding["rule"] for finding in findings} <= {"repository-missing", "template-text"}
    for path in folder.rglob("*"):
        check_syntax(path)


def check_syntax(path: Path) -> None:
    if path.is_file():
        text = path.read_text()
        assert "{{" not in text, f"{path} has an unfilled place"
        if path.suffix == ".py":
            ast.parse(text)
        elif path.suffix == ".json":
            json.loads(text)
        elif path.suffix in {".yaml", ".yml"}:
            yaml.safe_load(text)
        elif text.startswith("---\n"):
            yaml.safe_load(text.split("---\n")[1])


@pytest.mark.processes
@pytest.mark.parametrize("kind", ["bridge", "storage", "memory", "policy", "hook", "widget"])
def test_scaffolded_tests_pass(cli: Cli, kind: str) -> None:
    cli.ok("init", "new-plugin", "--kind", kind)
    result = subprocess.run(
        [sys.executable, "-B", "-m", "unittest", "discover", "tests"],
        cwd=cli.project / "new-plugin",
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_init_names_the_plugin_after_the_folder(cli: Cli) -> None:
    (cli.project / "My New Plugin").mkdir()
    assert cli.json("init", "My New Plugin")["name"] == "my-new-plugin"


@pytest.mark.parametrize(("dialect", "kind"), sorted(SCAFFOLDS))
def test_validate_names_the_texts_of_the_template(cli: Cli, dialect: str, kind: str) -> None:
    cli.ok("init", "new-plugin", "--dialect", dialect, "--kind", kind)
    folder = cli.project / "new-plugin"

    def list_findings() -> dict[str, tuple[int | None, str]]:
        checks = cli.json("validate", "new-plugin")["checks"]
        found = [each for check in checks for each in check["findings"]]
        return {
            each["path"]: (each.get("line"), each["message"])
            for each in found
            if each["rule"] == "template-text"
        }

    findings = list_findings()
    texts = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.md")}
    texts |= {"LICENSE": folder / "LICENSE"}
    expected = {
        name for name, path in texts.items() if any(each in path.read_text() for each in SENTENCES)
    }
    (manifest,) = findings.keys() - expected
    assert f"A {kind} named new-plugin." in findings[manifest][1]
    assert {"README.md", "LICENSE"} <= expected <= findings.keys()
    line, message = findings["README.md"]
    assert line is not None
    assert texts["README.md"].read_text().splitlines()[line - 1] in message
    for name in expected:
        text = texts[name].read_text()
        for sentence in SENTENCES:
            text = text.replace(sentence, "My own words.")
        texts[name].write_text(text)
    assert list_findings().keys() == {manifest}


def test_the_templates_have_every_sentence_that_validate_names() -> None:
    templates = ROOT / "plugport" / "cli" / "templates"
    text = "".join(path.read_text() for path in sorted(templates.rglob("*.tmpl")))
    for sentence in SENTENCES:
        assert sentence in text.replace("{{permissions_text}}", PERMISSIONS_TEXT)


def test_the_next_commands_of_init_can_be_copied(cli: Cli) -> None:
    shown = cli.ok("init", "it's a plugin", "--name", "some-plugin").stderr
    commands = [shlex.split(text) for text in re.findall("`([^`]+)`", shown)]
    assert commands == [["plugport", verb, "it's a plugin"] for verb in ("validate", "publish")]
    cli.ok(*commands[0][1:])


def test_a_failed_validation_can_be_repeated(cli: Cli) -> None:
    (write_plugin(cli.project / "a b", "some-plugin") / "index.js").unlink()
    hint = cli.error(3, "validate", "a b")["hint"]
    assert hint == "Fix the errors above, then run `plugport validate 'a b' --json` again."


def test_init_never_overwrites(cli: Cli) -> None:
    folder = cli.project / "mine"
    folder.mkdir()
    (folder / "README.md").write_text("precious")
    error = cli.error(6, "init", "mine")
    assert error["context"]["paths"] == ["README.md"]
    assert [path.name for path in folder.iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--name", "Bad Name"), 3),
        (("--name", "plugport"), 3),
        (("--dialect", "claude", "--kind", "bridge"), 3),
        (("--kind", "sorcery"), 2),
        (("--description", "two\nlines"), 2),
    ],
)
def test_init_rejects_invalid_options(cli: Cli, args: tuple[str, ...], code: int) -> None:
    cli.error(code, "init", "folder", *args)
    assert not (cli.project / "folder").exists()


def test_validate_prints_findings_with_their_position(cli: Cli) -> None:
    folder = write_plugin(cli.project / "p", "some-plugin", manifest="types: missing.d.ts\n")
    (folder / "index.js").unlink()
    result = cli.run("validate", "p")
    assert result.exit_code == 3
    assert "FAILED   Required files" in result.stdout
    assert "[main-missing]" in result.stdout
    assert result.stderr.startswith("error: `some-plugin@1.0.0` has 1 error\nhint: ")
    document = json.loads(cli.run("validate", "p", "--json").stdout)
    assert document["verdict"] == "failed"


def test_validate_says_that_a_moderator_must_review_the_release(cli: Cli) -> None:
    url = "postgres://app:s3cr" + "etive9x@prod-db.internal/live"
    folder = write_plugin(cli.project / "p", "some-plugin")
    (folder / "db.js").write_text(f"connect('{url}')")
    result = cli.run("validate", "p")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith(
        "valid, but the registry holds the release until a moderator has reviewed it:"
    )
    assert result.stdout.rstrip().endswith("[secret-possible]")
    document = cli.json("validate", "p")
    assert (document["verdict"], document["needsReview"]) == ("passed", True)
    (folder / "db.js").unlink()
    assert cli.json("validate", "p")["needsReview"] is False
    assert cli.run("validate", "p").stdout.endswith("valid: all checks passed\n")


def test_validate_shows_both_values_of_manifests_that_contradict_each_other(cli: Cli) -> None:
    folder = write_plugin(cli.project / "p", "some-plugin")
    (folder / "plugin.json").write_text(
        json.dumps({"name": "some-plugin", "version": "1.0.0", "main": "evil.js"})
    )
    result = cli.run("validate", "p")
    assert result.exit_code == 3
    assert "`main` is `index.js` in `plugport.yaml` and `evil.js` in `plugin.json`" in result.stdout
    assert "[manifest-conflict]" in result.stdout


def test_validate_reports_all_manifest_errors_at_once(cli: Cli) -> None:
    write_plugin(cli.project / "p", "Bad_Name", "one.two")
    result = cli.run("validate", "p")
    assert result.exit_code == 3
    assert "  plugport.yaml:2: name: " in result.stderr
    assert "  plugport.yaml:3: version: " in result.stderr


def test_validate_warns_of_a_hidden_email_address_in_a_foreign_format(cli: Cli) -> None:
    """Web pages replace addresses with `[email protected]`, and authors copy that."""
    author = {"name": "Example", "email": "[email protected]"}
    manifest = cli.project / "p/.claude-plugin/plugin.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"name": "mail-lost", "version": "1.0.0", "author": author}))
    (cli.project / "p/commands").mkdir()
    (cli.project / "p/commands/hello.md").write_text("Say hello.\n")
    run = cli.json("validate", "p")
    (message,) = (
        finding["message"]
        for check in run["checks"]
        for finding in check["findings"]
        if finding["rule"] == "manifest-ignored"
    )
    assert message == "`author.email`: `[email protected]` is not an email address; it is ignored"


def test_validates_the_current_folder_or_a_package(cli: Cli) -> None:
    write_plugin(cli.project, "some-plugin")
    assert cli.json("validate")["verdict"] == "passed"
    packed = cli.json("pack")
    assert cli.json("validate", packed["file"])["verdict"] == "passed"


def test_packing_twice_gives_the_same_bytes(cli: Cli) -> None:
    write_plugin(cli.project / "one", "some-plugin")
    write_plugin(cli.project / "two", "some-plugin")
    one = cli.json("pack", "one", "-o", "out/one.tgz")
    two = cli.json("pack", "two", "-o", "out/two.tgz")
    assert Path(one["file"]).read_bytes() == Path(two["file"]).read_bytes()
    assert one["integrity"] == two["integrity"]
    assert gzip.decompress(Path("out/one.tgz").read_bytes())


def test_pack_names_the_file_after_the_plugin(cli: Cli) -> None:
    write_plugin(cli.project / "p", "@some/plugin", "1.2.3")
    result = cli.ok("pack", "p")
    assert "packed 4 files into some-plugin-1.2.3.tgz" in result.stdout
    assert sorted(path.name for path in cli.project.iterdir()) == ["p", "some-plugin-1.2.3.tgz"]


def test_one_packed_file_is_not_several(cli: Cli) -> None:
    folder = write_plugin(cli.project / "p", "some-plugin")
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "index.js"):
        (folder / name).unlink(missing_ok=True)
    assert "packed 1 file into some-plugin-1.0.0.tgz" in cli.ok("pack", "p").stdout


def test_does_not_pack_secrets(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin", files={".env": "PASSWORD=sesame"})
    error = cli.error(3, "pack", "p")
    assert ".env" in json.dumps(error)
    assert "sesame" not in json.dumps(error)
    assert [path.name for path in cli.project.iterdir()] == ["p"]


def test_pack_errors_name_each_file_once(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin", files={"deep/.env": "PASSWORD=sesame"})
    assert "  deep/.env: has the name of a secret file\n" in cli.run("pack", "p").stderr
    (cli.project / "p" / "deep" / ".env").unlink()
    (cli.project / "p" / "deep" / "link").symlink_to("nowhere")
    assert "  deep/link: is a symbolic link\n" in cli.run("pack", "p").stderr


def test_a_missing_folder_is_an_error(cli: Cli) -> None:
    for command in ("validate", "pack"):
        assert cli.error(5, command, "nowhere")["code"] == "no-such-package"
