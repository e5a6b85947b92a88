"""The files of a package: git's rules, compared with git itself, and additional rules."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.archive.errors import PackError
from plugport.spec.archive.packer import list_source_files
from tests.support.archives import write_tree
from tests.support.examples import try_examples

FILES = [
    "a.js",
    "a.log",
    "keep.log",
    "dist/index.js",
    "dist/keep.js",
    "src/a.js",
    "src/a.log",
    "src/dist/x.js",
    "src/deep/er/b.tmp",
    "src/deep/b.tmp",
    "docs/# odd.md",
    "docs/!bang.md",
    "docs/with space.md",
    "docs/ü.md",
    "build",
    "src/build/x",
]

RULES = [
    {".gitignore": "*.log\n"},
    {".gitignore": "*.log\n!keep.log\n"},
    {".gitignore": "/dist/\n"},
    {".gitignore": "dist\n"},
    {".gitignore": "dist/*\n!dist/keep.js\n"},
    {".gitignore": "dist/\n!dist/keep.js\n"},
    {".gitignore": "build/\n"},
    {".gitignore": "src/**/b.tmp\n"},
    {".gitignore": "**/deep/\n"},
    {".gitignore": "src/*\n!src/deep/\n"},
    {".gitignore": "# a comment\n\n\\#*\ndocs/\\!bang.md\n"},
    {".gitignore": "docs/with\\ space.md   \n"},
    {".gitignore": "*.l[oO]g\n[!a]*.js\n"},
    {".gitignore": "*\n!*/\n!*.js\n"},
    {".gitignore": "a.log\r\nsrc/a.js\r\n"},
    {".gitignore": "\ufeff*.log\n"},
    {".gitignore": "ü.md\n"},
    {".gitignore": "*.log\n", "src/.gitignore": "!a.log\n/a.js\n"},
    {".gitignore": "!a.js\n", "src/.gitignore": "*.js\n", "src/dist/.gitignore": "!x.js\n"},
    {"src/.gitignore": "*\n"},
    {"src/.gitignore": "deep/b.tmp\n"},
    {".gitignore": "src/\n", "src/.gitignore": "!a.js\n"},
    {".gitignore": ""},
    {".gitignore": "!\n/\n//\n!/\n[\n[a\n\\\nsrc/[\n"},
    {".gitignore": "src/**\n"},
    {".gitignore": "src/**/\n"},
    {".gitignore": "**/dist/**\n"},
    {".gitignore": "**\n!a.js\n"},
    {".gitignore": "**/\n"},
    {".gitignore": "/**/a.js\n"},
    {".gitignore": "s**c/a.js\n"},
    {".gitignore": "src//a.js\n/*/a.log\n"},
    {".gitignore": "?.js\n???.md\n"},
    {".gitignore": "[[:alpha:]].log\nd[a-oq-z]st\n[^[:lower:]]*\n"},
    {".gitignore": "[]a].js\n[a-]*.log\n[z-a]\n[\\]x]\n[[:none:]]\n"},
    {".gitignore": "*e*p*\n!*er\n"},
    {".gitignore": "*.js\n!src/\n!src/a.js\n"},
    {".gitignore": "\\a.js\nke\\ep.log\n"},
    {".gitignore": " a.js\na.log \n"},
    {".gitignore": "[x\n*.[a-z]og\nx]\n"},
]


def _list_packed(folder: Path) -> set[str]:
    return {file.path for file in list_source_files(folder)}


def _list_with_git(folder: Path) -> set[str]:
    """The files that git would add, without the ignore files."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    subprocess.run(["git", "init", "-q", folder], check=True, env=environment)
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=folder, check=True, env=environment, capture_output=True)
    names = done.stdout.decode().split("\0")
    return {name for name in names if name and not name.endswith(".gitignore")}


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_gitignore_means_what_it_means_to_git(tmp_path: Path, rules: dict[str, str]) -> None:
    folder = write_tree(tmp_path / "tree", dict.fromkeys(FILES, "x") | rules)
    assert _list_packed(folder) == _list_with_git(folder)


