"""What explorables in the text of chapters share: ```{NAME} with the option `:name:`, the caption as its content.

An explorable is a figure. In print and without scripts the figure is a still picture, ganbook/assets/diagrams/NAME.png;
where scripts run, the explorable takes the picture's place (`show` in book/_static/demos/page.js).

A sentence of the same page can lead to a state of it: {try}`kernel 4, stride 2 <stamping:kernel=4,stride=2>` is a link
that sets the explorable (book/_static/demos/state.js) and shows it. Without scripts it leads to the still picture.
"""

import html
import re
import sys
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from PIL import Image
from sphinx.util.docutils import SphinxDirective, SphinxRole

# All of them: the edition, the slides and the tests read this list.
NAMES = ("ask", "stamping", "earth", "game", "clouds", "rungs", "times")

STATE = re.compile(r"(?P<words>[^<>]+?) *<(?P<state>(?P<name>[\w-]+):[\w.,=-]+)>")
PICTURES = Path("ganbook", "assets", "diagrams")
AROUND = """<link rel="stylesheet" href="{top}_static/demos/demos.css">
<span id="{name}-here"></span>
<div id="{name}-demo" class="demo explorable" data-scripts="{top}_static/demos/" data-state="loading" hidden>
{inside}</div>
<noscript><p>This is a still picture. {live}</p></noscript>
{scripts}"""


def words(picture: Path) -> str:
    """The title and the description that a picture holds."""
    with Image.open(picture) as image:
        return f"{image.info['Title']}. {image.info['Description']}"


class Explorable(SphinxDirective):
    """A figure: the still picture, the explorable that replaces it, the caption.

    A subclass is a directive. Its `inside` is the explorable as HTML, and `scripts` are the files in
    book/_static/demos that bring it to life, in their order. `live` is a sentence, with "With JavaScript" in it, for
    readers without scripts.
    """

    inside: ClassVar[str]
    live: ClassVar[str]
    scripts: ClassVar[tuple[str, ...]]
    has_content = True
    option_spec: ClassVar[dict] = {"name": directives.unchanged}

    @classmethod
    def page(cls, name: str, top: str) -> str:
        """The explorable as HTML; `top` leads to the top of the site."""
        scripts = "\n".join(f'<script defer src="{top}_static/demos/{script}.js"></script>' for script in cls.scripts)
        return AROUND.format(top=top, name=name, inside=cls.inside, live=cls.live, scripts=scripts)

    def run(self):
        root, picture = Path(self.env.srcdir), PICTURES / f"{self.name}.png"
        for path in (root / picture, Path(__file__), Path(sys.modules[type(self).__module__].__file__)):
            self.env.note_dependency(str(path))
        image = nodes.image("", uri=f"/{picture.as_posix()}", alt=words(root / picture))
        figure = nodes.figure("", image, align="default")
        figure += nodes.raw("", self.page(self.name, "../" * self.env.docname.count("/")), format="html")
        self.set_source_info(figure)
        caption = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, caption)
        if len(caption.children) != 1 or not isinstance(caption[0], nodes.paragraph):
            raise self.error("an explorable has a caption of one paragraph: the content of the directive")
        figure += nodes.caption(caption[0].rawsource, "", *caption[0].children)
        self.add_name(figure)
        return [figure]


class Try(SphinxRole):
    """A link to a state of an explorable on the same page: {try}`words <NAME:field=value,...>`."""

    def run(self):
        found = STATE.fullmatch(self.text)
        if not found or found["name"] not in NAMES:
            message = self.inliner.reporter.error(
                f"a link to a state reads {{try}}`words <NAME:field=value,...>` with NAME one of {', '.join(NAMES)}, "
                f"and here stands `{self.text}`",
                line=self.lineno,
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        state, said = (html.escape(found[part]) for part in ("state", "words"))
        link = f'<a class="try reference internal" href="#{found["name"]}-here" data-state="{state}">{said}</a>'
        return [nodes.raw("", link, format="html")], []


def setup(app):
    app.add_role("try", Try())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
