"""Make the edition: the notebooks that Colab, Jupyter, VS Code and GitHub show, generated from the chapters.

    python -m tools.site.edition                 all chapters, into _build/edition
    python -m tools.site.edition 03_dcgan        one
    python -m tools.site.edition --folder DIR    into another folder

A chapter's source is written in MyST, which only the site can read. In the edition its text is plain Markdown, a
caption stands in a cell below its figure, numbers that the text takes from an output are printed, and links lead to the
site. Code that the site folds away is folded here too, solutions among it. The code is the chapter's: only the marks of
solutions and the hidden part of a check are cut, and a folded cell begins with a title for Colab. Outputs are kept.

The set-up cell fetches the package as it was when the edition was made (book/_ext/versions.py), so that a copy which
somebody keeps goes on to work when the package changes. Where that is not to be had it takes the newest and says so.

A diagram is the stored output of a folded cell of code that shows the same picture when it is run. Of all ways to put a
picture into a notebook only an output is shown everywhere: Colab shows no attachments of Markdown cells, GitHub no SVG
in Markdown.
"""

import argparse
import re
from pathlib import Path

import nbformat
import versions
import yaml
from contents import chapters
from teaching import HIDDEN, MARKER, head, place, with_questions

from ganbook.chapters.stored_diagrams import stored
from tools.site.notebooks import repository
from tools.site.plain import DIAGRAM, ROOT, Plain

EDITION = ROOT / "_build" / "edition"
SHOW = """\
# @title Diagram: {title}
from ganbook.chapters.stored_diagrams import show_diagram

show_diagram("{name}")"""
SHOWS = re.compile(r'^show_diagram\("(.+)"\)$', re.MULTILINE)
SET_UP = """\
# In Colab this fetches the book's package and leaves torch as it is; elsewhere it does nothing.
import importlib.util
import os
import subprocess
import sys


def fetch(package):
    command = [sys.executable, "-m", "pip", "install", "--quiet", package]
    return subprocess.run(command, capture_output=True, text=True)


if importlib.util.find_spec("ganbook") is None:
    newest = "ganbook @ git+{url}"
    answer = fetch(os.environ.get("GANBOOK_SOURCE", newest + "{at}"))
    if answer.returncode and "GANBOOK_SOURCE" not in os.environ:
        answer = fetch(newest)
        if not answer.returncode:
            print("The package that this notebook was made with ({what}) was not found. You have the newest one now.")
            print("If a cell fails, open the newest notebook from {home}")
    if answer.returncode:
        print(answer.stderr)
        raise ModuleNotFoundError(
            "The package ganbook could not be fetched. Is there a connection to the internet? Connect and run this "
            "cell again, or install the package from a copy of the book with: pip install ."
        )
    importlib.invalidate_caches()"""
# What Colab shows in the place of a cell that is folded.
TITLES = {"setup": "Set-up: run this cell first", "solution": "A solution", "hide-input": "Code"}


def questions(path: Path) -> str:
    """The questions of a chapter in plain Markdown, what is to be said of the answers folded away below each."""
    lines = ["## Questions"]
    for number, one in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), 1):
        lines += ["", f"**{number}.** {' '.join(one['question'].split())}", ""]
        lines += [f"- ({letter}) {answer['text']}" for letter, answer in zip("abcdef", one["answers"])]
        lines += ["", "<details><summary>About the answers</summary>", ""]
        for letter, answer in zip("abcdef", one["answers"]):
            lines.append(f"- ({letter}) {'Right. ' if answer.get('right') else 'No. '}{answer['feedback']}")
        lines += ["", "</details>"]
    return "\n".join(lines)


def plain_copy(notebook, name: str, reader: Plain, below_title: str = ""):
    """A copy of a chapter with its text in plain Markdown, the questions in their place.

    Under the title stands what the chapter takes, and `below_title`.
    """
    made = nbformat.from_dict(notebook)
    asked, heading = ROOT / "book" / "quizzes" / f"{name}.yml", place(notebook)
    for cell in made.cells:
        if cell.cell_type == "markdown":
            text = reader.text(cell.source)
            if asked.exists():
                text = with_questions(text, heading, questions(asked))
            cell.source = text
    line = "\n\n".join(filter(None, [head(notebook), below_title]))
    first = made.cells[0]
    first.source = re.sub(r"^(# .+)$", lambda title: f"{title[0]}\n\n{line}", first.source, count=1, flags=re.MULTILINE)
    return made


def with_pictures(cells: list) -> list:
    """The cells; those that show a diagram are folded and have it as their output, as if they had been run."""
    for cell in cells:
        if cell.cell_type == "code" and (found := SHOWS.search(cell.source)):
            data, metadata = stored(found[1])
            cell.outputs = [nbformat.v4.new_output("display_data", data=data, metadata=metadata)]
            cell.metadata |= {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["diagram"]}
    return cells