@pytest.mark.parametrize(
    "name",
    [
        ".git/config",
        ".git",
        "module/.git",
        ".hg/store",
        ".svn/entries",
        "__pycache__/a.cpython-311.pyc",
        "src/a.pyc",
        ".DS_Store",
        "docs/.DS_Store",
        "._a.js",
        ".venv/bin/python",
        ".plugport/state.json",
        ".mypy_cache/x",
        ".a.js.swp",
    ],
)
def test_some_files_are_never_packed(tmp_path: Path, name: str) -> None:
    rules = {".plugportignore": f"!{name}\n!{name.partition('/')[0]}\n"}
    folder = write_tree(tmp_path / "tree", {"plugport.yaml": "x", name: "x"} | rules)
    assert _list_packed(folder) == {"plugport.yaml"}


@pytest.mark.parametrize("name", ["node_modules/a/index.js", "old-1.0.0.tar.gz", "old.tgz"])
def test_some_files_are_packed_on_request_only(tmp_path: Path, name: str) -> None:
    folder = write_tree(tmp_path / "tree", {"plugport.yaml": "x", name: "x"})
    assert _list_packed(folder) == {"plugport.yaml"}
    write_tree(folder, {".plugportignore": f"!{name.partition('/')[0]}\n"})
    assert _list_packed(folder) == {"plugport.yaml", name}


def test_archives_below_the_root_are_files_like_others(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "tree", {"fixtures/a.tgz": "x"})
    assert _list_packed(folder) == {"fixtures/a.tgz"}


def test_plugportignore_has_the_last_word_in_its_folder(tmp_path: Path) -> None:
    files = {
        ".gitignore": "dist/\n*.md\n",
        ".plugportignore": "!dist/\ntests/\n",
        "dist/index.js": "x",
        "tests/a.js": "x",
        "README.md": "x",
    }
    assert _list_packed(write_tree(tmp_path / "tree", files)) == {"dist/index.js"}


def test_a_deeper_gitignore_decides_before_the_plugportignore_above(tmp_path: Path) -> None:
    files = {".plugportignore": "!a.js\n", "src/.gitignore": "a.js\n", "src/a.js": "", "a.js": ""}
    assert _list_packed(write_tree(tmp_path / "tree", files)) == {"a.js"}


def test_dotfiles_of_plugins_are_packed(tmp_path: Path) -> None:
    files = dict.fromkeys([".claude-plugin/plugin.json", ".mcp.json", ".editorconfig"], "{}")
    assert _list_packed(write_tree(tmp_path / "tree", files)) == set(files)


def test_a_huge_ignore_file(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "tree", {".gitignore": b"x\n" * (1 << 20), "a": "x"})
    with pytest.raises(PackError) as caught:
        list_source_files(folder)
    assert caught.value.context["path"] == ".gitignore"


def test_an_ignore_file_that_is_not_utf8(tmp_path: Path) -> None:
    folder = write_tree(
        tmp_path / "tree", {".gitignore": b"caf\xe9\n*.log\n", "a.log": "x", "b": ""}
    )
    assert _list_packed(folder) == {"b"}


# Two stars next to other characters are left out: versions of git differ on them.
_tokens = st.sampled_from(
    ["a", "b", "*", "?", "/", "/**/", "[ab]", "[!a]", "[", "]", "\\", "-", " "]
)
_lines = st.builds(
    "{}{}".format,
    st.sampled_from(["", "", "!"]),
    st.lists(_tokens, min_size=1, max_size=5)
    .map("".join)
    .filter(lambda line: "**" not in line.replace("/**/", "//")),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ["a", "b", "ab", "a-b", "]"]
    paths = [*names, *(f"x{a}/{b}" for a in names for b in names), "xa/d/a/b/ab", "xab/d/a"]
    return write_tree(tmp_path_factory.mktemp("repository"), dict.fromkeys(paths, "x"))


@given(st.lists(_lines, max_size=4), st.lists(_lines, max_size=2))
@try_examples(25)
def test_random_rules_mean_what_they_mean_to_git(
    repository: Path, rules: list[str], inner: list[str]
) -> None:
    keep = "!/b\n"
    write_tree(
        repository, {".gitignore": "\n".join([*rules, keep]), "xa/.gitignore": "\n".join(inner)}
    )
    assert _list_packed(repository) == _list_with_git(repository)
