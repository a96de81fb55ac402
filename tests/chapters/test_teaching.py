"""Questions, the line under a chapter's title, and the slides."""

import base64
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import contents
import explorable
import nbformat
import pytest
import yaml
from conftest import needs_browser

from tools.site import slides
from tools.site.edition import questions
from tools.site.plain import Plain

ROOT = Path(__file__).resolve().parents[2]
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
    (tmp_path / "book" / "needs.yml").write_text("{}")
    (tmp_path / "_toc.yml").write_text("parts: [{caption: A part, chapters: [{file: notebooks/99_a}]}]")
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
    notebook["cells"].append({"cell_type": "markdown", "source": ["```{diagram} two-players\n", "```"]})
    assert teaching.figures(notebook) == 2, "a diagram is a figure"


def test_markers_and_hidden_tests_are_not_shown():
    import teaching

    text = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
    assert teaching.MARKER.sub("", text) == "def f():\n    return 1\n"
    assert teaching.MARKER.sub("", "# NBVAL_CHECK_OUTPUT\nprint(1)  # NBVAL is ours") == "print(1)  # NBVAL is ours"
    text = "assert a\n### BEGIN HIDDEN TESTS\nassert b\n### END HIDDEN TESTS\nassert c"
    assert teaching.HIDDEN.sub("", text) == "assert a\nassert c"


# ------------------------------------------------------------------------------------------------- what a course takes


def notebook_of(*cells, seconds=None):
    cells = [{"cell_type": "markdown", "source": text, "metadata": {}} for text in cells]
    return {"cells": cells, "metadata": {} if seconds is None else {"ganbook": {"seconds": seconds}}}


