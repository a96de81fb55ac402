"""A stored film of a training on a page: ```{film} NAME, with the alternative text as the directive's content.

The frames are those of `ganbook.training.pretrained`, the player is `ganbook.viewing.film.Film`, with its button and
its slider. A film on the front page starts by itself, once, unless the reader has asked for less motion; then its last
frame stands still.
"""

from docutils import nodes
from docutils.parsers.rst import Directive

ONCE = """<script>
if (!matchMedia("(prefers-reduced-motion: reduce)").matches)
  document.currentScript.parentElement.querySelector(".ganbook-film button").click();
</script>"""


class StoredFilm(Directive):
    required_arguments = 1
    has_content = True

    def run(self):
        from ganbook.training import pretrained
        from ganbook.viewing.film import Film

        steps, x = pretrained.film(self.arguments[0])
        film = Film(
            steps, x, alt=" ".join(self.content), title=f"Sixteen noise vectors, from step 0 to step {steps[-1]:,}"
        )
        return [nodes.raw("", f'<div class="front-film">{film.html()}{ONCE}</div>', format="html")]


def setup(app):
    app.add_directive("film", StoredFilm)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
