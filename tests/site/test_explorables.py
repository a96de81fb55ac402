"""What holds for each explorable of a chapter, whatever it shows. Each has a file of its own for what it does.

The pages are those of `_build/html` (`make book`).
"""

import base64
import importlib
import io
import re

import nbformat
import pytest
from conftest import needs_browser
from PIL import Image

from ganbook.chapters.stored_diagrams import FOLDER
from tools.site import edition, slides, stills
from tools.site.plain import Plain
from tools.site.slides import EXPLORABLES

NOTEBOOKS = sorted((stills.ROOT / "notebooks").glob("*.ipynb"))


def place(name: str) -> tuple[str, str]:
    """The page of an explorable, and the label of its figure."""
    found = [
        (f"notebooks/{path.stem}", label)
        for path in NOTEBOOKS
        for label in re.findall(rf'"```{{{name}}}\\n",\s+":name: (\S+?)\\n"', path.read_text(encoding="utf-8"))
    ]
    assert len(found) == 1, f"{name} stands in one chapter: {found}"
    return found[0]


@needs_browser
@pytest.mark.parametrize("name", EXPLORABLES)
def test_without_scripts_the_still_picture_stands_and_no_dead_button(visit, name):
    page_name, label = place(name)
    page = visit(page_name, java_script_enabled=False)
    still = page.locator(f"#{label} img")
    assert still.is_visible() and len(still.get_attribute("alt")) > 200
    assert page.locator(f"#{label} figcaption").inner_text() and not page.locator(f"#{name}-demo").is_visible()
    assert "With JavaScript" in page.locator(f"#{label}").inner_text()


GUIDE = (stills.ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
BELIEFS = re.findall(r'href="\.\./(notebooks/\w+)\.html#((\w+):[^"]+)"', GUIDE)


def test_the_guide_has_links_to_states():
    assert {name for *_, name in BELIEFS} >= {"ask", "earth", "game", "stamping"}


@needs_browser
@pytest.mark.parametrize(("page_name", "state", "name"), BELIEFS)
def test_a_link_of_the_guide_opens_its_state(visit, page_name, state, name):
    assert place(name)[0] == page_name
    page = visit(page_name)
    news = page.locator(f"#{name}-demo [data-part=news]").first
    page.evaluate("state => { location.hash = state; }", state)
    page.wait_for_function("name => document.activeElement.contains(document.getElementById(`${name}-demo`))", arg=name)
    # A game that is asked for its step 400 plays on until it is there; then the explorable writes the state alike.
    page.wait_for_timeout(400)  # longer than it rests before it writes
    page.wait_for_function("state => location.hash === `#${state}`", arg=state)
    assert "cannot be followed" not in (news.inner_text() if news.count() else "")


@needs_browser
@pytest.mark.parametrize("name", EXPLORABLES)
def test_the_still_picture_is_small_and_drawn_from_todays_scripts(browser, name):
    tool, again = importlib.import_module(f"tools.site.{name}_still"), f"run `python -m tools.site.{name}_still`"
    assert tool.PICTURE.relative_to(FOLDER).as_posix() == f"{name}.png"
    with Image.open(tool.PICTURE) as image:
        info, corner = image.info, image.convert("RGB").getpixel((0, 0))
    assert info["Source"] == tool.fingerprint(), f"the picture is old: {again}"
    assert corner == (255, 255, 255) and len(info["Title"]) > 20
    assert tool.PICTURE.stat().st_size < (80_000 if name == "game" else 60_000)
    tab = browser.new_page(device_scale_factor=stills.SCALE)
    with Image.open(io.BytesIO(tool.picture(tab))) as image:
        assert image.info["Description"] == info["Description"], again
    tab.close()


@pytest.mark.parametrize("name", EXPLORABLES)
def test_the_edition_and_the_slides_show_the_picture_and_the_edition_links_to_the_page(name):
    (page, label), reader = place(name), Plain()
    chapter = nbformat.read(stills.ROOT / f"{page}.ipynb", as_version=4)
    cells = edition.edition(chapter, page.rpartition("/")[2], reader).cells
    [at] = [i for i, cell in enumerate(cells) if f'show_diagram("{name}")' in cell.source]
    stored = base64.b64encode((FOLDER / f"{name}.png").read_bytes()).decode()
    assert cells[at].outputs[0].data["image/png"].strip() == stored and f"{{{name}}}" not in str(cells)
    assert f"{reader.home}{page}.html#{label}" in cells[at + 1].source
    assert stored in slides.deck(chapter, reader)
