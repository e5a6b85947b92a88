"""Fields that all formats share: texts, authors, links, licenses, labels, names, versions."""

from __future__ import annotations

import pytest
import yaml

from plugport.spec.manifest.errors import LossyManifestError
from plugport.spec.manifest.model import Person, Repository
from plugport.spec.manifest.rendering import render_manifest
from tests.unit.spec.manifest.helpers import (
    list_error_codes,
    list_errors,
    list_warnings,
    parse_valid,
)


def test_descriptions_become_one_paragraph():
    manifest = parse_valid("plugport", description="  two\n  lines\tand more\n")
    assert manifest.description == "two lines and more"


@pytest.mark.parametrize(
    "char", ["\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\U000e0041"]
)
def test_misleading_characters_are_errors_in_all_texts(char):
    for field in ("description", "displayName", "license"):
        assert list_error_codes("plugport", **{field: f"a{char}b"}) == [(field, "unsafe-character")]


def test_joiners_are_allowed_in_prose_only():
    text = "a\u200db \u05d0\u200f"
    assert parse_valid("plugport", description=text).description == text
    assert list_error_codes("plugport", displayName=text) == [("displayName", "unsafe-character")]


def test_display_names_are_one_line():
    assert list_error_codes("plugport", displayName="a\nb") == [("displayName", "unsafe-character")]
    assert parse_valid("plugport", displayName=" Ä tool ").display_name == "Ä tool"


def test_errors_name_the_length_limit():
    (problem,) = list_errors("plugport", description="x" * 2001)
    assert problem.code == "too-long"
    assert problem.allowed == "at most 2000 characters"
    assert parse_valid("plugport", description="x" * 2000).description == "x" * 2000


@pytest.mark.parametrize(
    ("author", "person"),
    [
        ("Ada", Person("Ada")),
        ("Ada Lovelace <ada@example.org>", Person("Ada Lovelace", "ada@example.org")),
        (
            "Ada <ada@example.org> (https://example.org)",
            Person("Ada", "ada@example.org", "https://example.org"),
        ),
        ("Ada (https://example.org)", Person("Ada", None, "https://example.org")),
        ("<ada@example.org>", Person("ada@example.org", "ada@example.org")),
        ({"name": "Ada", "email": "", "url": None}, Person("Ada")),
        ({"name": "Ada", "github": "ada-l"}, Person("Ada", github="ada-l")),
        ({"name": "Ada", "github": "@ada-l"}, Person("Ada", github="ada-l")),
        ({"github": "https://github.com/ada-l/"}, Person("ada-l", github="ada-l")),
        ({"name": "Ada", "url": "https://example.org"}, Person("Ada", None, "https://example.org")),
        (
            {"url": "https://example.org"},
            Person("https://example.org", None, "https://example.org"),
        ),
    ],
)
def test_authors_are_texts_or_objects(author, person):
    assert parse_valid("plugport", author=author).author == person


@pytest.mark.parametrize(
    ("author", "where", "code"),
    [
        ("Ada <ada> (x)", "author", "invalid-email"),
        ("Ada <a@b> <c@d>", "author", "invalid-author"),
        ("a\nb", "author", "unsafe-character"),
        (["Ada"], "author", "wrong-type"),
        ({"name": 5}, "author.name", "wrong-type"),
        ({"name": "Ada", "email": "nobody"}, "author.email", "invalid-email"),
        ({"name": "Ada", "url": "javascript:alert(1)"}, "author.url", "invalid-url"),
        ({"name": "Ada", "github": "-ada"}, "author.github", "invalid-author"),
        ({"name": "Ada", "github": "https://git.test/ada"}, "author.github", "invalid-author"),
        ({"name": "Ada", "github": 5}, "author.github", "wrong-type"),
    ],
)
def test_authors_that_are_refused(author, where, code):
    assert (where, code) in list_error_codes("plugport", author=author)


@pytest.mark.parametrize(
    ("dialect", "author"),
    [
        ("plugport", {"name": "Ada", "github": "ada"}),
        ("claude", {"name": "Ada", "github": "ada"}),
    ],
)
def test_a_github_user_is_written(dialect, author):
    manifest = parse_valid("plugport", author={"name": "Ada", "github": "@ada"})
    ((_, content),) = render_manifest(manifest, dialect).items()
    assert yaml.safe_load(content)["author"] == author


def test_a_format_without_github_users_says_so():
    manifest = parse_valid("plugport", author={"name": "Ada", "github": "@ada"})
    with pytest.raises(LossyManifestError, match="author"):
        render_manifest(manifest, "agent-plugins")


def test_an_author_without_a_name_is_dropped_with_a_warning():
    assert list_warnings("plugport", author={}) == [("author.name", "missing-recommended")]


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("https://github.com/a/b", Repository("https://github.com/a/b")),
        ("a/b", Repository("https://github.com/a/b")),
        ("github:a/b", Repository("https://github.com/a/b")),
        ("gitlab:a/b", Repository("https://gitlab.com/a/b")),
        ("bitbucket:a/b", Repository("https://bitbucket.org/a/b")),
        ("git+https://h.example/a.git", Repository("https://h.example/a.git")),
        ("git@github.com:a/b.git", Repository("ssh://git@github.com/a/b.git")),
        ("git://h.example/a", Repository("git://h.example/a")),
        (
            {"type": "git", "url": "git+ssh://git@h.example/a.git", "directory": "p/x"},
            Repository("ssh://git@h.example/a.git", "git", "p/x"),
        ),
        ({"type": "hg", "url": "https://h.example/a"}, Repository("https://h.example/a", "hg")),
    ],
)
def test_repositories_have_many_spellings(repository, expected):
    assert parse_valid("plugport", repository=repository).repository == expected


