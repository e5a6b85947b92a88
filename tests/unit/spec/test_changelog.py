"""The section of a version in a changelog."""

from __future__ import annotations

import pytest

from plugport.spec.changelog import cut_text, extract_section

BODY = "It *works*.\n\n```sh\n# 1.0.0\n```\n\n### Fixed\n\n- More."


@pytest.mark.parametrize(
    "heading",
    [
        "## 1.2.0",
        "## [1.2.0] - 2026-02-03",
        "# Version 1.2.0",
        "## v1.2.0 ##",
        "## [1.2.0](https://git.test/compare/v1.1.9...v1.2.0) (2026-02-03)",
        "## @acme/chat@1.2.0",
        "1.2.0\n-----",
        "1.2.0 (2026-02-03)\n===",
        "**v1.2.0**\n  ---",
        "[1.2.0](https://git.test/compare/v1.1.9...v1.2.0)\n---",
    ],
)
@pytest.mark.parametrize("after", ["## 1.1.9", "1.1.9\n-----", "#### 1.1.9 (2026)", "# End"])
def test_headings(heading: str, after: str) -> None:
    """The heading has any form and level; the next version ends the section."""
    text = f"# Changes\n\nFor 1.3.0.\n\n{heading}\n\n{BODY}\n\n{after}\n\nNot yet."
    assert extract_section(text, "1.2.0") == BODY
    assert extract_section(text.replace("\n", "\r\n"), "1.2.0") == BODY


@pytest.mark.parametrize(
    "heading",
    [
        "## 1.2.0-rc.1",
        "## 11.2.0",
        "## 1.2.0.1",
        "## 1.2",
        "## Upgrade from 1.1.0 to 1.2.0",
        "## [1.3.0](https://git.test/compare/v1.2.0...v1.3.0)",
        "1.2.0",
        "1.2.0\n\n-----",
        "- 1.2.0\n---",
        "| 1.2.0 |\n---",
        "    1.2.0\n    -----",
        "```\n## 1.2.0\n```",
        "~~~md\n```\n1.2.0\n-----\n~~~",
        "#1.2.0",
    ],
)
def test_other_headings(heading: str) -> None:
    """Other versions, and text that is no heading, have no section."""
    assert extract_section(f"# Changes\n\n{heading}\n\nWords.", "1.2.0") == ""


def test_build_metadata() -> None:
    """The section of the build comes first, then that of the version."""
    text = "## 1.0.0\n\nAny.\n\n## 1.0.0+linux\n\nLinux.\n"
    assert extract_section(text, "1.0.0+linux") == "Linux."
    assert extract_section(text, "1.0.0+mac") == "Any."


def test_subheadings_may_name_versions() -> None:
    """Only a heading that starts with a version begins another section."""
    text = "## 2.0.0\n\n### Upgrade from version 1.9.0\n\nSteps.\n\n## 1.9.0\n\nOld.\n"
    assert extract_section(text, "2.0.0") == "### Upgrade from version 1.9.0\n\nSteps."


def test_definitions_of_links() -> None:
    """Links keep their definitions, which are at the end of the file. Others are left out."""
    text = (
        "## [1.1.0]\n\nSee [the guide][Guide], [#12] and this[^1].\n\n## [1.0.0]\n\nFirst.\n\n"
        "[1.1.0]: https://git.test/1.1.0\n[guide]: https://site.test/guide\n"
        "[#12]: https://git.test/12\n[^1]: A note.\n[1.0.0]: https://git.test/1.0.0\n"
    )
    assert extract_section(text, "1.1.0") == (
        "See [the guide][Guide], [#12] and this[^1].\n\n[guide]: https://site.test/guide\n"
        "[#12]: https://git.test/12\n[^1]: A note."
    )
    assert extract_section(text, "1.0.0") == "First."


@pytest.mark.parametrize(
    "text",
    [
        "# 1.0.0\n" * 50_000,
        "-" * 400_000,
        "a\n---\n" * 50_000,
        "## 1.0.1\n" + "[a]: b\n[a] " * 50_000,
        "[1.0.0](" * 60,
    ],
)
def test_hostile_texts(text: str) -> None:
    """Any text has an answer."""
    assert isinstance(extract_section(text, "1.0.1"), str)


def test_cut() -> None:
    """A cut text ends with whole lines and an ellipsis."""
    assert cut_text("abc\ndef", 7) == "abc\ndef"
    assert cut_text("abc\ndef\nghi", 9) == "abc\n…"
    assert cut_text("abcdefghi", 6) == "abcd\n…"
