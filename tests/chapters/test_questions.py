"""Questions for Moodle and on paper: what comes out, read back by another reader, is what stands in book/quizzes."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from tools.site import questions

CHAPTERS = questions.quizzes([])


class Text(HTMLParser):
    """What a page says, as plain words."""

    def __init__(self):
        super().__init__()
        self.said = []

    def handle_data(self, data):
        self.said.append(data)


def plain(html):
    reader = Text()
    reader.feed(html)
    return " ".join("".join(reader.said).split())


def bare(markdown):
    """A question's Markdown with its marks taken off by hand, formulas between \\( and \\)."""
    text = " ".join(markdown.split())
    text = re.sub(r"(?<!\\)\$([^$]+)\$", r"\\(\1\\)", text)
    parts = re.split(r"(\\\(.*?\\\)|`[^`]+`)", text)
    parts = [
        part.strip("`") if part[:1] in ("`", "\\") else re.sub(r"[*_]{1,2}(\S.*?)[*_]{1,2}", r"\1", part)
        for part in parts
    ]
    return " ".join("".join(parts).split())


def read_back(quiz):
    """Chapter -> questions, from Moodle's XML as its own importer goes through it."""
    found, chapter = {}, None
    for question in quiz.iter("question"):
        if question.get("type") == "category":
            chapter = question.findtext("category/text").rsplit("/", 1)[1]
            found[chapter] = []
            continue
        answers = [
            (plain(one.findtext("text")), plain(one.findtext("feedback/text")), float(one.get("fraction")))
            for one in question.iter("answer")
        ]
        found[chapter].append((plain(question.findtext("questiontext/text")), answers))
    return found


def expected(chapters):
    return {
        name: [
            (
                bare(one["question"]),
                [(bare(a["text"]), bare(a["feedback"]), 100.0 if a.get("right") else 0.0) for a in one["answers"]],
            )
            for one in listed
        ]
        for name, listed in chapters.items()
    }


def test_moodles_file_read_back_is_what_the_chapters_ask(tmp_path):
    path = tmp_path / "quiz.xml"
    ET.ElementTree(questions.moodle(CHAPTERS)).write(path, encoding="utf-8", xml_declaration=True)
    back = read_back(ET.parse(path).getroot())
    assert back.keys() == CHAPTERS.keys() and sum(map(len, back.values())) > 80
    for name, listed in expected(CHAPTERS).items():
        for mine, theirs in zip(listed, back[name], strict=True):
            assert theirs == mine


def test_every_question_has_what_the_format_asks_for_and_a_name_of_its_own():
    quiz = questions.moodle(CHAPTERS)
    asked = [one for one in quiz.iter("question") if one.get("type") == "multichoice"]
    for question in asked:
        assert [one.get("fraction") for one in question.iter("answer")].count("100") == 1
        assert (question.findtext("single"), question.findtext("shuffleanswers")) == ("true", "true")
        assert all(one.get("format") == "html" for one in question.iter("answer"))
    names = [question.findtext("idnumber") for question in asked]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("Is $a < b$?", r"Is \(a &lt; b\)?"),
        ("the *mean* of `x.mean()`", "the <em>mean</em> of <code>x.mean()</code>"),
        ("50 % & more <b>", "50 % &amp; more &lt;b&gt;"),
        ("$x_1$ and $y_2$", r"\(x_1\) and \(y_2\)"),
        ("costs $5 or so", "costs $5 or so"),
    ],
)
def test_words_and_formulas_become_html(markdown, html):
    assert questions.html(markdown) == html


def test_the_key_of_the_paper_names_the_right_answers_and_other_seeds_give_other_orders():
    pages = [questions.paper(CHAPTERS, seed) for seed in (0, 0, 1)]
    assert pages[0] == pages[1] != pages[2]
    for page in pages:
        body, key = page.split("<h2>Key</h2>")
        lines = re.findall(r"<p>(.*?)</p>", key)
        for name, section, line in zip(CHAPTERS, body.split("<h2>")[1:], lines, strict=True):
            heading, letters = line.rsplit(": ", 1)
            assert section.startswith(f"{heading}</h2>")
            right = [next(a["text"] for a in one["answers"] if a.get("right")) for one in CHAPTERS[name]]
            lists = re.findall(r"<ol>((?:<li>[^\n]*?</li>)+)</ol></li>", section.split("<ol>", 1)[1])
            for one, pair, listed in zip(right, letters.split(", "), lists, strict=True):
                answers = re.findall(r"<li>(.*?)</li>", listed)
                assert plain(answers[questions.LETTERS.index(pair[-1])]) == bare(one)


def test_a_chapter_without_questions_is_a_sentence():
    with pytest.raises(SystemExit, match=r"There are no questions on 99_none\. There are some on 01_noise"):
        questions.quizzes(["99_none"])
