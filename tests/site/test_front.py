"""The site is built without PyTorch: what its extensions show of the package is stored, and up to date."""

import ast
import html
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.site import front_film as film

ROOT = film.ROOT
EXTENSIONS = ROOT / "book" / "_ext"
sys.path.append(str(EXTENSIONS))
FULL_ONLY = {"ganbook", "torch", "torchvision", "numpy", "matplotlib", "scipy", "tools", "tests"}


def imported(path: Path) -> set[str]:
    """The packages that a file imports anywhere, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", sorted(EXTENSIONS.glob("*.py")), ids=lambda path: path.stem)
def test_no_extension_of_the_site_imports_what_only_the_full_environment_has(path):
    assert not imported(path) & FULL_ONLY


@pytest.mark.parametrize("name", film.NAMES)
def test_a_stored_film_is_what_the_package_would_make_now(name):
    page, picture = film.player(name)
    again = "run `python -m tools.site.front_film`"
    stored = (film.FOLDER / name).with_suffix(".html").read_text(encoding="utf-8")
    assert stored == page, f"the player has changed: {again}"
    with Image.open((film.FOLDER / name).with_suffix(".webp")) as image:
        same = np.array_equal(np.asarray(image.convert("RGB")), np.asarray(picture))
    assert same, f"the frames have changed: {again}"


def test_every_film_that_a_page_shows_is_stored_and_small():
    shown = re.findall(r"^```\{film\} (\S+)$", (ROOT / "index.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(shown) == sorted(film.NAMES)
    assert sum(path.stat().st_size for path in film.FOLDER.iterdir()) < 110_000


def test_the_words_of_a_film_are_the_pages_own():
    import front

    page = front.player(film.FOLDER / film.NAMES[0], 'Noise & "digits"')
    assert 'alt="Noise &amp; &quot;digits&quot;"' in page and "{alt}" not in page and "{source}" not in page
    assert html.unescape(re.search(r'src="([^"]{30})', page)[1]).startswith("data:image/webp;base64,")
