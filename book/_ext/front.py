"""A stored film of a training on a page: ```{film} NAME, with the alternative text as the directive's content.

The player and its picture are book/films/NAME.html and NAME.webp, which `python -m tools.site.front_film` makes with
the package; a test compares them with what the package would make now. A film on the front page starts by itself, once,
unless the reader has asked for less motion; then its last frame stands still.
"""

import base64
import html
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

ONCE = """<script>
if (!matchMedia("(prefers-reduced-motion: reduce)").matches)
  document.currentScript.parentElement.querySelector(".ganbook-film button").click();
</script>"""


def player(path: Path, alt: str) -> str:
    """The stored player as HTML with the words `alt` and with its picture. `path` is without an ending."""
    picture = base64.b64encode(path.with_suffix(".webp").read_bytes()).decode()
    page = path.with_suffix(".html").read_text(encoding="utf-8")
    return page.replace("{alt}", html.escape(alt)).replace("{source}", f"data:image/webp;base64,{picture}")


class StoredFilm(Directive):
    required_arguments = 1
    has_content = True

    def run(self):
        environment = self.state.document.settings.env
        path = Path(environment.srcdir) / "book" / "films" / self.arguments[0]
        for kind in (".html", ".webp"):
            environment.note_dependency(str(path.with_suffix(kind)))
        film = player(path, " ".join(self.content))
        return [nodes.raw("", f'<div class="front-film">{film}{ONCE}</div>', format="html")]


def setup(app):
    app.add_directive("film", StoredFilm)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
