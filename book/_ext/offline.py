"""Four small things that the book's site needs and no published extension does.

1. No page asks anything of another host: sphinx-thebe, which Jupyter Book always loads, puts a script from a
   content network on every page. Its event handlers are taken out again.
2. What a chapter costs is measured, not typed: `{{ costs }}` on a page becomes a table of the minutes that
   `make notebooks` stored in each notebook.
3. docutils gives an entry of the bibliography a role that ARIA has since withdrawn, inside a list that may hold list
   items only; entries are list items.
4. Citations in round brackets, "Goodfellow et al. (2014)", as the prose and the code comments write them.
"""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from contents import chapters
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle


def drop_thebe(app, config):
    """Disconnect every handler that sphinx-thebe connected in its own set-up, and forget its style sheet."""
    for name, listeners in app.events.listeners.items():
        app.events.listeners[name] = [one for one in listeners if not one.handler.__module__.startswith("sphinx_thebe")]
    app.registry.css_files[:] = [file for file in app.registry.css_files if file[0] != "sphinx-thebe.css"]


def costs(source: Path, page: Path) -> str:
    """A Markdown table: chapter, and the measured minutes on one CPU core, rounded up."""
    rows = []
    for file in chapters(source):
        notebook = json.loads((source / f"{file}.ipynb").read_text(encoding="utf-8"))
        seconds = notebook["metadata"].get("ganbook", {}).get("seconds")
        time = "not measured yet" if seconds is None else minutes(seconds)
        link = Path("..") / f"{file}.ipynb" if page.parent != Path(".") else f"{file}.ipynb"
        rows.append(f"| []({link}) | {time} |")
    if not rows:
        return "No chapter has been run yet."
    return "\n".join(["| Chapter | Running time |", "|---|---|", *rows])


def minutes(seconds: float) -> str:
    whole = math.ceil(seconds / 60)
    return "under a minute" if whole <= 1 else f"{whole} minutes"


def fill_in(app, config):
    config.myst_substitutions = {
        **(config.myst_substitutions or {}),
        "costs": costs(Path(app.srcdir), Path("book/preface.md")),
    }


def list_items(app, page, template, context, doctree):
    """Sphinx's event `html-page-context`."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def round_brackets() -> BracketStyle:
    return BracketStyle(left="(", right=")")


@dataclass
class RoundAuthorYear(AuthorYearReferenceStyle):
    bracket_parenthetical: BracketStyle = field(default_factory=round_brackets)
    bracket_textual: BracketStyle = field(default_factory=round_brackets)
    bracket_author: BracketStyle = field(default_factory=round_brackets)
    bracket_label: BracketStyle = field(default_factory=round_brackets)
    bracket_year: BracketStyle = field(default_factory=round_brackets)


def setup(app):
    register_plugin("sphinxcontrib.bibtex.style.referencing", "author_year_round", RoundAuthorYear)
    app.connect("config-inited", drop_thebe)
    app.connect("html-page-context", list_items)
    app.connect("config-inited", fill_in, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
