"""Questions, the line under a chapter's title, and the slides."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from conftest import needs_browser

from tools import slides
from tools.course import questions
from tools.plain import Plain

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "book" / "_ext"))
QUIZZES = sorted((ROOT / "book" / "quizzes").glob("*.yml"))
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=QUIZZES, ids=lambda path: path.stem)
def quiz(request):
    return yaml.safe_load(request.param.read_text(encoding="utf-8"))


def test_a_quiz_has_five_to_eight_questions_each_with_one_right_answer_and_feedback_for_all(quiz):
    assert 5 <= len(quiz) <= 8
    for one in quiz:
        assert set(one) == {"question", "answers"} and 3 <= len(one["answers"]) <= 6, one["question"]
        assert [answer.get("right", False) for answer in one["answers"]].count(True) == 1, one["question"]
        said = [answer["feedback"] for answer in one["answers"]]
        assert len(set(said)) == len(said) and all(len(text) > 30 for text in said), one["question"]


def test_every_text_of_a_quiz_is_a_string(quiz):
    """YAML makes numbers of 40 and 5.0, and true or false of yes, no, on and off."""
    for one in quiz:
        for text in [one["question"], *(answer[key] for answer in one["answers"] for key in ("text", "feedback"))]:
            assert isinstance(text, str), f"{one['question']}: put {text!r} in quotes"


def test_neither_its_place_nor_its_length_gives_the_right_answer_away(quiz):
    """In a quiz no place holds more than half of the right answers, and at most half of them are the longest."""
    places, longest = [], 0
    for one in quiz:
        places.append([bool(answer.get("right")) for answer in one["answers"]].index(True))
        lengths = [len(answer["text"]) for answer in one["answers"]]
        longest += lengths.pop(places[-1]) > max(lengths)
    assert 2 * max(map(places.count, places)) <= len(quiz), f"places of the right answers: {places}"
    assert 2 * longest <= len(quiz), f"{longest} of {len(quiz)} right answers are the longest"


def test_every_chapter_with_a_place_for_questions_has_some():
    """Chapter 0 only checks the machine."""
    assert {path.stem for path in QUIZZES} == {path.stem for path in CHAPTERS} - {"00_setup"}


@pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.stem)
def test_every_quiz_belongs_to_a_chapter_that_has_a_place_for_it(path):
    import teaching

    notebook = json.loads((ROOT / "notebooks" / f"{path.stem}.ipynb").read_text(encoding="utf-8"))
    assert teaching.place(notebook)
    assert questions(path).count("<details>") == len(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("cells", "before"),
    [
        (["# 1. A", "## Summary\n\ns\n\n## Exercises\n\ne"], "## Exercises"),
        (["# 1. A", "an exercise", "## Summary\n\ns"], "## Summary"),
        (["# 1. A", "### Exercises", "see ## Exercises"], None),
    ],
)
def test_questions_stand_before_the_exercises_or_else_before_the_summary(cells, before, tmp_path):
    import teaching

    (tmp_path / "book" / "quizzes").mkdir(parents=True)
    (tmp_path / "book" / "quizzes" / "99_a.yml").touch()
    cells = [{"cell_type": "markdown", "source": text, "metadata": {}} for text in cells]
    source, app = [json.dumps({"cells": cells, "metadata": {}})], SimpleNamespace(srcdir=tmp_path)
    if before is None:
        with pytest.raises(ValueError, match="99_a has questions but no heading"):
            teaching.add_to_chapter(app, "notebooks/99_a", source)
        return
    teaching.add_to_chapter(app, "notebooks/99_a", source)
    text = "\n\n".join(cell["source"] for cell in json.loads(source[0])["cells"])
    assert text.count("## Questions") == 1
    assert f"## Questions\n\n```{{quiz}} 99_a\n```\n\n{before}\n" in text


def test_words_are_counted_without_formulas_code_and_labels():
    import teaching

    cells = [
        {
            "cell_type": "markdown",
            "source": ["(a-label)=\n", "# One two\n", "three $x + y$ four `five`\n$$\na b c\n$$\n"],
        },
        {"cell_type": "code", "source": "not counted", "outputs": [{"data": {"image/png": ""}}]},
    ]
    notebook = {"cells": cells, "metadata": {"ganbook": {"seconds": 61.0}}}
    assert teaching.words(notebook) == 5 and teaching.figures(notebook) == 1
    assert "5 words and 1 figure" in teaching.head(notebook) and "70 seconds" in teaching.head(notebook)
    assert "not measured yet" in teaching.head({"cells": cells, "metadata": {}})


def test_markers_and_hidden_tests_are_not_shown():
    import teaching

    text = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
    assert teaching.MARKER.sub("", text) == "def f():\n    return 1\n"
    text = "assert a\n### BEGIN HIDDEN TESTS\nassert b\n### END HIDDEN TESTS\nassert c"
    assert teaching.HIDDEN.sub("", text) == "assert a\nassert c"


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    return slides.make([], tmp_path_factory.mktemp("slides"))


def test_every_chapter_has_a_deck_with_all_its_figures_and_alternative_texts(decks):
    assert {page.stem for page in decks} == {path.stem for path in CHAPTERS if path in slides.chapters()}
    for page in decks:
        text = page.read_text(encoding="utf-8")
        notebook = json.loads((ROOT / "notebooks" / f"{page.stem}.ipynb").read_text(encoding="utf-8"))
        shown = [
            cell["metadata"].get("mystnb", {}).get("image", {}).get("alt")
            for cell in notebook["cells"]
            if cell["cell_type"] == "code" and "solution" not in cell["metadata"].get("tags", [])
            for out in cell["outputs"]
            if "image/png" in out.get("data", {})
        ]
        assert text.count("<img alt=") == len(shown) and '<img alt=""' not in text
        assert text.count("<section class=") >= 15, "a deck of a few slides"


def test_a_deck_shows_no_solution_and_fetches_nothing_from_another_host(decks):
    for page in decks:
        text = page.read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text
        assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=.https?:", text)
        for name in re.findall(r'(?:src|href)="(static/[^"]+)"', text):
            assert (page.parent / name).is_file(), name


def test_no_formula_role_or_directive_is_left_as_source_on_a_slide():
    reader = Plain()
    notebook = nbformat.read(ROOT / "notebooks" / "02_game.ipynb", as_version=4)
    text = slides.deck(notebook, reader)
    assert not re.findall(r"\{(?:cite:[tp]|eq|ref|numref|prf:ref)\}", text) and "```" not in text


@needs_browser
def test_nothing_of_a_slide_is_below_its_edge(decks, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(next(one for one in decks if one.stem == "01_noise").as_uri(), timeout=120_000)
    page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=120_000)
    below = page.evaluate("""() => Reveal.getSlides().filter(slide => {
      const at = Reveal.getIndices(slide);
      Reveal.slide(at.h, at.v);
      const all = [...slide.querySelectorAll("p, li, img, figcaption, pre, h2, h3")];
      const shown = all.filter(e => !e.closest(".notes"));
      return shown.some(e => e.getBoundingClientRect().bottom > innerHeight + 1);
    }).map(slide => slide.textContent.slice(0, 60))""")
    errors = page.evaluate("document.querySelectorAll('mjx-merror').length")
    page.close()
    assert not below and not errors
