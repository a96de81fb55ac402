"""What holds for each explorable of a chapter, whatever it shows. Each has a file of its own for what it does.

The pages are those of `_build/html` (`make book`).
"""

import importlib
import re

import pytest
from conftest import needs_browser
from PIL import Image

from ganbook.chapters.stored_diagrams import FOLDER
from tools.site import stills
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


@pytest.mark.parametrize("name", EXPLORABLES)
def test_the_still_picture_is_drawn_from_todays_scripts(name):
    tool = importlib.import_module(f"tools.site.{name}_still")
    assert tool.PICTURE.relative_to(FOLDER).as_posix() == f"{name}.png"
    with Image.open(tool.PICTURE) as image:
        info, corner = image.info, image.convert("RGB").getpixel((0, 0))
    assert info["Source"] == tool.fingerprint(), f"the picture is old: run `python -m tools.site.{name}_still`"
    assert corner == (255, 255, 255) and len(info["Title"]) > 20 and tool.PICTURE.stat().st_size < 100_000
