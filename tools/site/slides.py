"""Make a deck of slides from each chapter: `make slides` writes _build/slides (reveal.js, no network needed).

    python -m tools.site.slides                all chapters
    python -m tools.site.slides 01_noise       one

A chapter with a script, book/slides/NAME.yml, has the slides that the script lists, each with one statement and one
picture of the chapter; then its summary. The question to ask in class is in the speaker's notes (press S).

In a chapter without one, a heading of level 2 starts a column of slides: its first paragraph; then, downwards, its
boxes to predict in, theorems, numbered equations, diagrams, figures with their captions, first drafts of code, printed
tables, and the statements that the run made good ("holds: ..."). The whole text of the section is in the notes. A
cell's metadata changes this, as nbconvert has it: `slideshow.slide_type` "skip" leaves the cell out, "notes" keeps it
for the notes only, and "slide" shows the whole cell, code included.
"""

import argparse
import html
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]

from contents import chapters  # noqa: E402
from diagrams import draw, names  # noqa: E402
from explorable import NAMES as EXPLORABLES  # noqa: E402
from notebook_form import read  # noqa: E402
from records import as_printed  # noqa: E402

from ganbook.chapters.stored_diagrams import stored  # noqa: E402
from tools.site.plain import DIAGRAM, EQUATION, FENCE, Plain, options  # noqa: E402

