"""How the still picture of an explorable is made: by the explorable's own scripts, in Chromium.

    def picture(tab):
        return stills.shot(tab, "#still", title, description, stills.fingerprint(scripts, __file__))

    stills.draw(path, picture)

Each explorable has a tool beside this one (ask_still.py) that says what the picture shows and describes it.
"""

import argparse
import contextlib
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, PngImagePlugin

from ganbook.chapters.stored_diagrams import FOLDER, SCALE
from tools.site import chromium

ROOT = Path(__file__).resolve().parents[2]
DEMOS = ROOT / "book" / "_static" / "demos"
STYLE = DEMOS / "demos.css"
COLOURS = 160  # of a picture

__all__ = [
    "COLOURS",
    "DEMOS",
    "FOLDER",
    "ROOT",
    "SCALE",
    "STYLE",
    "chrome",
    "draw",
    "fingerprint",
    "open_page",
    "shot",
    "store",
]


def fingerprint(scripts: Iterable[str], maker: str, colours_of: str = "demo") -> str:
    """The hash of what a picture is drawn from: scripts, the colours of the style sheet, and the tool that makes it.

    colours_of: what the names of these colours begin with, such as "demo|earth".
    """
    files = [*(DEMOS / f"{name}.js" for name in scripts), Path(maker)]
    colours = re.findall(rf"--(?:{colours_of})-[\w-]+: #\w+", STYLE.read_text(encoding="utf-8"))
    text = "".join([*(path.read_text(encoding="utf-8") for path in files), *colours])
    return hashlib.sha256(text.encode()).hexdigest()


def open_page(tab, page: str, scripts: Iterable[str]) -> None:
    """Show HTML in a tab with the style sheet and the scripts of the demonstrations."""
    tab.set_content(page)
    tab.add_style_tag(path=STYLE)
    for name in scripts:
        tab.add_script_tag(path=DEMOS / f"{name}.js")


def shot(tab, selector: str, title: str, description: str, source: str, colours: int = COLOURS) -> bytes:
    """What `selector` shows, on white paper, as the bytes of a PNG file that holds its own words."""
    seen = Image.open(io.BytesIO(tab.locator(selector).screenshot())).convert("RGB")
    info, file = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_itxt("Title", title)
    info.add_itxt("Description", description)
    info.add_itxt("Source", source)
    seen = ImageOps.expand(seen, 3 * SCALE, "white").quantize(colours, dither=Image.Dither.NONE)
    seen.save(file, "PNG", optimize=True, pnginfo=info)
    return file.getvalue()


def store(path: Path, picture: Callable[[Any], bytes]) -> None:
    """Draw a picture, a function of a tab, in Chromium, and store it."""
    with chrome() as tab:
        path.write_bytes(picture(tab))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def draw(path: Path, picture: Callable[[Any], bytes]) -> None:
    """What a tool does that has a picture to draw and nothing else."""
    argparse.ArgumentParser(description="Draw the picture of an explorable.").parse_args()
    store(path, picture)


@contextlib.contextmanager
def chrome() -> Iterator:
    """A tab of a headless Chromium that draws as sharply as the pictures are stored."""
    program = chromium.find()
    if program is None:
        raise SystemExit("The picture is drawn in Chromium or Chrome, and none is installed here.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*chromium.FLAGS])
        yield browser.new_page(device_scale_factor=SCALE)
        browser.close()
