"""The last frames of stored films on a page: ```{stills}, a figure with a line for each recipe.

    ```{stills}
    :name: fig-answer-samples

    c-mlp: The MLP pair of tutorial C | Sixteen times the same stroke
    a-dcgan: The convolutional pair of tutorial A | Sixteen digits, most of them legible

    The caption.
    ```

A line has the recipe, the words above its samples, and the words for whoever cannot see them. The films are in
ganbook/assets/weights/recipes: one PNG a recipe, each row of which is the sixteen samples of one frame. A film that is
made anew is shown anew when the site is built.
"""

import base64
import html
import io
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from PIL import Image
from sphinx.util.docutils import SphinxDirective

FILMS = Path("ganbook") / "assets" / "weights" / "recipes"
SAMPLES, COLUMNS, SCALE = 16, 8, 2  # in a frame; in a row of the still; pixels of the page to one of the film


def last_frame(film: Path) -> Image.Image:
    """The samples in the last row of a film, in rows of eight."""
    with Image.open(film) as image:
        side = image.width // SAMPLES
        row = image.convert("L").crop((0, image.height - side, image.width, image.height))
    still = Image.new("L", (COLUMNS * side, SAMPLES // COLUMNS * side))
    for line in range(SAMPLES // COLUMNS):
        part = row.crop((line * COLUMNS * side, 0, (line + 1) * COLUMNS * side, side))
        still.paste(part, (0, line * side))
    return still


def as_html(film: Path, words: str, alt: str) -> str:
    """One still with the words above it. The page enlarges it without smoothing (house.css)."""
    still, file = last_frame(film), io.BytesIO()
    still.save(file, "WEBP", lossless=True)
    source = f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
    size = f'width="{SCALE * still.width}" height="{SCALE * still.height}"'
    return f'<div><p>{html.escape(words)}</p><img src="{source}" alt="{html.escape(alt)}" {size}></div>'


class Stills(SphinxDirective):
    """A figure whose pictures are cut from films; the last paragraph of its content is the caption."""

    has_content = True
    option_spec = {"name": directives.unchanged}

    def run(self):
        lines = [line.strip() for line in self.content]
        if "" not in lines:
            raise self.error("stills are lines, NAME: words | words for whoever cannot see them; then the caption")
        end, shown = lines.index(""), []
        for line in lines[:end]:
            name, _, rest = line.partition(": ")
            words, _, alt = (part.strip() for part in rest.partition("|"))
            film = Path(self.env.srcdir) / FILMS / f"{name}.png"
            if not alt:
                raise self.error(f"the still of {name!r} has no words for whoever cannot see it, after a |")
            if not film.is_file():
                raise self.error(f"no film is called {name!r}: there is no {FILMS / film.name}")
            self.env.note_dependency(str(film))
            shown.append(as_html(film, words, alt))
        figure = nodes.figure(
            "", nodes.raw("", f'<div class="stills">{"".join(shown)}</div>', format="html"), align="default"
        )
        self.set_source_info(figure)
        said = nodes.Element()
        self.state.nested_parse(self.content[end + 1 :], self.content_offset + end + 1, said)
        if not said.children or not isinstance(said[0], nodes.paragraph):
            raise self.error("stills have a caption: a paragraph behind their lines")
        figure += nodes.caption(said[0].rawsource, "", *said[0].children)
        self.add_name(figure)
        return [figure]


def setup(app):
    app.add_directive("stills", Stills)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