SLIDES = ROOT / "_build" / "slides"
SCRIPTS = ROOT / "book" / "slides"
VENDOR = ROOT / "book" / "_static" / "vendor"
LOOK, COLOURS = (ROOT / "book" / "_static" / name for name in ("slides.css", "diagrams.css"))
WORDS = 75  # of a paragraph on a slide; the rest is in the notes
SUMMARY = 170  # of a summary's points on one slide, in smaller type
ITEM = r"(?:[-*+]|\d+[.)]) +"  # what begins an item of a list
LINES = 16  # of printed text

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="static/reveal/reveal.css">
<link rel="stylesheet" href="static/slides.css">
<script>MathJax = {{chtml: {{matchFontHeight: false}}, options: {{enableMenu: false}}}};</script>
<script src="static/mathjax/tex-chtml-full.js"></script>
<script src="static/reveal/reveal.js"></script>
<script src="static/reveal/notes.js"></script>
</head>
<body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script>
const look = {{
  width: 1280, height: 720, margin: 0.03, center: false, hash: true, slideNumber: "c/t", transition: "none",
  plugins: [RevealNotes],
}};
const ready = () => MathJax.startup.promise.then(() => MathJax.typesetPromise()).then(() => Reveal.initialize(look));
window.addEventListener("load", ready);
</script>
</body>
</html>
"""


@dataclass
class Section:
    """One column: its slides as HTML, and the text for the notes."""

    title: str
    slides: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)  # blocks that stand whole on the opening slide


def renderer() -> MarkdownIt:
    """Markdown to HTML; formulas stay TeX for MathJax."""

    def tex(text: str, options: dict) -> str:
        escaped = html.escape(text.strip())
        return f"\\[{escaped}\\]" if options["display_mode"] else f"\\({escaped}\\)"

    parser = MarkdownIt("commonmark", {"html": True, "typographer": True}).enable(
        ["table", "smartquotes", "replacements"]
    )
    return parser.use(dollarmath_plugin, renderer=tex, allow_digits=True, double_inline=True)


MARKDOWN = renderer()


def paragraphs(text: str) -> list[str]:
    """Blocks of a cell, split at empty lines; equations and fences stay whole."""
    blocks, inside = [], False
    for block in re.split(r"\n\s*\n", text):
        if inside:
            blocks[-1] += "\n\n" + block
        else:
            blocks.append(block)
        if (block.count("$$") + block.count("```")) % 2:
            inside = not inside
    return [block for block in blocks if block.strip()]


def shortened(block: str) -> str:
    """Whole sentences of a paragraph, as many as fit a slide."""
    kept: list[str] = []
    for sentence in re.split(r"(?<=[.?:])\s+(?=[A-Z$*`“])", block.strip()):
        if kept and len(" ".join([*kept, sentence]).split()) > WORDS:
            break
        kept.append(sentence)
    return " ".join(kept)


def slide(body: str, title: str, level: int = 3, name: str = "") -> str:
    head = f"<h{level}>{MARKDOWN.renderInline(title)}</h{level}>" if title else ""
    return f'<section class="{name}">{head}\n{body}\n{{notes}}</section>'


def picture(cell, output) -> str:
    kind = next(name for name in ("image/png", "image/jpeg") if name in output.data)
    alt = html.escape(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", ""), quote=True)
    return f'<img alt="{alt}" src="data:{kind};base64,{output.data[kind].replace(chr(10), "")}">'


def code_slide(source: str) -> str:
    return highlight(source, PythonLexer(), HtmlFormatter(cssclass="code"))


def of_code(cell, section: Section, reader: Plain, wanted: str) -> None:
    """Add what a code cell shows: code if asked for, figures, printed tables, statements that hold."""
    marks = cell.metadata.get("tags", [])
    if wanted == "slide" or "first-draft" in marks:
        section.slides.append(slide(code_slide(cell.source), section.title, name="program"))
    caption = reader.roles(cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", ""))
    for output in cell.outputs:
        if {"image/png", "image/jpeg"} & set(output.get("data", {})):
            section.slides.append(figure_slide(picture(cell, output), caption, section.title))
        elif output.output_type == "stream" and output.name == "stdout":
            lines = output.text.rstrip().split("\n")
            section.holds += [line.removeprefix("holds: ") for line in lines if line.startswith("holds: ")]
            lines = [line for line in lines if not line.startswith(("holds: ", "not checked: "))]
            if 3 <= len(lines) <= LINES:
                body = f"<pre class='printed'>{html.escape(chr(10).join(lines))}</pre>"
                section.slides.append(slide(body, section.title, name="table"))


def figure_slide(shown: str, caption: str, title: str) -> str:
    """A picture; the first sentence of its caption is the title, the others stand below it."""
    first, *rest = re.split(r"(?<=[.?])\s+", caption, maxsplit=1)
    below = MARKDOWN.render(rest[0]) if rest else ""
    return slide(f"<figure>{shown}<figcaption>{below}</figcaption></figure>", first or title, name="figure")


def shown_as(name: str) -> str:
    """A diagram, or the picture that stands for an explorable."""
    if name in names():
        return draw(name, f"diagram-{name}")
    data, _ = stored(name)
    alt = html.escape(data["text/plain"], quote=True)
    return f'<img alt="{alt}" src="data:image/png;base64,{data["image/png"].strip()}">'


def of_text(text: str, section: Section) -> None:
    """Add what a Markdown cell shows beside its first paragraph: diagrams, boxes, theorems, numbered equations."""
    blocks = [block for block in paragraphs(text) if block not in section.shown]
    for number, block in enumerate(blocks):
        if found := DIAGRAM.match(block):
            caption = blocks[number + 1].removeprefix("**Figure.** ")
            section.slides.append(figure_slide(shown_as(found[1]), caption, section.title))
        elif block.startswith(">"):
            box = MARKDOWN.render(block)
            section.slides.append(slide(box, section.title, name="predict" if "**Predict" in block else "box"))
        elif r"\tag{" in block:
            lead = shortened(blocks[number - 1]) if number and not blocks[number - 1].startswith(("#", ">")) else ""
            if block.lstrip().startswith("$$"):
                block = f"{lead}\n\n{block}"
            section.slides.append(slide(MARKDOWN.render(block), section.title, name="equation"))


def points(text: str) -> list[str]:
    """The points of a summary: the items of its lists, and its paragraphs. A line that ends a sentence ends a point."""
    found: list[str] = []
    for block in paragraphs(text):
        found += re.split(rf"(?<=[.?:])\n(?=\S)|\n(?={ITEM})", block.strip())
    return [re.sub(rf"^{ITEM}", "", point) for point in found]


def summary(section: Section, text: str) -> None:
    """All points of a summary, on as many slides as they need."""
    parts: list[list[str]] = [[]]
    for point in points(text):
        if parts[-1] and len(" ".join([*parts[-1], point]).split()) > SUMMARY:
            parts.append([])
        parts[-1].append(point)
    for number, part in enumerate(parts, 1):
        body = "<ul>" + "".join(f"<li>{MARKDOWN.renderInline(point)}</li>" for point in part) + "</ul>"
        title = section.title + (f", {number} of {len(parts)}" if len(parts) > 1 else "")
        section.slides.append(slide(body, title, level=2, name="opening summary"))


def opening(section: Section, text: str) -> None:
    """The first slide of a column: the heading and the first paragraph."""
    blocks = paragraphs(text)
    body = shortened(blocks[0]) if blocks and not blocks[0].startswith(("#", ">")) else ""
    if body and blocks[1:] and r"\tag{" in blocks[1]:
        section.shown += [blocks[1]]
        body += "\n\n" + blocks[1]
    if body:
        section.slides.append(slide(MARKDOWN.render(body), section.title, level=2, name="opening"))


def sections(notebook, reader: Plain) -> list[Section]:
    """The chapter as columns of slides."""
    as_printed(notebook)
    columns: list[Section] = []
    for cell in notebook.cells:
        wanted = cell.metadata.get("slideshow", {}).get("slide_type", "")
        marks = cell.metadata.get("tags", [])
        if wanted == "skip" or {"setup", "solution", "check"} & set(marks):
            continue
        if cell.cell_type == "code":
            if wanted != "notes":
                of_code(cell, columns[-1], reader, wanted)
            continue
        text = reader.text(cell.source)
        parts = re.split(r"^(#{1,3}) +(.+)\n?", text, flags=re.MULTILINE)
        pieces = [("", "", parts[0]), *zip(parts[1::3], parts[2::3], parts[3::3])]
        for level, title, body in pieces:
            if level in ("#", "##"):
                columns.append(Section(title))
                if title == "References":
                    continue
                (summary if title == "Summary" else opening)(columns[-1], body)
            elif level == "###" and wanted != "notes":
                first = next(iter(paragraphs(body)), "")
                whole = title.startswith("Exercise") or wanted == "slide"
                shown = body if whole else shortened(first)
                columns[-1].slides.append(slide(MARKDOWN.render(shown), title, name="part"))
                body = body if not whole else ""
            if not columns or not body.strip():
                continue
            columns[-1].notes.append(body)
            if wanted != "notes":
                of_text(body, columns[-1])
    return [column for column in columns if column.title != "References"]


def labelled(notebook, reader: Plain) -> dict[str, str]:
    """label -> HTML of each figure, diagram, equation and exercise of a chapter."""
    found: dict[str, str] = {}
    for cell in notebook.cells:
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        for output in cell.get("outputs", []) if name else []:
            if {"image/png", "image/jpeg"} & set(output.get("data", {})):
                found[name] = f"<figure>{picture(cell, output)}</figure>"
        if cell.cell_type != "markdown":
            continue
        for fence in FENCE.finditer(cell.source):
            if not fence["name"]:  # a block of code
                continue
            set_, _ = options(fence["body"])
            label = set_.get("name", set_.get("label"))
            title = fence["title"].strip() or fence["name"]
            if label and fence["name"] in ("diagram", *EXPLORABLES):
                found[label] = f"<figure>{shown_as(title)}</figure>"
            elif label:
                text = reader.text(fence[0])
                found[label] = MARKDOWN.render(text.partition("\n")[2] if text.startswith("###") else text)
        for equation in EQUATION.finditer(cell.source):
            found[equation["label"]] = MARKDOWN.render(reader.text(equation[0]))
    return found


def scripted(notebook, script: list[dict], reader: Plain) -> list[Section]:
    """The slides that a script lists, one column each. Raises ValueError if it shows what the chapter does not have."""
    columns, there = [], labelled(notebook, reader)
    for one in script:
        unknown = one.get("show", "") and one["show"] not in there
        if unknown or ("show" in one) == ("words" in one):
            raise ValueError(f"Slide {one['title']!r}: `show` names one of {sorted(there)}, or `words` says something.")
        body = there[one["show"]] if "show" in one else MARKDOWN.render(reader.text(one["words"]))
        kind = "scripted figure" if "<figure>" in body else "scripted"
        notes = [f"**Ask:** {one['ask']}"] if "ask" in one else []
        columns.append(Section(one["title"], [slide(body, one["title"], name=kind)], notes))
    return columns


def deck(notebook, reader: Plain, script: list[dict] | None = None) -> str:
    """The slides of a chapter as one HTML page."""
    columns = sections(notebook, reader)
    if script:
        first, last = columns[0], next(column for column in columns if column.title == "Summary")
        columns = [Section(first.title, first.slides[:1]), *scripted(notebook, script, reader), last]
    shown = []
    for column in columns:
        if column.holds:
            body = "<ul>" + "".join(f"<li>{MARKDOWN.renderInline(line)}</li>" for line in column.holds[:7]) + "</ul>"
            column.slides.append(slide(body, "What held in the run", name="holds"))
        notes = f'<aside class="notes">{MARKDOWN.render(chr(10).join(column.notes))}</aside>'
        inner = [text.replace("{notes}", notes if number == 0 else "") for number, text in enumerate(column.slides)]
        shown.append("<section>\n" + "\n".join(inner) + "\n</section>")
    return PAGE.format(title=html.escape(columns[0].title), slides="\n".join(shown))


def script_of(name: str) -> list[dict] | None:
    path = SCRIPTS / f"{name}.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None


def make(names: list[str], folder: Path = SLIDES) -> list[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "static").mkdir(parents=True)
    for name in ("reveal", "mathjax"):
        shutil.copytree(VENDOR / name, folder / "static" / name)
    style = HtmlFormatter(style="default", cssclass="code").get_style_defs(".code")
    look, colours = (path.read_text(encoding="utf-8") for path in (LOOK, COLOURS))
    colours = colours.replace("url(vendor/", "url(")  # MathJax, whose fonts it names, lies beside it
    (folder / "static" / "slides.css").write_text(f"{colours}\n{look}{style}", encoding="utf-8")
    reader, made = Plain(), []
    for path in [ROOT / f"{page}.ipynb" for page in chapters(ROOT)]:
        if names and path.stem not in names:
            continue
        notebook = read(path)
        page = folder / f"{path.stem}.html"
        page.write_text(deck(notebook, reader, script_of(path.stem)), encoding="utf-8")
        made.append(page)
    titles = [(page.name, re.search(r"<title>(.*)</title>", page.read_text(encoding="utf-8"))[1]) for page in made]
    links = "\n".join(f'<li><a href="{name}">{title}</a></li>' for name, title in titles)
    (folder / "index.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Slides</title>'
        f"<h1>Slides</h1><ul>{links}</ul></html>\n",
        encoding="utf-8",
    )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a reveal.js deck from each chapter.")
    parser.add_argument("names", nargs="*", help="chapters (default: all)")
    for page in make([Path(name).stem for name in parser.parse_args().names]):
        count = page.read_text(encoding="utf-8").count("<section class=")
        print(f"{page.stem:16} {count:3} slides, {page.stat().st_size / 1e6:.1f} MB")
    print(f"Open {SLIDES.relative_to(ROOT)}/index.html; press S for the speaker's notes, ? for the keys")


if __name__ == "__main__":
    main()