def rows(table):
    """The rows of a table of Markdown below its head, cell by cell, without the marks for bold."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("*") for cell in line.strip("|").split("|")] for line in lines[2:]]


ASKED = "\n\n```{exercise} One\n:label: ex-a-one\n```"
SMALL = {  # 400, 201 and 200 words: 2, 2 and 1 minutes
    "notebooks/01_a": notebook_of("# " + "word " * 398 + ASKED + ASKED, seconds=61.0),
    "notebooks/02_b": notebook_of("# One\n\n## Two\n\n" + "word " * 199, seconds=60.0),
    "notebooks/03_c": notebook_of("word " * 200),
}


def test_what_a_chapter_takes_is_counted_and_measured():
    import teaching

    assert teaching.cost(SMALL["notebooks/01_a"]) == (2, 0, 2, 2), "two minutes of reading, two begun, two exercises"
    assert teaching.cost(SMALL["notebooks/02_b"]) == (2, 0, 1, 0), "201 words are more than a minute"
    assert teaching.cost(SMALL["notebooks/03_c"]) == (1, 0, None, 0), "never run"
    assert [title for title, _ in teaching.sections(SMALL["notebooks/02_b"])] == ["", "Two"]


def test_formulas_and_the_lines_that_are_seen_take_minutes():
    import teaching

    def code(source, *tags):
        return {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}, "outputs": []}

    text = "$$a\n= b$$ (eq-a) and $x$, " + " ".join(["$y$"] * 99)  # one displayed, a hundred in lines
    notebook = notebook_of(text)
    assert teaching.following(notebook) == pytest.approx(
        teaching.SECONDS_A_FORMULA / 60 + 100 / teaching.WORDS_A_MINUTE
    )
    before = teaching.following(notebook)
    notebook["cells"] += [code("x = 1\n\ny = 2"), code("hidden = 3", "hide-input"), code("### 4", "solution")]
    assert teaching.following(notebook) == pytest.approx(before + 2 * teaching.SECONDS_A_LINE / 60), (
        "two lines are seen"
    )


def test_a_chapters_sections_take_as_long_as_the_chapter():
    import teaching

    for path in CHAPTERS:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        found = teaching.sections(notebook)
        titles = re.findall(r"^## +(.+?) *$", teaching.prose(notebook), flags=re.MULTILINE)
        assert [title for title, _ in found[1:]] == titles
        apart = sum(minutes for _, minutes in found) + sum(len(title.split()) for title in titles) / 200
        assert abs(apart - teaching.reading(notebook)) < 0.5, "but for the words of the headings"


def test_a_schedule_adds_up():
    import teaching

    plan = [{"Monday": "01_a"}, {"Tuesday": "02_b, 01_a 1"}]
    monday, tuesday, both = rows(teaching.schedule(plan, SMALL, 15))
    assert monday[2:] == ["2", "0", "2", "2", "0", "34"], "2 + 2 + 2 * 15"
    assert tuesday[2:] == ["4", "0", "3", "1", "0", "22"] and both[2:] == ["6", "0", "5", "3", "0", "56"]
    assert "01_a` (1)" in tuesday[1] and "(" not in monday[1], "where not all are done, it is said"
    (open_end, whole) = rows(teaching.schedule([{"Monday": "01_a, 03_c"}], SMALL, 10))
    assert open_end[2:] == whole[2:] == ["3", "0", "2+", "2", "0", "25+"], "a chapter that never ran takes time too"
    talked = rows(teaching.schedule(plan, SMALL, 15, talk=90, most=124))
    assert [row[-2:] for row in talked] == [["90", "124"], ["90", "112"], ["180", "236"]]
    with pytest.raises(ValueError, match="Monday takes 124 minutes, and has 123"):
        teaching.schedule(plan, SMALL, 15, talk=90, most=123)
    with pytest.raises(ValueError, match="has 2 exercises, not 3"):
        teaching.schedule([{"Monday": "01_a 3"}], SMALL, 15)


@pytest.fixture(scope="module")
def plans():
    """The schedules of the teacher's guide: minutes for an exercise, for talk, at most, and the sessions."""
    text = (ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
    form = r"^```\{schedule\}\n:exercise: (\d+)\n:talk: (\d+)\n:most: (\d+)\n(.*?)^```"
    found = re.findall(form, text, flags=re.MULTILINE | re.DOTALL)
    return [(*map(int, minutes), yaml.safe_load(body)) for *minutes, body in found]


def test_the_schedules_of_the_guide_are_the_sums_of_their_chapters(plans):
    import teaching

    notebooks = {f"notebooks/{path.stem}": json.loads(path.read_text(encoding="utf-8")) for path in CHAPTERS}
    listed = {path: row for path, row in zip(notebooks, rows(teaching.minutes(notebooks)))}
    assert len(plans) == 2
    for each, talk, most, plan in plans:
        *sessions, all_of_it = rows(teaching.schedule(plan, notebooks, each, talk, most))
        for column in range(2, 8):
            assert sum(int(row[column].rstrip("+")) for row in sessions) == int(all_of_it[column].rstrip("+"))
        for row, (wanted,) in zip(sessions, (session.values() for session in plan)):
            names = [one.split()[0] for one in wanted.split(",")]
            for column in (1, 2):
                assert int(row[1 + column]) == sum(int(listed[f"notebooks/{name}"][column]) for name in names)
            read, follow, run, exercises, talked, whole = (int(value.rstrip("+")) for value in row[2:])
            assert whole == read + follow + run + each * exercises + talk <= most and talked == talk


def needed(path):
    """The numbers of the chapters that a chapter names in its paragraph on what is needed."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    blocks = (block for cell in notebook["cells"] for block in "".join(cell["source"]).split("\n\n"))
    first = next((block for block in blocks if re.match(r"(\*\*What y|\*?Y)ou need", block)), "")
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", first)
    return contents.mentioned(plain)


def test_six_weeks_hold_every_chapter_and_no_schedule_puts_one_before_what_it_needs(plans):
    paths = {path.stem: path for path in CHAPTERS}
    assert sum(bool(needed(path)) for path in CHAPTERS) >= 12, "most chapters name what they build on"
    for i, (*_, plan) in enumerate(plans):
        names = [one.split()[0] for session in plan for (wanted,) in [session.values()] for one in wanted.split(",")]
        order = [contents.numeral(name) for name in names]
        assert len(order) == len(set(order))
        assert i or set(names) == set(paths)
        for place, name in enumerate(names):
            missing = needed(paths[name]) - set(order[:place])
            assert not missing, f"{name} needs chapters {sorted(missing)}, which come later or never"


def test_the_capstones_are_four_tables_of_ten_points_as_the_guide_says():
    notebook = json.loads((ROOT / "notebooks" / "16_which.ipynb").read_text(encoding="utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    tables = text.split("## Capstone projects")[1].split("| Points | for |")[1:]
    points = [sum(map(int, re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE))) for table in tables]
    assert points == [10] * 4
    guide = " ".join(LESSONS.split())
    assert "ends in four projects, each with a table of what ten points are for" in guide
    first = re.findall(r"^\| (\d+) \|", tables[0], flags=re.MULTILINE)
    *made, together = tables_of(LESSONS.split("### A marked capstone")[1])[1]
    thirds = {"1⅓": 4, "⅔": 2}
    given = [row[-1].split(" of ") for row in made]
    assert [most for _, most in given] == first, "the rows of the first project"
    assert sum(thirds.get(got, 0) or 3 * int(got) for got, _ in given) == 3 * int(together[-1].split(" of ")[0])
    assert all(3 * int(most) % 3 == 0 and (thirds.get(got, 0) or 3 * int(got)) % int(most) == 0 for got, most in given)


LESSONS = (ROOT / "book" / "lessons.md").read_text(encoding="utf-8")


def tables_of(text):
    """The tables of a page in Markdown, each as the rows below its head."""
    found = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    return [rows(table) for table in found]


def test_every_lesson_has_ninety_minutes_a_prediction_something_to_do_and_something_to_discuss(plans):
    weeks = re.split(r"^## Week \d: ", LESSONS.split("(marking)=")[0], flags=re.MULTILINE)[1:]
    assert len(weeks) == len(plans[0][-1]) == 6
    names = {"Vote", "Look", "Do", "Close"}
    for week, session in zip(weeks, plans[0][-1]):
        (lesson,) = tables_of(week)
        assert sum(int(row[0]) for row in lesson) == plans[0][1] == 90
        kinds = [row[1] for row in lesson]
        assert set(kinds) == names and kinds[-1] == "Close", "a vote, figures, work in pairs, and a last sentence"
        assert all(row[3] for row in lesson), "what to do if something fails"
        assert "Students predict at home" in week and "*To discuss.*" in week
        (name,) = session
        assert week.splitlines()[0].lower() == name.split(". ", 1)[1].lower(), "the week of the schedule"


def test_a_lesson_shows_figures_of_its_own_week(plans):
    weeks = re.split(r"^## Week \d: ", LESSONS.split("(marking)=")[0], flags=re.MULTILINE)[1:]
    for week, session in zip(weeks, plans[0][-1]):
        taught = {one.split()[0] for one in next(iter(session.values())).split(",")}
        own = {
            cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
            for name in taught
            for cell in json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        } | {"fig-noise-ask"}
        shown = set(re.findall(r"\{numref\}`(fig-[a-z-]+)`", week))
        assert len(shown) >= 4 and shown <= own, shown - own


def test_the_parts_of_the_mark_are_a_hundred_per_cent_and_the_example_adds_up():
    parts, paragraph = tables_of(LESSONS.split("(marking)=")[1])[:2]
    shares = {row[0]: int(row[1].removesuffix(" %")) for row in parts}
    assert sum(shares.values()) == 100
    assert shares["Exercises of the book, by their checks"] == min(shares.values()), "their solutions are public"
    got, most = zip(*(map(int, row[1].split(" of ")) for row in paragraph))
    assert (sum(got), sum(most)) == (3, 8) and "Three of eight." in LESSONS
    assert most == (2, 2, 4), "the limit has half of the mark"


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    return slides.make([], tmp_path_factory.mktemp("slides"))


def test_every_chapter_has_a_deck_with_all_its_figures_and_alternative_texts(decks):
    assert {page.stem for page in decks} == {Path(page).name for page in contents.chapters(ROOT)}
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
        text_of = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
        stills = set(re.findall(rf"^```{{(?:{'|'.join(explorable.NAMES)})}}\n:name: (\S+)$", text_of, re.MULTILINE))
        if script := slides.script_of(page.stem):
            labels = {one.get("show") for one in script}
            named = {c["metadata"].get("mystnb", {}).get("figure", {}).get("name") for c in notebook["cells"]}
            shown, stills = labels & named - {None}, labels & stills
            assert len(labels - {None}) >= 5 and len(shown) >= 2, "a chapter is taught with its figures and exercises"
        assert text.count("<img alt=") == len(shown) + len(stills) and '<img alt=""' not in text
        assert text.count("<section class=") >= 12, "a deck of a few slides"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_figure_and_diagram_is_a_file_for_slides_of_ones_own(path, decks):
    folder = decks[0].parent / "figures" / path.stem
    notebook = json.loads(path.read_text(encoding="utf-8"))
    wanted = {}
    for cell in notebook["cells"]:
        name = cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
        shown = [out["data"]["image/png"] for out in cell.get("outputs", []) if "image/png" in out.get("data", {})]
        if name and shown:
            wanted[f"{name}.png"] = base64.b64decode("".join(shown[0]))
        if cell["cell_type"] == "markdown":
            drawn = rf"^```{{(diagram|{'|'.join(explorable.NAMES)})}} ?(\S*)\n:name: (\S+)$"
            for kind, title, label in re.findall(drawn, "".join(cell["source"]), re.MULTILINE):
                picture = ROOT / "ganbook" / "assets" / "diagrams" / f"{title or kind}.png"
                wanted[f"{label}.png"] = picture.read_bytes()
    assert wanted.items() <= {one.name: one.read_bytes() for one in folder.glob("*.png")}.items()
    said = (folder / "captions.txt").read_text(encoding="utf-8").split("\n\n")
    words = dict(line.split(": ", 1) for line in said[1:])
    assert set(words) == {one.name for one in folder.iterdir()} - {"captions.txt"}
    for name, caption in words.items():
        assert len(caption.split()) >= 4 and not re.search(r"\{[a-z:]+\}`", caption), f"{name}: {caption}"
    assert "CC BY 4.0" in said[0]


SCRIPTS = sorted((ROOT / "book" / "slides").glob("*.yml"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_slide_of_a_script_is_one_statement_one_picture_and_a_question(path):
    script = slides.script_of(path.stem)
    for one in script:
        assert set(one) <= {"title", "show", "words", "ask"} and ("show" in one) != ("words" in one), one
        assert len(one["title"].split()) <= 14, f"{one['title']}: a title is read at a glance"
        assert len(one.get("words", "").split()) <= 45, f"{one['title']}: a text is not read on a wall"
        assert 4 <= len(one["ask"].split()) <= 30, one["ask"]
    shown = [one["show"] for one in script if "show" in one]
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_what_a_script_lists_is_in_the_deck_and_in_the_notes(path, decks):
    page = next(one for one in decks if one.stem == path.stem).read_text(encoding="utf-8")
    begin = 0
    for one in slides.script_of(path.stem):
        begin = page.index(f"<h3>{slides.MARKDOWN.renderInline(one['title'])}</h3>", begin + 1)
        rest = page[begin : page.index("</section>", begin)]
        shown, _, notes = rest.partition("<aside")
        assert slides.MARKDOWN.renderInline(one["ask"]) in notes
        assert re.search(r"<figure>|<p>|\\\[", shown), one["title"]


@pytest.mark.parametrize("wrong", [{"show": "fig-noise-nothing"}, {}, {"show": "fig-noise-answers", "words": "Both."}])
def test_a_script_that_shows_what_is_not_there_is_named_by_its_title(wrong):
    notebook = nbformat.read(ROOT / "notebooks" / "01_noise.ipynb", as_version=4)
    with pytest.raises(ValueError, match=r"Slide 'One'.*fig-noise-answers"):
        slides.scripted(notebook, [{"title": "One", **wrong}], Plain())


def test_a_script_may_stand_beside_a_block_of_code_in_the_chapter():
    text = "# 1. One\n\n```\nganbook train mlp\n```\n\n$$\na\n$$ (eq-noise-bce)\n"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    (column,) = slides.scripted(notebook, [{"title": "One", "show": "eq-noise-bce", "ask": "Two?"}], Plain())
    assert any("\\[a" in one for one in column.slides)


def words_of(html):
    return re.sub(r"<[^>]+>", " ", html).split()


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_point_of_a_summary_is_on_its_slides(path, decks):
    reader = Plain()
    notebook = nbformat.read(path, as_version=4)
    text = "\n\n".join(reader.text(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    whole = re.search(r"^## Summary\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)[1]
    page = next(one for one in decks if one.stem == path.stem).read_text(encoding="utf-8")
    page = re.sub(r"<aside.*?</aside>", "", page, flags=re.DOTALL)
    slides_ = re.findall(r'<section class="opening summary"><h2>Summary.*?</h2>(.*?)</section>', page, flags=re.DOTALL)
    shown = [word for one in slides_ for word in words_of(one)]
    assert shown == words_of(slides.MARKDOWN.render(whole))
    assert len(shown) >= 40 and len(re.findall("<li>", "".join(slides_))) >= 3


SAME = (
    "One.\nTwo\nlines.\nThree.",
    "One.\n\nTwo\nlines.\n\nThree.",
    "- One.\n- Two\n  lines.\n- Three.",
    "1. One\n2. Two\n3. Three",
)


@pytest.mark.parametrize("text", SAME)
def test_a_summary_of_lines_of_paragraphs_or_of_a_list_has_its_points(text):
    assert [point.split()[0].rstrip(".") for point in slides.points(text)] == ["One", "Two", "Three"]


def test_a_long_summary_goes_on_on_a_second_slide():
    section = slides.Section("Summary")
    slides.summary(section, "\n\n".join(f"{number} " + "word " * 99 for number in range(3)))
    assert [one.count("<li>") for one in section.slides] == [1, 1, 1] and "Summary, 2 of 3" in section.slides[1]


def test_a_deck_shows_no_solution_and_fetches_nothing_from_another_host(decks):
    for page in decks:
        text = page.read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text
        assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=.https?:", text)
        for name in re.findall(r'(?:src|href)="(static/[^"]+)"', text):
            assert (page.parent / name).is_file(), name


def test_no_formula_role_or_directive_is_left_as_source_on_a_slide():
    reader = Plain()
    notebook = nbformat.read(ROOT / "notebooks" / "06_game.ipynb", as_version=4)
    text = slides.deck(notebook, reader)
    assert not re.findall(r"\{(?:cite:[tp]|eq|ref|numref|prf:ref)\}", text) and "```" not in text


def test_a_hint_is_folded_below_its_exercise_for_students_and_on_a_slide():
    exercise = "```{exercise} Count\n:label: ex-a-count\n\nHow many?\n```"
    hint = "```{admonition} Hint\n:class: dropdown\n\nLook *there*.\n```"
    reader = Plain()
    text = reader.text(f"{exercise}\n\n{hint}")
    assert text == (
        "### Exercise: Count\n\nHow many?\n\n<details><summary>Hint</summary>\n\nLook *there*.\n\n</details>"
    )
    cells = [nbformat.v4.new_markdown_cell(cell) for cell in ("# 9. A", "## Exercises", f"{exercise}\n\n{hint}")]
    page = slides.deck(nbformat.v4.new_notebook(cells=cells), reader)
    shown = re.sub(r"<aside.*?</aside>", "", page, flags=re.DOTALL)
    folded = r"<h3>Exercise: Count</h3>\s*<p>How many\?</p>\s*<details><summary>Hint</summary>\s*<p>Look <em>there</em>"
    assert re.search(folded, shown)


@pytest.fixture(scope="module")
def projector(browser):
    """A page that goes from deck to deck, which takes less time than to open each anew."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    yield page
    page.close()


@needs_browser
@pytest.mark.parametrize("name", [path.stem for path in CHAPTERS])
def test_nothing_of_a_slide_is_below_its_edge(decks, projector, name):
    """No slide of a deck that has a script, and of any other the summary."""
    page, which = projector, "*" if name in {path.stem for path in SCRIPTS} else ".summary"
    page.goto(next(one for one in decks if one.stem == name).as_uri(), timeout=120_000)
    page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=120_000)
    below = page.evaluate(
        """which => Reveal.getSlides().filter(slide => {
      if (!slide.matches(which)) return false;
      const at = Reveal.getIndices(slide);
      Reveal.slide(at.h, at.v);
      const all = [...slide.querySelectorAll("p, li, img, figcaption, pre, h2, h3")];
      const shown = all.filter(e => !e.closest(".notes"));
      return shown.some(e => e.getBoundingClientRect().bottom > innerHeight + 1);
    }).map(slide => slide.textContent.slice(0, 60))""",
        which,
    )
    errors = page.evaluate("document.querySelectorAll('mjx-merror').length")
    found = page.evaluate("Reveal.getSlides().filter(slide => slide.matches('.summary')).length")
    assert found and not below and not errors
