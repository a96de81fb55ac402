"""The questions of all chapters for a learning platform and on paper: `make questions`.

    python -m tools.site.questions                all chapters that have questions
    python -m tools.site.questions 02_mlp_gan     these

Writes into _build/questions: ganbook.xml, which Moodle imports (Question bank, Import, Moodle XML format), a category a
chapter and the feedback of every answer; and paper.html, to be printed, with the answers in another order than on the
site and the key on a page of its own. The source of both is book/quizzes.
"""

import argparse
import json
import random
import xml.etree.ElementTree as ET
from html import escape
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

ROOT = Path(__file__).resolve().parents[2]
QUIZZES = ROOT / "book" / "quizzes"
OUT = ROOT / "_build" / "questions"
LETTERS = "ABCDEFGH"
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Questions</title>
<script>MathJax = {{tex: {{inlineMath: [["\\\\(", "\\\\)"]]}}}};</script>
<script src="../../book/_static/vendor/mathjax/tex-chtml-full.js" defer></script>
<style>
body {{ font: 11pt/1.4 serif; max-width: 42em; margin: 2em auto; padding: 0 1em; }}
section {{ break-before: page; }}
li {{ break-inside: avoid; margin-bottom: 1em; }}
ol ol {{ list-style-type: upper-alpha; }}
ol ol li {{ margin: 0.2em 0; }}
p {{ margin: 0.3em 0; }}
</style></head><body>
<h1>Questions</h1>
<p>Name: ________________________________ One answer of each question is right.</p>
{body}
</body></html>
"""


def formula(text: str, _options: dict) -> str:
    return f"\\({escape(text, quote=False)}\\)"


def html(text: str) -> str:
    """A question or an answer as HTML; formulas stand between \\( and \\), as Moodle and MathJax read them."""
    reader = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin, renderer=formula, allow_space=False)
    made = reader.renderInline(" ".join(text.split()))
    return made.replace('<span class="math inline">', "").replace("\\)</span>", "\\)")


def quizzes(names: list[str]) -> dict[str, list[dict]]:
    """Chapter -> its questions. Says so for a chapter without questions."""
    there = {path.stem: path for path in sorted(QUIZZES.glob("*.yml"))}
    unknown = [name for name in names if name not in there]
    if unknown:
        raise SystemExit(f"There are no questions on {', '.join(unknown)}. There are some on {', '.join(there)}.")
    return {name: yaml.safe_load(there[name].read_text("utf-8")) for name in names or there}


def title(name: str) -> str:
    """The heading of a chapter, with its number, as its notebook has it."""
    cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"]
    return next(line[2:].strip() for line in "".join(cells[0]["source"]).splitlines() if line.startswith("# "))


def text_in(parent: ET.Element, name: str, content: str, **attributes: str) -> ET.Element:
    """Add <name><text>content</text></name>, as the format has it for every text."""
    element = ET.SubElement(parent, name, attributes)
    ET.SubElement(element, "text").text = content
    return element


def moodle(chapters: dict[str, list[dict]]) -> ET.Element:
    """The questions as Moodle XML: multiple choice, one right answer, shuffled, with feedback for each."""
    quiz = ET.Element("quiz")
    for name, questions in chapters.items():
        text_in(ET.SubElement(quiz, "question", type="category"), "category", f"$course$/top/ganbook/{name}")
        for number, one in enumerate(questions, 1):
            question = ET.SubElement(quiz, "question", type="multichoice")
            text_in(question, "name", f"{title(name)}: question {number}")
            text_in(question, "questiontext", html(one["question"]), format="html")
            text_in(question, "generalfeedback", "", format="html")
            for key, value in (("defaultgrade", "1"), ("penalty", "0.3333333"), ("hidden", "0")):
                ET.SubElement(question, key).text = value
            ET.SubElement(question, "idnumber").text = f"ganbook-{name}-{number}"
            for key, value in (("single", "true"), ("shuffleanswers", "true"), ("answernumbering", "ABCD")):
                ET.SubElement(question, key).text = value
            for answer in one["answers"]:
                worth = "100" if answer.get("right") else "0"
                made = text_in(question, "answer", html(answer["text"]), fraction=worth, format="html")
                text_in(made, "feedback", html(answer["feedback"]), format="html")
    ET.indent(quiz, " ")
    return quiz


def paper(chapters: dict[str, list[dict]], seed: int) -> str:
    """The questions as a page to print, the answers in an order that `seed` draws, and then the key."""
    rng, body, key = random.Random(seed), [], []
    for name, questions in chapters.items():
        items, letters = [], []
        for one in questions:
            answers = rng.sample(one["answers"], len(one["answers"]))
            listed = "".join(f"<li>{html(answer['text'])}</li>" for answer in answers)
            items.append(f"<li><p>{html(one['question'])}</p><ol>{listed}</ol></li>")
            letters.append(LETTERS[[bool(answer.get("right")) for answer in answers].index(True)])
        body.append(f"<section><h2>{html(title(name))}</h2><ol>{''.join(items)}</ol></section>")
        pairs = ", ".join(f"{number} {letter}" for number, letter in enumerate(letters, 1))
        key.append(f"<p>{html(title(name))}: {pairs}</p>")
    return PAGE.format(body="\n".join([*body, f"<section><h2>Key</h2>{''.join(key)}</section>"]))


def main() -> None:
    parser = argparse.ArgumentParser(description="The questions of the chapters for Moodle and on paper.")
    parser.add_argument("names", nargs="*", help="chapters (default: all that have questions)")
    parser.add_argument("--seed", type=int, default=0, help="another order of the answers on paper (default: 0)")
    options = parser.parse_args()
    chapters = quizzes([Path(name).stem for name in options.names])
    OUT.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(moodle(chapters)).write(OUT / "ganbook.xml", encoding="utf-8", xml_declaration=True)
    (OUT / "paper.html").write_text(paper(chapters, options.seed), encoding="utf-8")
    count = sum(map(len, chapters.values()))
    where = "1 chapter" if len(chapters) == 1 else f"{len(chapters)} chapters"
    print(f"{count} questions on {where}, for Moodle: _build/questions/ganbook.xml")
    print("on paper: _build/questions/paper.html")


if __name__ == "__main__":
    main()