def with_diagrams(cells: list) -> list:
    """The cells, those of text cut where a diagram stands; below a diagram its caption, and its words folded away."""
    found = []
    for cell in cells:
        first, *rest = DIAGRAM.split(cell.source) if cell.cell_type == "markdown" else [cell.source]
        if rest:
            cell.source = first.strip("\n")
        found += [cell] if cell.source or not rest else []
        for number, (name, text) in enumerate(zip(rest[::2], rest[1::2])):
            title, _, words = stored(name)[0]["text/plain"].partition(". ")
            found.append(
                nbformat.v4.new_code_cell(SHOW.format(title=title, name=name), id=f"diagram-{cell.id}-{number}")
            )
            caption, _, more = text.strip("\n").partition("\n\n")
            folded = f"<details><summary>The diagram in words</summary>\n\n{words}\n\n</details>"
            below = "\n\n".join(filter(None, [caption, folded, more]))
            found.append(nbformat.v4.new_markdown_cell(below, id=f"below-{cell.id}-{number}"))
    return with_pictures(found)


def with_captions(cells: list, reader: Plain) -> list:
    """The cells without what only the site reads in their metadata; diagrams, and captions below figures, are cells."""
    found = []
    for number, cell in enumerate(with_diagrams(cells)):
        found.append(cell)
        caption = cell.metadata.pop("mystnb", {}).get("figure", {}).get("caption")
        cell.metadata.pop("ganbook", None)
        if caption and "nbgrader" not in cell.metadata:  # the text speaks of figures by their captions
            text = f"**Figure.** {reader.text(caption)}"
            found.append(nbformat.v4.new_markdown_cell(text, id=f"caption-{number}"))
    return found


def fold(cell) -> None:
    """Hide a code cell that the site folds away: in Jupyter, VS Code (by metadata) and Colab (as a form)."""
    tags = cell.metadata.get("tags", [])
    title = next((TITLES[tag] for tag in TITLES if tag in tags), None)
    if "remove-output" in tags:
        cell.metadata["jupyter"] = {"outputs_hidden": True}
    if title and not cell.source.startswith("%%"):
        cell.source = f"# @title {title}\n{cell.source}"
        cell.metadata["cellView"] = "form"
        cell.metadata["jupyter"] = {**cell.metadata.get("jupyter", {}), "source_hidden": True}


def set_up(reference: str, home: str) -> str:
    """The set-up cell of an edition that belongs to `reference`, a tag or a commit; without one, to the newest."""
    what = f"release {reference[1:]}" if reference.startswith("v") else f"commit {reference[:10]}"
    return SET_UP.format(url=repository()["url"], at=f"@{reference}" if reference else "", what=what, home=home)


def pin(cells: list, home: str) -> None:
    """Let the set-up cell fetch the package that these cells were made with."""
    for cell in cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = set_up(versions.reference(ROOT), home)


def edition(notebook, name: str, reader: Plain):
    """The chapter called `name` as a notebook for whoever opens it outside the site."""
    page = f"{reader.home}notebooks/{name}.html"
    belongs = f"This notebook belongs to version {versions.words(ROOT)}."
    made = plain_copy(notebook, name, reader, f"*This chapter is also [a page of the book]({page}). {belongs}*")
    made.cells = with_captions(made.cells, reader)
    pin(made.cells, reader.home)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.source = HIDDEN.sub("", MARKER.sub("", cell.source)).rstrip("\n")
            fold(cell)
    made.metadata.pop("ganbook", None)  # the fingerprint belongs to the chapter
    nbformat.validate(made)
    return made


def make(names: list[str], folder: Path = EDITION) -> list[Path]:
    """Write the edition of these chapters (of none: of all); return the files."""
    paths = {Path(page).name: ROOT / f"{page}.ipynb" for page in chapters(ROOT)}
    if unknown := set(names) - set(paths):
        raise SystemExit(f"No chapter is called {', '.join(sorted(unknown))}; there are: {', '.join(paths)}.")
    folder.mkdir(parents=True, exist_ok=True)
    reader, written = Plain(), []
    for name in names or paths:
        made = edition(nbformat.read(paths[name], as_version=4), name, reader)
        written.append(folder / f"{name}.ipynb")
        nbformat.write(made, written[-1])
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the notebooks that Colab, Jupyter, VS Code and GitHub show.")
    parser.add_argument("names", nargs="*", help="chapters, by name or path (default: all)")
    parser.add_argument("--folder", type=Path, default=EDITION, help="where to (default: _build/edition)")
    options = parser.parse_args()
    for path in make([Path(name).stem for name in options.names], options.folder):
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
