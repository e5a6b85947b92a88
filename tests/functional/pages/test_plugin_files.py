"""The files of a release: folders to walk through, files to read."""

from __future__ import annotations

import time

import pytest

from marketplace.pages.plugin import code, files
from registry import contents
from registry.actions import moderate_release
from tests.functional.pages.dom import parse

FILES = "/plugins/@acme/chat/files"
PYTHON = 'import os\n\n"""two\nlines"""\nx = "<b>"\n'
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


@pytest.fixture
def release(publisher):
    """A release with folders and files of several sorts."""
    return publisher.publish(
        files={
            "src/talk.py": PYTHON,
            "src/deep/er/note.txt": "one\r\ntwo",
            "odd name #1%.txt": "odd",
            "empty.txt": "",
            "logo.png": PIXEL,
            "data.bin": b"\x00\xff" * 50,
            "latin.txt": "Käse".encode("latin-1"),
        }
    )


def _lines(panel) -> list[str]:
    return [row.all("td")[1].raw.rstrip("\n") for row in panel.all("tr")]


def test_folders(open_page, release):
    """Folders first with what is in them; the way back stands above."""
    panel = open_page(FILES).one(id="files")
    rows = [item.text for item in panel.one("ul", class_="listing").all("li")]
    assert rows[0] == "src/ 2 files, 45 B"
    assert rows[1].startswith("CHANGELOG.md ")
    assert "12 files" in panel.text
    inner = open_page(f"{FILES}/src").one(id="files")
    assert [item.text for item in inner.all("li")] == ["deep/ 1 file, 8 B", "talk.py 37 B"]
    assert inner.one("nav", class_="crumbs").links == [FILES]
    assert open_page(f"{FILES}/src/deep/er").one("nav", class_="crumbs").links == [
        FILES,
        f"{FILES}/src",
        f"{FILES}/src/deep",
    ]


def test_every_link_leads_to_its_file(client, open_page, release):
    """Names with any characters too."""
    for address in open_page(FILES).one("ul", class_="listing").links:
        assert client.get(address).status_code == 200, address


def test_text_by_line(open_page, release, monkeypatch):
    """Numbered, coloured and escaped; a colour goes over several lines."""
    monkeypatch.setattr(code, "MAX_SECONDS", 60)  # however slow the machine is
    page = open_page(f"{FILES}/src/talk.py")
    panel = page.one(id="files")
    assert _lines(panel) == PYTHON.rstrip("\n").split("\n")
    assert panel.one(id="L5").links == ["?start=1#L5"]
    assert panel.one(id="L3").by_class("hl-sd")
    assert panel.one(id="L4").by_class("hl-sd")
    assert page.one("meta", name="robots").attrs["content"] == "noindex"
    assert not panel.all("b")


@pytest.mark.parametrize(
    ("path", "text"),
    [("a.ini", "=" * 49_900), ("a.ini", "a::" * 16_000), ("Makefile", "\t" * 49_000)],
)
def test_colours_hold_nobody_up(client, publisher, path, text):
    """What a lexer would read for many seconds is there at once, without colours."""
    publisher.publish(files={path: text})
    started = time.thread_time()
    page = client.get(f"{FILES}/{path}").content
    assert time.thread_time() - started < 2, "of 16 without a bound"
    assert b"hl-" not in page


def test_coloured_once(client, release, monkeypatch):
    """Who comes second finds the colours; other content has its own."""
    monkeypatch.setattr(code, "MAX_SECONDS", 60)
    first = client.get(f"{FILES}/src/talk.py").content
    monkeypatch.setattr(code, "MAX_SECONDS", 0)
    assert client.get(f"{FILES}/src/talk.py").content.count(b"hl-") == first.count(b"hl-") > 0
    assert code.build_code_page("import os\n", "talk.py").lines[0].html == "import os"


def test_other_line_ends(open_page, release):
    """Lines are those of the file, also without a line feed at its end."""
    panel = open_page(f"{FILES}/src/deep/er/note.txt").one(id="files")
    assert [line.rstrip("\r") for line in _lines(panel)] == ["one", "two"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("empty.txt", "The file is empty."),
        ("data.bin", "It is not text, so it is not shown here."),
    ],
)
def test_what_cannot_be_read(open_page, release, path, words):
    """It is told, with its size and a way to get it."""
    panel = open_page(f"{FILES}/{path}").one(id="files")
    assert words in panel.text
    assert "SHA-256" in panel.text


