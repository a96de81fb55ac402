"""The book's diagrams as pictures, for notebooks outside the site: Colab, Jupyter, VS Code, GitHub.

The site draws them in the page, from text (book/diagrams). `python -m tools.site.draw` stores what it draws as
`ganbook/assets/diagrams/NAME.png`, which holds its own title and description.
"""

import base64
from typing import Any

from IPython.display import display
from PIL import Image

from ganbook.base.errors import InputError
from ganbook.base.files import ASSETS

FOLDER = ASSETS / "diagrams"
SCALE = 2  # pixels of the picture for one on the screen


def stored(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the diagram `name` as a notebook keeps it: data and metadata of an output.

    The plain text of the output is the title and the description. Raises InputError if there is no such diagram.
    """
    names = sorted(path.stem for path in FOLDER.glob("*.png"))
    if name not in names:
        raise InputError(f"There is no diagram {name!r}. There are {', '.join(names)}.")
    path = FOLDER / f"{name}.png"
    with Image.open(path) as image:
        words, width = image.info, image.width // SCALE
    alt = f"{words['Title']}. {words['Description']}"
    data = {"image/png": base64.b64encode(path.read_bytes()).decode() + "\n", "text/plain": alt}
    return data, {"image/png": {"width": width, "alt": alt}}


def show_diagram(name: str) -> None:
    """Show the diagram `name` in a notebook."""
    data, metadata = stored(name)
    display(data, metadata=metadata, raw=True)
