"""Browsing the files of a release."""

from __future__ import annotations

import pytest

from common.expensive.results import get_pool
from marketplace.pages.plugin import code, files
from registry.actions import moderate_release
from registry.jobs.runner import run_pending_jobs
from registry.models import Release
from registry.queries import package_files
from tests.functional.pages.dom import parse
from tests.support.publishing import build_package, publish_bytes

FILES = "/plugins/@acme/chat/files"
OWN_FILES = "/plugins/@acme/own/files"
PYTHON = 'import os\n\n"""two\nlines"""\nx = "<b>"\n'
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
# With `_small_parts`, the files of `large` are shown in parts.
MAX_WHOLE_FILE_BYTES = 5_000
PART_BYTES = 2_000
LARGE_LINES = [f"line {number} ä{'漢字' * (number % 7)}" for number in range(240)]
MINIFIED = "var a=1;" * 1_000
EVIL = "evil();\n" * 1_000
HIDDEN_BY_NUL = "const evil = 'yes'; // " + "so it goes on and on " * 20
ODD_FILES = {
    "slow/equals.ini": "=" * 49_900,
    "slow/colons.ini": "a::" * 16_000,
    "slow/Makefile": "\t" * 49_000,
    "a.png": "not a picture\n",
    "b.png": b"\x00\xff\x00",
    "a.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "zero.js": f"{HIDDEN_BY_NUL}\0\n",
    "large/lines.js": "\n".join(LARGE_LINES),
    "large/one.min.js": MINIFIED,
    "large/odd.js": b"\x00\x01" * (PART_BYTES // 2) + EVIL.encode(),
    "large/logo.png": EVIL,
    "long.js": "\n".join(f"line {number}" for number in range(1, 102)),
    "wide.js": "y" * 5_000,
    "full.js": "".join(
        f"const value{n} = call('{n}', {{a: {n}}}); // note {n}\n" for n in range(700, 1_110)
    ),
    **{f"data/{n:04}.txt": "x" for n in range(7)},
}


@pytest.fixture(scope="module")
def _published(module_publisher):
    """A release with folders and several types of files, and one with files that are odd."""
    module_publisher.publish("@acme/own", files=ODD_FILES)
    return module_publisher.publish(
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


@pytest.fixture
def release(db, _published, _module_packages):
    """The release of the module. Tests that publish do so under another name."""
    return Release.objects.get(pk=_published.pk)


@pytest.fixture
def own(db, _published, _module_packages):
    """The release with `ODD_FILES`; its Files tab is `OWN_FILES`."""


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


@pytest.fixture
def _small_parts(monkeypatch):
    """Files need not be large to be shown in parts."""
    monkeypatch.setattr(files, "MAX_WHOLE_FILE_BYTES", MAX_WHOLE_FILE_BYTES)
    monkeypatch.setattr(files, "PART_BYTES", PART_BYTES)


def _lines(panel) -> list[str]:
    return [row.all("td")[1].raw.rstrip("\n") for row in panel.all("tr")]


def test_folders(open_page, release):
    """Folders come first with their size; breadcrumbs lead back."""
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


def test_every_link_leads_to_its_file(open_page, release):
    """Names with any characters work. A file has its digest and links to the package."""
    panels = {
        address.removeprefix(f"{FILES}/"): open_page(address).one(id="files")
        for address in open_page(FILES).one("ul", class_="listing").links
    }
    assert "odd%20name%20%231%25.txt" in panels
    panels.pop("src")
    assert len(panels) == 10
    downloads = {
        path: sum(link.endswith("/1.0.0/download") for link in panel.links)
        for path, panel in panels.items()
    }
    assert downloads == dict.fromkeys(panels, 1)
    assert [path for path, panel in panels.items() if "SHA-256" not in panel.text] == []
    assert "The file is empty." in panels["empty.txt"].text
    assert "Binary file: the content is not shown." in panels["data.bin"].text


def test_text_by_line(open_page, release, monkeypatch):
    """Lines are numbered, highlighted and escaped; tokens may span lines."""
    monkeypatch.setattr(
        code, "MAX_HIGHLIGHT_SECONDS", 60
    )  # independent of the speed of the machine
    page = open_page(f"{FILES}/src/talk.py")
    panel = page.one(id="files")
    assert _lines(panel) == PYTHON.rstrip("\n").split("\n")
    assert panel.one(id="L5").links == ["?start=1#L5"]
    assert panel.one(id="L3").by_class("hl-sd")
    assert panel.one(id="L4").by_class("hl-sd")
    assert page.one("meta", name="robots").attrs["content"] == "noindex"
    assert not panel.all("b")


def test_slow_highlighting_is_skipped(client, own):
    """A file that is slow to tokenize is shown without highlighting."""
    for path in ("equals.ini", "colons.ini", "Makefile"):
        page = client.get(f"{OWN_FILES}/slow/{path}").content
        assert b'id="L1"' in page, path
        assert b"hl-" not in page, path


def test_colored_once(client, release, monkeypatch):
    """Highlighting is cached by content."""
    monkeypatch.setattr(code, "MAX_HIGHLIGHT_SECONDS", 60)
    first = client.get(f"{FILES}/src/talk.py").content
    monkeypatch.setattr(code, "MAX_HIGHLIGHT_SECONDS", 0)
    assert client.get(f"{FILES}/src/talk.py").content.count(b"hl-") == first.count(b"hl-") > 0
    assert "<td>import os\n</td>" in code.build_code_page("import os\n", "talk.py").rows


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_text_with_a_byte_order_mark_is_shown(open_page, owner, encoding):
    """An author must not be able to hide code from reviewers in another encoding."""
    name = f"@acme/{encoding}"
    script = "$käse = 'found'\r\nInvoke-It $käse\r\n"
    publish_bytes(owner, build_package(name, files={"run.ps1": script.encode(encoding)}))
    run_pending_jobs()
    panel = open_page(f"/plugins/{name}/files/run.ps1").one(id="files")
    assert _lines(panel) == script.splitlines()


def test_other_line_ends(open_page, release):
    """Line numbers match the file, also without a final line feed."""
    panel = open_page(f"{FILES}/src/deep/er/note.txt").one(id="files")
    assert [line.rstrip("\r") for line in _lines(panel)] == ["one", "two"]


def test_pictures(client, open_page, release):
    """Images are shown, served by this registry."""
    image = open_page(f"{FILES}/logo.png").one(id="files").one("img")
    assert image.attrs["alt"] == "logo.png"
    response = client.get(image.attrs["src"])
    assert response.headers["Content-Type"] == "image/png"


def test_files_with_image_names_that_are_not_images(open_page, own):
    """The content decides what a file is, not its name."""
    panel = open_page(f"{OWN_FILES}/a.png").one(id="files")
    assert not panel.all("img")
    assert _lines(panel) == ["not a picture"]
    panel = open_page(f"{OWN_FILES}/b.png").one(id="files")
    assert not panel.all("img")
    assert "Binary file: the content is not shown." in panel.text


def test_svg_files_have_a_source_view(open_page, own):
    """An SVG is shown as image or as source."""
    panel = open_page(f"{OWN_FILES}/a.svg").one(id="files")
    assert panel.one("img")
    assert "?as=text" in panel.links
    panel = open_page(f"{OWN_FILES}/a.svg", **{"as": "text"}).one(id="files")
    assert not panel.all("img")
    assert _lines(panel) == [ODD_FILES["a.svg"]]
    assert f"{OWN_FILES}/a.svg" in panel.links
    assert "?as=text" not in open_page(f"{OWN_FILES}/CHANGELOG.md").one(id="files").links


def test_other_encodings_hide_nothing(open_page, own, release):
    """Latin-1 is decoded, and a NUL does not hide a script."""
    assert _lines(open_page(f"{FILES}/latin.txt").one(id="files")) == ["Käse"]
    assert _lines(open_page(f"{OWN_FILES}/zero.js").one(id="files")) == [f"{HIDDEN_BY_NUL}␀"]


@pytest.mark.usefixtures("_small_parts")
def test_large_files_in_parts(open_page, own):
    """Every character is shown once, under its line number."""
    url = f"{OWN_FILES}/large/lines.js"
    content = ODD_FILES["large/lines.js"].encode()
    starts = range(0, len(content), PART_BYTES)
    parts = len(starts)
    # Parts begin within characters too.
    assert any(content[start] & 0xC0 == 0x80 for start in starts)
    panels = [open_page(url, page=number).one(id="files") for number in range(1, parts + 1)]
    shown: dict[int, str] = {}
    for panel in panels:
        for row in panel.all("tr"):
            line = int(row.attrs["id"][1:])
            # A line may start in one part and end in the next.
            shown[line] = shown.get(line, "") + row.all("td")[1].raw.rstrip("\n")
    assert [shown[number] for number in sorted(shown)] == LARGE_LINES
    first = open_page(url).one(id="files")
    assert f"Part 1 of {parts}" in first.text
    assert "?page=2" in first.links
    beyond = open_page(url, page=parts + 5).one(id="files")
    assert f"Part {parts} of {parts}" in beyond.text


@pytest.mark.usefixtures("_small_parts")
def test_large_files_of_one_line(open_page, own):
    """Minified files are shown in full."""
    shown = [
        row.all("td")[1].raw.rstrip("\n")
        for number in range(1, -(-len(MINIFIED) // PART_BYTES) + 1)
        for row in open_page(f"{OWN_FILES}/large/one.min.js", page=number).one(id="files").all("tr")
    ]
    assert "".join(shown) == MINIFIED


@pytest.mark.usefixtures("_small_parts")
def test_large_files_that_are_no_text(open_page, own):
    """Each part is judged separately: a binary first part does not hide later code."""
    panel = open_page(f"{OWN_FILES}/large/odd.js").one(id="files")
    assert "This part of the file is binary." in panel.text
    assert "?page=2" in panel.links
    assert "evil();" in open_page(f"{OWN_FILES}/large/odd.js", page=2).one(id="files").text


@pytest.mark.usefixtures("_small_parts")
def test_a_picture_by_name_only(open_page, own):
    """A large script cannot hide behind an image file name."""
    assert "evil();" in open_page(f"{OWN_FILES}/large/logo.png").one(id="files").text


def test_files_that_are_too_large_to_unpack(open_page, publisher, monkeypatch):
    """The package must be downloaded."""
    monkeypatch.setattr(files, "MAX_WHOLE_FILE_BYTES", 10)
    monkeypatch.setattr(package_files, "MAX_SKIPPED_BYTES", 2048)
    publisher.publish("@acme/large", files={"large.txt": "x" * 2049})
    panel = open_page("/plugins/@acme/large/files/large.txt").one(id="files")
    assert "more than 2 kB of the package would have to be decompressed" in panel.text
    assert any(link.endswith("/download") for link in panel.links)


def test_long_files_in_pages(open_page, own, monkeypatch):
    """Lines are paginated with their numbers; very long lines are truncated."""
    monkeypatch.setattr(code, "LINES_PER_PAGE", 40)
    first = open_page(f"{OWN_FILES}/long.js").one(id="files")
    assert len(first.all("tr")) == 40
    assert "?start=41" in first.links
    last = open_page(f"{OWN_FILES}/long.js", start=81).one(id="files")
    assert last.all("tr")[0].attrs["id"] == "L81"
    assert last.one(id="L90").links == ["?start=81#L90"]
    assert last.all("tr")[-1].attrs["id"] == "L101"
    assert "?start=41" in last.links
    assert open_page(f"{OWN_FILES}/long.js", start=9_999).one(id="L101")
    wide = open_page(f"{OWN_FILES}/wide.js").one(id="files")
    assert "4000 more characters" in wide.text
    assert "?as=parts" in wide.links
    whole = open_page(f"{OWN_FILES}/wide.js", **{"as": "parts"}).one(id="files")
    assert _lines(whole) == ["y" * 5_000]
    assert f"{OWN_FILES}/wide.js" in whole.links


def test_pages_stay_light(client, own, monkeypatch, settings):
    """The size of a page is bounded, including highlighting, in a child process for this length."""
    settings.COMPUTATION_SECONDS = 60.0
    monkeypatch.setattr(
        code, "MAX_HIGHLIGHT_SECONDS", 60
    )  # independent of the speed of the machine
    page = client.get(f"{OWN_FILES}/full.js").content
    assert page.count(b"<tr") == code.LINES_PER_PAGE
    assert b"hl-" in page
    assert len(page) < 150_000


def test_long_files_have_no_colors_while_others_are_highlighted(client, own, settings):
    """The page is shown. A short file is highlighted in the web process."""
    settings.COMPUTATION_SECONDS = 0.05
    with get_pool().turns.take(max_seconds=60):
        assert b"hl-" in client.get(f"{FILES}/src/talk.py").content
        plain = client.get(f"{OWN_FILES}/full.js")
    assert plain.status_code == 200
    assert b"hl-" not in plain.content
    settings.COMPUTATION_SECONDS = 60.0
    assert b"hl-" in client.get(f"{OWN_FILES}/full.js").content


def test_very_many_files(open_page, own, monkeypatch):
    """A large folder is paginated; each entry appears once."""
    monkeypatch.setattr(files, "ENTRIES_PER_PAGE", 3)
    seen = []
    for number in (1, 2, 3):
        panel = open_page(f"{OWN_FILES}/data", page=number).one(id="files")
        seen += [a.text for a in panel.one("ul", class_="listing").all("a")]
    assert seen == [f"{n:04}.txt" for n in range(7)]
    assert open_page(f"{OWN_FILES}/data", page=4).by_class("empty")


def test_blocked_releases_show_no_content(open_page, moderator, release):
    """Names and contents of files are hidden."""
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Odd.")
    base = "/plugins/@acme/chat/1.0.0/files"
    for path in (base, f"{base}/src/talk.py"):
        panel = open_page(path).one(id="files")
        assert "The files of a blocked release are not shown." in panel.text
        assert not panel.all("tr")
        assert not panel.all("ul", class_="listing")


@pytest.mark.usefixtures("db", "_published")
def test_storage_is_unavailable(client):
    """A missing object is a 503 page: the folder of this test has no packages."""
    response = client.get(f"{FILES}/src/talk.py")
    assert response.status_code == 503
    assert parse(response.content.decode()).one("h1").text
