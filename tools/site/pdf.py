"""Print the built site as one PDF with page numbers: `make pdf` writes _build/ganbook.pdf (needs Chromium and pypdf).

The articles of all pages, in the order of the table of contents, become one document, so that pages are numbered
through and links inside the book work. It is printed twice: the second time the contents know the pages. Solutions are
printed, in their place; code that a page folds away is not, and neither are set-up cells and widgets.
"""

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

import contents
import yaml
from bs4 import BeautifulSoup

from tools.site import chromium

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "ganbook.pdf"

PAGE = """<!doctype html>
<html lang="en" data-theme="light" data-mode="light">
<head><meta charset="utf-8"><title>{title}</title>
{styles}
<link rel="stylesheet" href="_static/print.css">
<script>
MathJax = {{
  chtml: {{matchFontHeight: false}},
  options: {{enableMenu: false, processHtmlClass: "math|mathjax_process"}},
}};
</script>
<script defer src="_static/vendor/mathjax/tex-chtml-full.js"></script>
</head>
<body class="print"><main class="bd-article">
<section class="front"><h1>{title}</h1><p>{author}</p><nav><ol>{contents}</ol></nav></section>
{articles}
</main></body></html>
"""
FOOTER = (
    '<div style="width: 100%; font: 8px sans-serif; color: #555; text-align: center">'
    '<span class="pageNumber"></span></div>'
)


def mark(page: str, anchor: str = "") -> str:
    """A name for an anchor that is unique in the whole document."""
    return re.sub(r"\W+", "-", f"{page}--{anchor}" if anchor else page)


def article(page: str, pages: list[str]) -> BeautifulSoup:
    """The text of one page, its anchors and links renamed, without what paper cannot show."""
    soup = BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    text = soup.find("article")
    for gone in text.select(
        "script, button, .headerlink, .tag_setup, .jupyter-widgets, .bar, .controls, .sd-tab-set > input, "
        ".prev-next-area, .copybtn, .downloads, noscript"
    ):
        gone.decompose()
    for folded in text.select("details"):
        if folded.find_parent(class_="tag_solution"):
            folded["open"], folded.summary.string = "", "Solution"
        elif not folded.find_parent(class_="cell"):
            folded["open"] = ""
        else:
            folded.decompose()  # code that only draws
    for element in text.select("[id]"):
        element["id"] = mark(page, element["id"])
    for named in text.select("[aria-labelledby]"):
        named["aria-labelledby"] = " ".join(mark(page, one) for one in named["aria-labelledby"].split())
    for label in text.select("label[for]"):
        label["for"] = mark(page, label["for"])
    for choice in text.select("input[name]"):
        choice["name"] = mark(page, choice["name"])
    folder = Path(page).parent
    for image in text.select("img[src]"):
        if not image["src"].startswith("data:"):
            image["src"] = (Path(*folder.parts) / image["src"]).as_posix()
        image["loading"] = "eager"
    for link in text.select("a[href]"):
        target, _, anchor = link["href"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        other = page if not target else _inside(folder, target.removesuffix(".html"))
        if other in pages:
            link["href"] = "#" + mark(other, anchor)
        else:
            del link["href"]
    text.name, text["id"] = "section", mark(page)
    text["class"] = [*text.get("class", []), "chapter"]
    return text


def _inside(folder: Path, target: str) -> str:
    """notebooks + ../book/notation -> book/notation"""
    parts = list(folder.parts)
    for part in Path(target).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def document(pages: list[str], numbers: dict[str, int]) -> str:
    """The whole book as one page of HTML; `numbers` are the pages of paper for the contents."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    first = BeautifulSoup((SITE / f"{pages[0]}.html").read_text(encoding="utf-8"), "html.parser")
    styles = "\n".join(
        str(link).replace("../_static", "_static") for link in first.select('head link[rel="stylesheet"]')
    )
    articles = {page: article(page, pages) for page in pages}
    titles = {page: text.find("h1").get_text().strip() for page, text in articles.items()}
    contents = "".join(
        f'<li><a href="#{mark(page)}">{title}</a> <span>{numbers.get(page, "")}</span></li>'
        for page, title in titles.items()
    )
    return PAGE.format(
        title=config["title"],
        author=config["author"],
        styles=styles,
        contents=contents,
        articles="\n".join(str(text) for text in articles.values()),
    )


def first_pages(path: Path, pages: list[str]) -> dict[str, int]:
    """The number of the paper page on which each chapter begins, from the PDF's named destinations."""
    from pypdf import PdfReader

    reader = PdfReader(path)
    places = {name.lstrip("/"): place for name, place in reader.named_destinations.items()}
    return {page: reader.get_destination_page_number(places[mark(page)]) + 1 for page in pages}


def print_book(target: Path) -> int:
    """Write the PDF; return its number of pages."""
    from playwright.sync_api import sync_playwright
    from pypdf import PdfReader

    pages = contents.pages(ROOT)  # the front page is for screens
    browser = chromium.find()
    if browser is None:
        raise SystemExit("make pdf prints with Chromium or Chrome, and none is installed here.")
    numbers: dict[str, int] = {}
    whole = SITE / "whole-book.html"
    options = {
        "format": "A4",
        "print_background": True,
        "display_header_footer": True,
        "header_template": "<span></span>",
        "footer_template": FOOTER,
        "margin": {"top": "18mm", "bottom": "20mm", "left": "20mm", "right": "20mm"},
        "outline": True,
        "tagged": True,
    }
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=browser, args=[*chromium.FLAGS])
        try:
            for _ in range(2):
                whole.write_text(document(pages, numbers), encoding="utf-8")
                page = browser.new_page()
                page.set_default_timeout(600_000)
                page.goto(whole.as_uri(), wait_until="load")
                page.evaluate("MathJax.startup.promise.then(() => document.fonts.ready).then(() => 0)")
                printed = Path(folder) / "book.pdf"
                page.pdf(path=printed, **options)
                page.close()
                numbers = first_pages(printed, pages)
            shutil.move(printed, target)
        finally:
            browser.close()
            whole.unlink(missing_ok=True)
    return len(PdfReader(target).pages)


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the built site as one PDF.")
    parser.add_argument("--target", type=Path, default=TARGET)
    target = parser.parse_args().target
    if not (SITE / "index.html").exists():
        sys.exit("The site is not built: run `make book` first (`make pdf` does).")
    pages = print_book(target)
    print(f"{target}: {pages} pages, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
