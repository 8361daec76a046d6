"""The handbook names only what is there: links, pictures, menus, commands."""

import re
import struct

import pytest
from lxml import etree

from tools import handbook, modules
from tools.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GUIDE = sorted((ROOT / "whatsapp_calling/views/guide").glob("*.xml"))
DESCRIPTIONS = sorted(ROOT.glob("whatsapp_calling*/static/description/index.html"))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
MENU = re.compile(r"\*\*([A-Z][\w ]*(?: > [A-Z][\w ]*)+)\*\*")
MAKE = re.compile(r"\bmake ([a-z][\w-]*)")
PICTURE_LIMIT = 150_000  # bytes


@pytest.fixture(scope="module")
def menus():
    """{id: (name, parent id)} of the menus in our modules' XML."""
    found, names = {}, {}
    for module in modules.own():
        for path in (ROOT / module).glob("**/*.xml"):
            if "static" not in path.parts:
                tree = etree.parse(path)
                for record in tree.iter("record"):
                    names[record.get("id")] = record.findtext("field[@name='name']")
                for item in tree.iter("menuitem"):
                    above = item.getparent()
                    parent = item.get("parent")
                    if above.tag == "menuitem":
                        parent = above.get("id")
                    found[item.get("id")] = (item, parent)
    return {
        key: (item.get("name") or names.get(item.get("action")), parent)
        for key, (item, parent) in found.items()
    }


def path_of(menus, key):
    """Names from the app's menu down, without the app's own."""
    name, parent = menus[key]
    return [*path_of(menus, parent), name] if parent in menus else []


def anchors(path):
    text = path.read_text()
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    made = [re.sub(r"[^\w -]", "", heading).lower() for heading in headings]
    return {*re.findall(r'<a id="([^"]+)"', text), *(m.replace(" ", "-") for m in made)}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_and_picture_of_a_page_exists(page):
    for link in LINK.findall(page.read_text()):
        if not link.startswith(("https://", "http://localhost", "mailto:")):
            name, _hash, anchor = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            assert target.exists(), link
            if anchor:
                assert anchor in anchors(target), link


@pytest.mark.parametrize("page", DESCRIPTIONS, ids=lambda path: path.parts[-4])
def test_every_picture_of_a_description_exists(page):
    for name in re.findall(r'(?:src|href)="([^"]+)"', page.read_text()):
        if not name.startswith(("https://", "#", "mailto:")):
            assert (page.parent / name).exists(), name


def test_every_module_has_a_description_and_an_icon():
    for module in modules.own():
        folder = ROOT / module / "static/description"
        assert (folder / "index.html").exists()
        head = (folder / "icon.png").read_bytes()[:24]
        assert struct.unpack(">II", head[16:24]) == (128, 128), module


def test_pictures_are_small_and_all_are_used():
    texts = "".join(path.read_text() for path in PAGES)
    pictures = sorted((ROOT / "docs/pictures").glob("*"))
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < PICTURE_LIMIT, picture.name
        assert picture.name in texts, f"{picture.name} is in no page"


def test_the_handbook_is_what_the_guide_in_odoo_says():
    for path, text in handbook.pages().items():
        assert path.read_text() == text, f"make handbook: {path.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_menu_a_page_names_is_in_the_product(page, menus):
    paths = {" > ".join(path_of(menus, key)) for key in menus}
    for named in MENU.findall(page.read_text()):
        assert named in paths, named


def test_a_menu_in_the_guide_is_marked_as_one():
    """Else the test above would not see it."""
    for page in GUIDE:
        text = page.read_text()
        marked = text.count('<span class="o-whatsapp-Guide-menu">')
        named = len(
            re.findall(r"(?:Configuration|Calls|Permissions) (?:>|&gt;) ", text)
        )
        assert named <= marked, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_command_a_page_names_is_in_the_makefile(page):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
    code = re.findall(r"`{1,3}[^`]+`{1,3}", page.read_text())
    for command in MAKE.findall("\n".join(code)):
        assert command in targets, command
