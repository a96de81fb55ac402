"""The back matter keeps itself: terms become links, numbers of chapters become links, exercises make their own index.

1. The first time a page's prose uses a term of the glossary, the term becomes a link to it. Only running text counts:
   no headings, code, links, captions, tables or formulas. Only the term as it stands, with a plural s or at the start
   of a sentence, so a word with other meanings is left alone if its entry has a note, "mode (of a distribution)".
2. On the glossary and the history, "chapter 3" becomes a link to the notebook of that number, once there is one.
3. `{{ exercises }}` on a page becomes the list of all exercises, chapter by chapter.
"""

import json
import re
from pathlib import Path

from contents import MENTION, NUMBER, chapters, numbered
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode
from teaching import Standing

GLOSSARY = "book/glossary"
NUMBERED = (GLOSSARY, "book/history")
# Where prose is not running text, or is a link already.
CLOSED = (
    nodes.title,
    nodes.caption,
    nodes.legend,
    nodes.table,
    nodes.citation,
    nodes.footnote,
    nodes.reference,
    nodes.literal_block,
    nodes.raw,
    Standing,
)


def pattern(terms) -> re.Pattern:
    """Any of the terms as whole words, the longest first; one that begins with a small letter may begin a sentence."""

    def one(term):
        first = f"[{term[0].upper()}{term[0]}]" if term[0].islower() else re.escape(term[0])
        return first + re.escape(term[1:])

    words = "|".join(one(term) for term in sorted(terms, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])({words})(?:s|es)?(?![\w-])")


class LinkTerms(SphinxPostTransform):
    """Link the first use of each term of the glossary on a page."""

    default_priority = 800  # after all references are resolved, so that links can be told

    def run(self, **_):
        page, places = self.env.docname, {}
        for name, _title, kind, docname, anchor, _priority in self.env.get_domain("std").get_objects():
            if kind == "term" and docname == GLOSSARY:
                places[name] = anchor
        if page == GLOSSARY or not places:
            return
        found, waiting = pattern(places), set(places)
        by_key = {name.lower(): name for name in places}
        for text in list(self.document.findall(nodes.Text)):
            if not isinstance(text.parent, nodes.paragraph | nodes.emphasis | nodes.strong) or closed(text):
                continue
            parts, end = [], 0
            for use in found.finditer(text):
                name = by_key[use[1].lower()]
                if name in waiting:
                    waiting.remove(name)
                    link = make_refnode(self.app.builder, page, GLOSSARY, places[name], nodes.Text(use[0]))
                    link["classes"].append("glossary-link")
                    parts += [nodes.Text(text[end : use.start()]), link]
                    end = use.end()
            if parts:
                text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def closed(node) -> bool:
    """Whether the node lies in something that is not running text."""
    while node := node.parent:
        if isinstance(node, CLOSED):
            return True
    return False


def link_chapters(app, docname, source):
    """Make "chapter 3", and each number of "chapters 3, 8 and 14", a link where there is such a chapter."""
    if docname not in NUMBERED:
        return
    files = numbered(Path(app.srcdir))

    def link(found):
        file = files.get(found[1])
        return f"[{found[0]}](../{file}.ipynb)" if file else found[0]

    def each(mention):
        return re.sub(rf"(?:chapter\s+)?({NUMBER.pattern})", link, mention[0])

    source[0] = MENTION.sub(each, source[0])


def exercises(source: Path) -> str:
    """Markdown: for each chapter that has exercises its title, and a list of links to them."""
    parts = []
    for file in chapters(source):
        notebook = json.loads((source / f"{file}.ipynb").read_text(encoding="utf-8"))
        cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
        found = re.findall(r"^`{3,}\{exercise\} *(.*)\n:label: *(\S+)$", "\n".join(cells), flags=re.MULTILINE)
        if found:
            items = "\n".join(f"- {{ref}}`{title} <{label}>`" for title, label in found)
            parts.append(f"**[](../{file}.ipynb)**\n\n{items}")
    return "\n\n".join(parts) or "There are no exercises yet."


def fill_in(app, config):
    config.myst_substitutions = {
        **(config.myst_substitutions or {}),
        "exercises": exercises(Path(app.srcdir)),
    }


def setup(app):
    app.add_post_transform(LinkTerms)
    app.connect("source-read", link_chapters)
    app.connect("config-inited", fill_in, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
