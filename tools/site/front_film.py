"""Store the films of the pages: python -m tools.site.front_film writes book/films/NAME.html and book/films/NAME.webp.

The frames are those of `ganbook.training.pretrained`, the player is `ganbook.viewing.film.Film`. Both are stored as the
site shows them, so that building the site needs neither PyTorch nor the package. Two places in the HTML are left open,
and book/_ext/front.py fills them: `{alt}` for the words that stand for the picture, `{source}` for its address.
"""

import argparse
import base64
import io
import re
from pathlib import Path

from PIL import Image

from ganbook.training import pretrained
from ganbook.viewing.film import Film

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "book" / "films"
NAMES = ("a-dcgan",)
NOISY = 24  # frames at the start that show noise: every second of them is kept, because noise does not compress


def player(name: str) -> tuple[str, Image.Image]:
    """Return the player's HTML with its two open places, and the picture that holds all frames, in greys."""
    steps, x = pretrained.film(name)
    kept = [*range(0, NOISY, 2), *range(NOISY, len(steps))]
    title = f"Sixteen noise vectors, from step 0 to step {steps[-1]:,}"
    page = Film([steps[i] for i in kept], x[kept], alt="{alt}", title=title).html()
    source = re.search(r'src="data:image/png;base64,([^"]+)"', page)
    picture = Image.open(io.BytesIO(base64.b64decode(source[1]))).convert("RGB")
    return page.replace(source[0], 'src="{source}"'), picture


def main() -> None:
    argparse.ArgumentParser(description="Store the films that pages show.").parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name in NAMES:
        page, picture = player(name)
        path = FOLDER / name
        path.with_suffix(".html").write_text(page, encoding="utf-8")
        picture.save(path.with_suffix(".webp"), lossless=True, quality=100, method=6)
        size = sum(path.with_suffix(kind).stat().st_size for kind in (".html", ".webp"))
        print(f"{path.relative_to(ROOT)}: {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
