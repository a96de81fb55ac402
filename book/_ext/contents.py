"""The book's order and numbers: the table of contents in `_toc.yml`, and the number in a notebook's name.

The one place that reads either. The name of a chapter's file begins with its number, 03_dcgan or 04b_bug_clinic;
titles, prose and links follow it (`python -m tools.site.renumber`).
"""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

# "chapter 3", "chapters 3, 8 and 14", "Chapters 4 to 13": a mention, and each number in it. "And" ends a list.
N = r"\d+[a-z]?\b"
MENTION = re.compile(
    rf"\b(?:[Cc]hapters\s+{N}(?:,\s+{N})*(?:,?\s+(?:and|or|nor|to)\s+{N}|[-–]{N})?|[Cc]hapter\s+{N})(?!\.\d)"
)
NUMBER = re.compile(rf"\b{N}")


class Part(NamedTuple):
    """One part of the book: its title, and its pages in reading order."""

    caption: str
    pages: list[str]


def parts(root: Path) -> list[Part]:
    """The parts of the table of contents of the book in the folder `root`."""
    table = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [
        Part(part.get("caption", ""), [entry["file"] for entry in part.get("chapters", [])])
        for part in table.get("parts", [])
    ]


def front(root: Path) -> str:
    """The front page."""
    return yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))["root"]


def pages(root: Path) -> list[str]:
    """All pages but the front page, in reading order: "book/preface", "notebooks/00_setup", ..."""
    return [page for part in parts(root) for page in part.pages]


def chapters(root: Path) -> list[str]:
    """The notebooks among the pages, as far as they exist."""
    return [page for page in pages(root) if (root / f"{page}.ipynb").exists()]


def numeral(name: str) -> str:
    """The number of a chapter from its name or its page: 01_noise -> 1, notebooks/04b_bug_clinic -> 4b."""
    return name.rpartition("/")[2].split("_")[0].lstrip("0") or "0"


def numbered(root: Path) -> dict[str, str]:
    """The notebooks by the number of their chapter: {"5": "notebooks/05_five", ...}."""
    return {numeral(page): page for page in chapters(root)}


def mentioned(text: str) -> set[str]:
    """The numbers of chapters that a text names."""
    return {number for mention in MENTION.findall(text) for number in NUMBER.findall(mention)}