def test_pictures(client, open_page, release):
    """They are shown, from this registry."""
    picture = open_page(f"{FILES}/logo.png").one(id="files").one("img")
    assert picture.attrs["alt"] == "logo.png"
    answer = client.get(picture.attrs["src"])
    assert answer.headers["Content-Type"] == "image/png"


def test_pictures_that_are_none(open_page, publisher):
    """The bytes say what a file is, not its name: text is text, anything else is told."""
    publisher.publish(files={"a.png": "not a picture\n", "b.png": b"\x00\xff\x00", "c.txt": PIXEL})
    panel = open_page(f"{FILES}/a.png").one(id="files")
    assert not panel.all("img")
    assert _lines(panel) == ["not a picture"]
    panel = open_page(f"{FILES}/b.png").one(id="files")
    assert not panel.all("img")
    assert "It is not text, so it is not shown here." in panel.text


def test_drawings_have_a_source(open_page, publisher):
    """An SVG is a picture and text: each way leads to the other."""
    publisher.publish(files={"a.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>'})
    panel = open_page(f"{FILES}/a.svg").one(id="files")
    assert panel.one("img")
    assert "?as=text" in panel.links
    panel = open_page(f"{FILES}/a.svg", **{"as": "text"}).one(id="files")
    assert not panel.all("img")
    assert _lines(panel) == ['<svg xmlns="http://www.w3.org/2000/svg"/>']
    assert f"{FILES}/a.svg" in panel.links
    assert "?as=text" not in open_page(f"{FILES}/CHANGELOG.md").one(id="files").links


def test_package_to_download(open_page, release):
    """Whatever a file is, the package that it is in is one link away."""
    for path in ("src/talk.py", "logo.png", "empty.txt"):
        links = open_page(f"{FILES}/{path}").one(id="files").links
        assert [link.endswith("/1.0.0/download") for link in links].count(True) == 1


def test_other_encodings_hide_nothing(open_page, publisher):
    """Latin-1 is read as such, and a NUL in a script makes it no less readable."""
    text = "const evil = 'yes'; // " + "so it goes on and on " * 20
    publisher.publish(files={"a.js": f"{text}\0\n", "latin.txt": "Käse".encode("latin-1")})
    assert _lines(open_page(f"{FILES}/latin.txt").one(id="files")) == ["Käse"]
    assert _lines(open_page(f"{FILES}/a.js").one(id="files")) == [f"{text}␀"]


def test_large_files_in_parts(open_page, publisher):
    """Every character of them can be read, once, under the number of its line."""
    lines = [f"line {number} ä{'漢字' * (number % 7)}" for number in range(30_000)]
    text = "\n".join(lines)
    publisher.publish(files={"large.js": text})
    panel = open_page(f"{FILES}/large.js").one(id="files")
    parts = -(-len(text.encode()) // files.PART_BYTES)
    assert f"Part 1 of {parts}" in panel.text
    assert "?page=2" in panel.links
    shown: dict[int, str] = {}
    for number in range(1, parts + 1):
        for row in open_page(f"{FILES}/large.js", page=number).one(id="files").all("tr"):
            line = int(row.attrs["id"][1:])
            # A line may begin in one part and end in the next.
            shown[line] = shown.get(line, "") + row.all("td")[1].raw.rstrip("\n")
    assert [shown[number] for number in sorted(shown)] == lines
    beyond = open_page(f"{FILES}/large.js", page=parts + 5).one(id="files")
    assert f"Part {parts} of {parts}" in beyond.text


def test_large_files_of_one_line(open_page, publisher):
    """A bundle is shown as a whole, too."""
    text = "var a=1;" * 70_000
    publisher.publish(files={"one.min.js": text})
    parts = -(-len(text) // files.PART_BYTES)
    shown = [
        row.all("td")[1].raw.rstrip("\n")
        for number in range(1, parts + 1)
        for row in open_page(f"{FILES}/one.min.js", page=number).one(id="files").all("tr")
    ]
    assert "".join(shown) == text


def test_large_files_that_are_no_text(open_page, publisher):
    """Each part is told for itself: what looks like noise at first may go on as code."""
    noise = b"\x00\x01" * (files.PART_BYTES // 2)
    publisher.publish(files={"odd.js": noise + b"evil();\n" * 70_000})
    panel = open_page(f"{FILES}/odd.js").one(id="files")
    assert "This part of it is not text." in panel.text
    assert "?page=2" in panel.links
    assert "evil();" in open_page(f"{FILES}/odd.js", page=2).one(id="files").text


def test_a_picture_by_name_only(open_page, publisher):
    """A large script cannot hide behind the name of a picture."""
    publisher.publish(files={"logo.png": "evil();\n" * 70_000})
    assert "evil();" in open_page(f"{FILES}/logo.png").one(id="files").text


def test_files_that_are_too_large_to_unpack(open_page, publisher, monkeypatch):
    """They are to be downloaded."""
    monkeypatch.setattr(files, "MAX_SHOWN_BYTES", 10)
    monkeypatch.setattr(contents, "MAX_SKIPPED_BYTES", 2048)
    publisher.publish(files={"large.txt": "x" * 2049})
    panel = open_page(f"{FILES}/large.txt").one(id="files")
    assert "more than 2.0 KiB of the package would have to be unpacked" in panel.text
    assert any(link.endswith("/download") for link in panel.links)


def test_long_files_in_pages(open_page, publisher):
    """Some hundred lines at a time, with their own numbers; very long lines are cut."""
    text = "\n".join(f"line {number}" for number in range(1, 1_002))
    publisher.publish(files={"long.js": text, "wide.js": "y" * 5_000})
    first = open_page(f"{FILES}/long.js").one(id="files")
    assert len(first.all("tr")) == code.LINES_A_PAGE
    assert "?start=401" in first.links
    last = open_page(f"{FILES}/long.js", start=801).one(id="files")
    assert last.all("tr")[0].attrs["id"] == "L801"
    assert last.one(id="L900").links == ["?start=801#L900"]
    assert last.all("tr")[-1].attrs["id"] == "L1001"
    assert "?start=401" in last.links
    assert open_page(f"{FILES}/long.js", start=9_999).one(id="L1001")
    wide = open_page(f"{FILES}/wide.js").one(id="files")
    assert "4000 more characters" in wide.text
    assert "?as=parts" in wide.links
    whole = open_page(f"{FILES}/wide.js", **{"as": "parts"}).one(id="files")
    assert _lines(whole) == ["y" * 5_000]
    assert f"{FILES}/wide.js" in whole.links


def test_pages_stay_light(client, publisher, monkeypatch):
    """However much a file holds, its page is bounded, colours and all."""
    monkeypatch.setattr(code, "MAX_SECONDS", 60)  # however slow the machine is
    lines = "".join(f"const value{n} = call('{n}', {{a: {n}}}); // note {n}\n" for n in range(700))
    publisher.publish(files={"big.js": lines})
    page = client.get(f"{FILES}/big.js").content
    assert b"hl-" in page
    assert len(page) < 150_000


def test_very_many_files(open_page, publisher):
    """A folder comes in pages, each entry once."""
    publisher.publish(files={f"data/{n:04}.txt": "x" for n in range(1_200)})
    seen = []
    for number in (1, 2, 3, 4):
        panel = open_page(f"{FILES}/data", page=number).one(id="files")
        seen += [a.text for a in panel.one("ul", class_="listing").all("a")]
    assert seen == [f"{n:04}.txt" for n in range(1_200)]
    assert open_page(f"{FILES}/data", page=5).by_class("empty")


def test_blocked_releases_show_no_content(open_page, moderator, release):
    """The list stays, the bytes do not."""
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Odd.")
    base = "/plugins/@acme/chat/1.0.0/files"
    assert open_page(base).one("ul", class_="listing")
    panel = open_page(f"{base}/src/talk.py").one(id="files")
    assert "This release is quarantined: its files are not shown." in panel.text
    assert not panel.all("tr")


def test_storage_is_away(client, release, packages_dir):
    """503 as a page."""
    import shutil

    shutil.rmtree(packages_dir / "packages")
    answer = client.get(f"{FILES}/src/talk.py")
    assert answer.status_code == 503
    assert parse(answer.content.decode()).one("h1").text
