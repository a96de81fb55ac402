"""A diagram on a page: ```{diagram} NAME with the option `:name:` and the caption as its content, as figures have them.

It is drawn from the text in book/diagrams/NAME.yml ("Adding a diagram" in CONTRIBUTING.md), as SVG in the page: no
script, no file to fetch, colours that follow the theme. Every diagram is made twice, for the width of a page and for a
telephone; book/_static/diagrams.css shows one of the two. The site needs neither the package nor PyTorch for this.
"""

import html
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from drawing import plain
from maps import maps
from number_lines import number_lines
from sphinx.util.docutils import SphinxDirective
from towers import blocks, networks, stored

FOLDER = Path(__file__).resolve().parents[1] / "diagrams"


def names() -> list[str]:
    """All diagrams that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def load(name: str) -> dict:
    """The content of a diagram's file; its title and its description in one line each."""
    if name not in names():
        raise ValueError(f"no diagram is called {name!r}; there are {', '.join(names())}")
    content = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    for key in ("title", "description"):
        content[key] = " ".join(content.get(key, "").split())
        if not content[key]:
            raise ValueError(f"{name}.yml has no {key}: whoever cannot see the diagram has only these words")
    return content


def described(content: dict) -> str:
    """The description, with the layers of stored networks behind it."""
    said = content["description"]
    for player in ("G", "D") if "networks" in content else ():
        network = stored(content["networks"])[player]
        sizes = " to ".join(
            "one logit" if not shape else " by ".join(map(str, shape))
            for shape in [network["input"], *(group["shape"] for group in blocks(network["layers"]))]
        )
        layers = ", ".join(layer["words"] for layer in network["layers"])
        said += f" {player}, {network['parameters']:,} parameters, goes from {sizes}: {layers}."
    return said


def svg(content: dict, mark: str, narrow: bool) -> str:
    """One of the two forms of a diagram; `mark` begins its ids."""
    form = networks if "networks" in content else number_lines if "axis" in content else maps
    whole = form(content, narrow)
    w, h = whole.width + 4, whole.height + 4
    name = "narrow" if narrow else "wide"
    title, told = (html.escape(plain(part)) for part in (content["title"], described(content)))
    return (
        f'<svg class="{name}" xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {w:.0f} {h:.0f}" '
        f'width="{w:.0f}" height="{h:.0f}" role="img" aria-labelledby="{mark}-{name}-title {mark}-{name}-words">'
        f'<title id="{mark}-{name}-title">{title}</title><desc id="{mark}-{name}-words">{told}</desc>'
        f"{whole.svg}</svg>"
    )


def draw(name: str, mark: str) -> str:
    """A diagram as HTML: its two forms, of which the style sheet shows one. `mark` begins its ids."""
    content = load(name)
    return f'<div class="diagram">{svg(content, mark, False)}{svg(content, mark, True)}</div>'


class Diagram(SphinxDirective):
    """A figure whose picture is drawn; its first paragraph is the caption."""

    required_arguments = 1
    has_content = True
    option_spec = {"name": directives.unchanged}

    def run(self):
        for path in [FOLDER / f"{self.arguments[0]}.yml", *FOLDER.glob("networks/*.json"), FOLDER / "pictures.txt"]:
            self.env.note_dependency(str(path))
        mark = f"diagram-{self.env.new_serialno('diagram')}"
        figure = nodes.figure("", nodes.raw("", draw(self.arguments[0], mark), format="html"), align="default")
        self.set_source_info(figure)
        said = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, said)
        if not said.children or not isinstance(said[0], nodes.paragraph):
            raise self.error("a diagram has a caption: the content of the directive")
        figure += nodes.caption(said[0].rawsource, "", *said[0].children)
        if said.children[1:]:
            figure += nodes.legend("", *said.children[1:])
        self.add_name(figure)
        return [figure]


def setup(app):
    app.add_directive("diagram", Diagram)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
