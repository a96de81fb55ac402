"""Terms, numbers of chapters and the index of exercises become links by themselves (book/_ext/lookup.py)."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import contents
import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
EXTENSIONS = ROOT / "book" / "_ext"

CONF = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = ["myst_parser", "lookup"]
root_doc = "index"
myst_enable_extensions = ["dollarmath", "substitution"]
exclude_patterns = ["notebooks"]
"""
TOC = "parts: [{caption: A, chapters: [{file: notebooks/05_five}, {file: notebooks/11_later}, {file: book/history}]}]"
GLOSSARY = """# Glossary

```{glossary}
logit
  A number. See chapter 5.

mode (of a distribution)
  A hump.

mode collapse
  One image.

step
  A fake.

fake
  An image.

GAN
  Two networks.

deep GAN
  Of many layers.

step size
  A length.
```
"""
INDEX = """# A logit in the title

```{toctree}
book/glossary
book/history
```

`logit` and [a logit](https://example.org) and $logit$ are no uses, and *logits* is the first. The second logit is none.

| logit | GAN |
|---|---|
| fake | fake |

![a fake](picture.png)

Mode collapse is one term, a mode is another. Deep GANs are one, and a step size.

A gan, GANsters and a footstep are none; a non-logit is none.

## A step

    fake

The last paragraph has a **fake**, a Fake, two steps, and *two GANs*.
"""
HISTORY = """# History

Made in chapter 5 and chapter 6; read chapters 5,
11 and 12, version 5 too.

{{ exercises }}
"""


class Links(HTMLParser):
    """Of a page's article: (target, words) of every link that the transform made, and of every link."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.terms, self.all, self.open = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "a" and values.get("href"):
            self.open = [values["href"], "", "glossary-link" in (values.get("class") or "").split()]

    def handle_data(self, data):
        if self.open:
            self.open[1] += data

    def handle_endtag(self, tag):
        if tag == "a" and self.open:
            target, words, made = self.open
            self.all.append((target, words))
            self.terms += [(target, words)] if made else []
            self.open = None


def notebook(title, *cells):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in (f"# {title}", *cells)]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    """A book of three pages, built; gives the folder of its pages."""
    source = tmp_path_factory.mktemp("small")
    (source / "book").mkdir()
    (source / "notebooks").mkdir()
    (source / "conf.py").write_text(CONF)
    (source / "_toc.yml").write_text(TOC)
    (source / "index.md").write_text(INDEX)
    (source / "picture.png").write_bytes(b"")
    (source / "book" / "glossary.md").write_text(GLOSSARY)
    (source / "book" / "history.md").write_text(HISTORY)
    exercise = "```{exercise} Count\n:label: ex-five-count\n\nText.\n```"
    (source / "notebooks" / "05_five.ipynb").write_text(notebook("5. Five", exercise))
    (source / "notebooks" / "11_later.ipynb").write_text(notebook("11. Later"))
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", source, source / "out"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 0, answer.stderr
    return source / "out"


def test_the_first_use_of_a_term_is_a_link_and_nothing_else(small_book):
    found = Links((small_book / "index.html").read_text(encoding="utf-8")).terms
    expected = ["logits", "Mode collapse", "Deep GANs", "step size", "fake", "steps", "GANs"]
    assert [words for _, words in found] == expected
    anchors = {words: target.partition("#")[2] for target, words in found}
    assert anchors["logits"] == "term-logit" and anchors["Mode collapse"] == "term-mode-collapse"
    page = (small_book / "book" / "glossary.html").read_text(encoding="utf-8")
    assert all(f'id="{anchor}"' in page for anchor in anchors.values())


def test_the_glossary_does_not_link_to_itself(small_book):
    assert not Links((small_book / "book" / "glossary.html").read_text(encoding="utf-8")).terms


def test_text_around_a_link_is_whole(small_book):
    page = (small_book / "index.html").read_text(encoding="utf-8")
    plain = re.sub(r"<[^>]+>", "", page)
    for line in INDEX.splitlines():
        if line.startswith(("Mode collapse", "The last")):
            assert line.replace("*", "") in plain


def test_numbers_of_chapters_that_exist_become_links(small_book):
    """Their notebooks are not built in the small book, so myst leaves the links as they were written."""
    page = (small_book / "book" / "history.html").read_text(encoding="utf-8")
    links = re.findall(r"05_five|11_later", page)
    assert links.count("05_five") >= 2 and links.count("11_later") >= 1
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "Made in chapter 5 and chapter 6; read chapters 5, 11 and 12, version 5 too." in words


def test_exercises_are_listed_with_their_labels(small_book, monkeypatch):
    monkeypatch.syspath_prepend(EXTENSIONS)
    lookup = __import__("lookup")
    listed = lookup.exercises(small_book.parent)
    assert listed == "**[](../notebooks/05_five.ipynb)**\n\n- {ref}`Count <ex-five-count>`"
    assert contents.numbered(small_book.parent) == {"5": "notebooks/05_five", "11": "notebooks/11_later"}


# ------------------------------------------------------------------------------------------------ the book's own pages


@pytest.fixture(scope="module")
def pages():
    if not (SITE / "book" / "glossary.html").exists():
        pytest.fail("The site is not built: run `make book` (or `make test`, which builds it first).")
    return {path.stem: Links(path.read_text(encoding="utf-8")) for path in (SITE / "notebooks").glob("*.html")}


def test_every_chapter_links_its_terms_once(pages):
    for name, page in pages.items():
        targets = [target for target, _ in page.terms]
        assert len(targets) >= 5 and len(targets) == len(set(targets)), name


def test_every_exercise_of_the_book_is_in_the_index(pages):
    index = Links((SITE / "book" / "exercises.html").read_text(encoding="utf-8")).all
    linked = {target.partition("#")[2] for target, _ in index}
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        labels = set(re.findall(r":label: (ex-[a-z0-9-]+)", path.read_text(encoding="utf-8")))
        assert path.stem not in pages or labels <= linked, f"{path.stem}: {sorted(labels - linked)}"