@pytest.mark.parametrize(
    ("repository", "where", "code"),
    [
        ("file:///etc/passwd", "repository", "invalid-url"),
        ("https://user:word@h.example/a", "repository", "invalid-url"),
        ("just words", "repository", "invalid-url"),
        ({"type": "git"}, "repository.url", "missing-field"),
        (
            {"url": "https://h.example/a", "directory": "../x"},
            "repository.directory",
            "unsafe-path",
        ),
        (["https://h.example/a"], "repository", "wrong-type"),
    ],
)
def test_repositories_that_are_refused(repository, where, code):
    assert list_error_codes("plugport", repository=repository) == [(where, code)]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//h.example",
        "h.example",
        "https://",
        "https://h.example/a b",
        "https://h.example/<x>",
        "https://h.example:port/",
        "https://user@h.example/",
        "https://[::1",
        "ftp://h.example",
    ],
)
def test_links_that_are_refused(url):
    assert list_error_codes("plugport", homepage=url) == [("homepage", "invalid-url")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("MIT", "MIT"),
        (" (MIT OR Apache-2.0) ", "(MIT OR Apache-2.0)"),
        ("SEE LICENSE IN LICENSE.txt", "SEE LICENSE IN LICENSE.txt"),
        ({"type": "MIT", "url": "https://h.example"}, "MIT"),
        ([{"type": "MIT"}, {"type": "ISC"}], "MIT OR ISC"),
    ],
)
def test_licenses_become_text(value, text):
    assert parse_valid("plugport", license=value).license == text


def test_labels_are_normalized_and_joined():
    manifest = parse_valid(
        "agent-relay", tags=["Chat", "real time"], keywords=["CHAT", "a_b"], category="Team Tools"
    )
    assert manifest.tags == ("chat", "real-time", "a-b")
    assert manifest.categories == ("team-tools",)
    assert parse_valid("plugport", tags="one").tags == ("one",)


def test_labels_above_the_limits_are_dropped_with_a_warning():
    assert list_warnings("plugport", tags=[f"t{i}" for i in range(60)]) == [
        ("tags", "too-many-labels")
    ]
    assert list_warnings("plugport", tags=["x" * 51, "y"]) == [("tags[0]", "label-too-long")]
    assert list_error_codes("plugport", tags=[1, {}]) == [
        ("tags[0]", "wrong-type"),
        ("tags[1]", "wrong-type"),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("x", "x"), ("@a/x", "@a/x"), ("a/x", "@a/x")],
)
def test_names_are_normalized(name, expected):
    assert str(parse_valid("plugport", name=name).name) == expected


@pytest.mark.parametrize(
    "name", ["My Plugin", "@ACME/Slack", "a--b", "x_y", "../../admin", "", "a/b/c"]
)
def test_names_that_are_refused(name):
    assert list_error_codes("plugport", name=name) == [("name", "invalid-name")]


@pytest.mark.parametrize(
    ("version", "code"),
    [
        (1.0, "version-not-text"),
        (2, "version-not-text"),
        (True, "wrong-type"),
        (["1.0.0"], "wrong-type"),
        ("1.0", "invalid-version"),
        ("v1.0.0", "invalid-version"),
        ("", "invalid-version"),
        ("latest", "invalid-version"),
    ],
)
def test_versions_that_are_refused(version, code):
    (problem,) = list_errors("plugport", version=version)
    assert (problem.field, problem.code) == ("version", code)


@pytest.mark.parametrize("missing", [..., None])
def test_name_and_version_are_required(missing):
    assert list_error_codes("plugport", name=missing, version=missing) == [
        ("name", "missing-field"),
        ("version", "missing-field"),
    ]


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "C:\\x", "C:/x", "a\\b", "~/x"])
def test_paths_stay_inside_the_plugin(path):
    assert list_error_codes("plugport", main=path) == [("main", "unsafe-path")]


def test_trust_claims_are_ignored_with_a_warning():
    for dialect in ("plugport", "agent-relay", "claude", "cortex", "donkeylabs"):
        assert list_warnings(dialect, verified=True, official=True, trustScore=99) == [
            ("verified", "registry-decides"),
            ("official", "registry-decides"),
            ("trustScore", "registry-decides"),
        ]


def test_unknown_fields_are_kept_with_a_warning():
    for dialect in ("plugport", "agent-relay", "claude", "cortex", "donkeylabs", "omnibase"):
        assert list_warnings(dialect, novelty={"a": 1}) == [("novelty", "unknown-field")]


def test_the_number_of_reported_problems_is_limited():
    codes = list_error_codes("plugport", tags=list(range(400)))
    assert codes[:100] == [(f"tags[{i}]", "wrong-type") for i in range(100)]
    assert codes[100:] == [("", "more-problems")]
    codes = list_warnings("plugport", **{f"k{i}": i for i in range(400)})
    assert len(codes) == 101
    assert codes[-1] == ("", "more-problems")
