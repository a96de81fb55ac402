"""Figures, equations, exercises and theorems are counted by chapter: "Figure 2.3" is the third of chapter 2.

A chapter's number is the one in its title. Pages whose title has no number, such as the preface, share one count.
"""

import re

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CHAPTER = re.compile(r"(\d+[a-z]?)\. ")


def by_chapter(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Rewrite Sphinx's numbers, which run through the whole book; no page has to be read again for it."""
    elsewhere: dict[str, int] = {}  # how many of each kind the pages without a number have had
    for name, kinds in env.toc_fignumbers.items():  # in the order of the book
        title = CHAPTER.match(env.titles[name].astext())
        for kind, numbers in kinds.items():
            count = 0 if title else elsewhere.get(kind, 0)
            for label in sorted(numbers, key=numbers.get):
                count += 1
                numbers[label] = (title[1], count) if title else (count,)
            if not title:
                elsewhere[kind] = count
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("env-get-updated", by_chapter, priority=900)  # after Sphinx has counted
    return {"parallel_read_safe": True, "parallel_write_safe": True}
