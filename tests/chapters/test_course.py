"""The course that `make course` writes: what students get, what the instructor gets, and the marks that come of it.

The marks are given by nbgrader itself on generated submissions. Without nbgrader (requirements-course.txt) those tests
are skipped; what can be tested without it is in the first part.
"""

import ast
import builtins
import importlib.util
import os
import re
import warnings

import nbformat
import pytest
import versions
from exercise_answers import BEGIN, END, ROOT, unanswered
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.site import course
from tools.site.notebooks import parse_cell
from tools.site.plain import VERBATIM, Plain, bibliography, family_names, table

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
GRADED = ("00_setup", "04_reading")  # two chapters that run in seconds
WITHOUT = importlib.util.find_spec("nbgrader") is None


def needs_nbgrader(test):
    """Marks a test that `make answers` runs, where nbgrader is there."""
    missing = "nbgrader is not installed here (pip install -r requirements-course.txt)"
    return pytest.mark.answers(pytest.mark.skipif(WITHOUT, reason=missing)(test))


@pytest.fixture(scope="session")
def reader():
    return Plain()


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request):
    return nbformat.read(request.param, as_version=4)


# ------------------------------------------------------------------------------------------------------ the one source


def test_no_directive_and_no_role_is_left_in_a_students_markdown(chapter, reader):
    for number, cell in enumerate(chapter.cells):
        if cell.cell_type == "markdown":
            text = reader.text(cell.source)
            for left in ("```{", ":::", ":label:", "{cite:", "{ref}", "{numref}", "{eq}", "{prf:", ")=\n"):
                assert left not in text, f"cell {number}: {left!r} is left"
            local = re.findall(r"\]\((?!https?:)[^)]*\.(?:ipynb|md)\)", text)
            assert not local, f"cell {number}: links to files beside the notebook: {local}"


def test_the_set_up_cell_of_a_course_fetches_the_package_that_its_notebooks_were_made_with(reader):
    made = course.instructor(nbformat.read(CHAPTERS[1], as_version=4), CHAPTERS[1].stem, reader)
    [cell] = [cell for cell in made.cells if "setup" in cell.metadata.get("tags", [])]
    assert f"@{versions.reference(ROOT)}" in cell.source


def test_a_block_of_code_is_left_alone_and_a_directive_before_it_ends_where_it_ends(reader):
    text = reader.text("```{note}\nOne {eq}`eq-noise-bce`.\n```\n\n```python\nx = '{eq}`a`'\n```\n")
    assert text.startswith("> **Note.** One (1.1).") and "x = '{eq}`a`'" in text


def test_a_list_table_becomes_a_table_with_empty_places():
    assert table("* - a\n  - b\n* - c\n  -").split("\n") == ["| a | b |", "|---|---|", "| c |  |"]


def said(work) -> list[str]:
    """All that a work of the bibliography says of itself, addresses apart."""
    names = [str(person) for role in work.persons.values() for person in role]
    return [*names, family_names(work), *(work.fields[name] for name in work.fields if name not in VERBATIM)]


WORKS = sorted(bibliography(ROOT / "book" / "references.bib").items())


@pytest.mark.parametrize(("key", "work"), WORKS, ids=[key for key, _ in WORKS])
def test_no_tex_is_left_of_a_work_in_the_bibliography(key, work):
    assert len(said(work)) >= 4, "at least an author, the short form, a title and a year"
    assert not [text for text in said(work) if re.search(r"[\\{}~]", text)]


def test_accents_and_braces_are_read_as_tex_means_them(tmp_path):
    (tmp_path / "a.bib").write_text(
        r"""@article{a, author = {Bi{\'n}kowski, Miko{\l}aj and H\"ark\"onen, Erik}, year = {2020},
        title = {The {Fr\'echet} {\ss} \& co}, pages = {1--2}, url = {https://a.example/~b%20c_d}}"""
    )
    work = bibliography(tmp_path / "a.bib")["a"]
    assert family_names(work) == "Bińkowski and Härkönen" and str(work.persons["author"][0]) == "Bińkowski, Mikołaj"
    assert work.fields["title"] == "The Fréchet ß & co" and work.fields["pages"] == "1–2"
    assert work.fields["url"] == "https://a.example/~b%20c_d"


def test_every_assertion_of_a_check_says_what_is_wrong(chapter):
    for label, (_, check) in course.exercises(chapter).items():
        for node in ast.walk(ast.parse(chapter.cells[check].source)):
            if isinstance(node, ast.Assert):
                assert node.msg is not None, f"{label}: an assertion without a sentence, line {node.lineno}"


def test_a_chapters_points_can_be_halved(chapter):
    """So that half of the answers can be half of the points: some of the exercises together have half of them."""
    worth = [course.points(chapter.cells[check]) for _, check in course.exercises(chapter).values()]
    sums = {0}
    for one in worth:
        sums |= {one + other for other in sums}
    assert not worth or sum(worth) / 2 in sums, f"points {worth}"


def test_points_stand_below_the_exercise_and_above_its_folded_hint(reader):
    hint = "\n\n```{admonition} Hint\n:class: dropdown\n\nLook there.\n```"
    for below, ends in (
        ("", "*2 points.*"),
        (hint, "*2 points.*\n\n<details><summary>Hint</summary>\n\nLook there.\n\n</details>"),
    ):
        text = "```{exercise} Double\n:label: ex-small-double\n\nWrite it.\n```" + below
        cells = [
            new_markdown_cell("# 9. Small"),
            new_markdown_cell(text),
            new_code_cell("x"),
            new_code_cell("assert x"),
        ]
        made = course.instructor(new_notebook(cells=cells), "9_small", reader)
        assert made.cells[2].source == f"### Exercise: Double\n\nWrite it.\n\n{ends}"


def test_labels_are_found_and_grade_ids_are_unique_in_the_book(reader):
    labels = [label for path in CHAPTERS for label in course.exercises(nbformat.read(path, as_version=4))]
    assert len(labels) == len(set(labels)) >= 40


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell asks for, and those that it makes."""
    asked, made = set(), set()
    for node in ast.walk(parse_cell(source)):
        if isinstance(node, ast.Name):
            (asked if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            made |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            made.add(node.name)
    return asked, made


def test_whatever_a_check_asks_for_is_in_code_that_a_student_sees_or_is_asked_for_in_words(chapter, reader):
    known = set(dir(builtins))
    told = {}
    cells = course.instructor(chapter, "no questions", reader).cells
    for number, cell in enumerate(cells):
        if "solution" in cell.metadata.get("tags", []):
            told[cell.metadata.nbgrader.grade_id] = set(re.findall(r"\w+", cells[number - 1].source))
    at = {check: label for label, (_, check) in course.exercises(chapter).items()}
    for number, cell in enumerate(chapter.cells):
        if cell.cell_type == "code":
            asked, made = names(unanswered(cell.source))
            known |= made
            if number in at:
                unknown = asked - known - told[at[number]]
                assert not unknown, f"{at[number]}: nobody told the student to define {sorted(unknown)}"
                known |= told[at[number]]


def test_an_exercise_says_its_points_and_the_names_that_its_answer_has_to_define(reader):
    cells = [
        new_markdown_cell("# 9. Small\n\n```{exercise} Two\n:label: ex-small-two\n\nWhat are they?\n```"),
        new_code_cell(f"{BEGIN}\nhelp = 2\nfirst, rest = help, [help for i in range(2)]\n{END}\nprint(rest)"),
        new_code_cell('assert first == 2, "two"', metadata={"tags": ["check"], "ganbook": {"points": 1}}),
        new_code_cell(
            "draw()", metadata={"mystnb": {"figure": {"name": "fig-small", "caption": "One {cite:t}`mao2017`."}}}
        ),
    ]
    made = course.instructor(new_notebook(cells=cells), "9_small", reader)
    assert made.cells[0].source.endswith("*1 point.* Your answer defines `first`, `rest`.")
    assert "1 exercise, 1 point." in made.cells[1].source
    assert made.cells[-1].source == "**Figure.** One Mao et al. (2017)."


# ------------------------------------------------------------------------------------------------------ by nbgrader


def solution_lines(source: str) -> list[str]:
    """What stands between the markers, line by line; lines of a word or two could stand anywhere."""
    inside, lines = False, []
    for line in map(str.strip, source.split("\n")):
        inside = (inside or line == BEGIN) and line != END
        if inside and line != BEGIN and len(line) > 12:
            lines.append(line)
    return lines


@pytest.fixture(scope="module")
def made(tmp_path_factory, reader):
    folder = tmp_path_factory.mktemp("course")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        points = course.make(list(GRADED), folder / "course", folder / "made", reader=reader)
    return folder, points


def submit(folder, name, student, solved):
    """A submission: the student's version, with the solutions of the labels in `solved` written into it."""
    path = folder / "made" / "student" / name / f"{name}.ipynb"
    copy = nbformat.read(path, as_version=4)
    right = nbformat.read(folder / "made" / "instructor" / name / f"{name}.ipynb", as_version=4)
    answers = {cell.metadata.nbgrader.grade_id: cell.source for cell in right.cells if "nbgrader" in cell.metadata}
    for cell in copy.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in solved:
            cell.source = answers[cell.metadata.nbgrader.grade_id]
    target = folder / "course" / "submitted" / student / name / path.name
    target.parent.mkdir(parents=True)
    nbformat.write(copy, target)


def mark(folder, name, student):
    """Have nbgrader run and mark a submission; the points from its gradebook, and those it could have had."""
    from nbgrader.api import Gradebook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = course.nbgrader_at(folder / "course").autograde(name, student)
        assert answer["success"], answer.get("error") or answer.get("log")
        with Gradebook(f"sqlite:///{folder}/course/gradebook.db") as book:
            submission = book.find_submission(name, student)
            return submission.score, submission.max_score


def errors(notebook):
    """The cells of exercises that raised, each with its error."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and "nbgrader" in cell.metadata]
    return [(cell, output) for cell in code for output in cell.outputs if output.output_type == "error"]


def half(points):
    """Some of the exercises that together have half of the points."""
    chosen = {0: ()}
    for label, worth in points.items():
        chosen |= {
            total + worth: (*labels, label) for total, labels in list(chosen.items()) if total + worth not in chosen
        }
    return chosen[sum(points.values()) / 2]


@needs_nbgrader
@pytest.mark.parametrize("name", GRADED)
@pytest.mark.parametrize("student, share", [("ada", 1.0), ("blaise", 0.0), ("carl", 0.5)])
def test_who_solves_all_has_all_points_who_solves_none_has_none_and_half_is_half(
    made, monkeypatch, name, student, share
):
    folder, points = made
    monkeypatch.setenv("GANBOOK_SMOKE", "1")
    solved = {1.0: tuple(points[name]), 0.0: (), 0.5: half(points[name])}[share]
    submit(folder, name, student, solved)
    assert mark(folder, name, student) == (share * sum(points[name].values()), sum(points[name].values()))
    ran = nbformat.read(folder / "course" / "autograded" / student / name / f"{name}.ipynb", as_version=4)
    raised = {cell.metadata.nbgrader.grade_id: error.evalue for cell, error in errors(ran)}
    assert {label.removesuffix("-check") for label in raised} == points[name].keys() - set(solved)
    for label in points[name].keys() - set(solved):
        assert any("has no answer yet" in raised.get(one, "") for one in (label, f"{label}-check")), label


def drawn(cell) -> bool:
    """Is it a cell that shows a diagram, whose picture comes with every copy of a chapter?"""
    return "\nshow_diagram(" in cell.source


@needs_nbgrader
@pytest.mark.parametrize("name", GRADED)
def test_no_text_of_a_solution_and_no_output_is_in_the_students_version(made, name):
    folder, _ = made
    chapter = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    student = nbformat.read(folder / "made" / "student" / name / f"{name}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in student.cells)
    stored = [cell for cell in student.cells if cell.cell_type == "code" and cell.outputs and not drawn(cell)]
    lines = [
        line
        for solution, _ in course.exercises(chapter).values()
        for line in solution_lines(chapter.cells[solution].source)
    ]
    assert len(lines) >= len(course.exercises(chapter))
    assert not [line for line in lines if line in text]
    assert not stored and BEGIN not in text and END not in text
    own = [cell for cell in student.cells if {"solution", "check"} & set(cell.metadata.tags)]
    assert len(own) == 2 * len(course.exercises(chapter))
    assert all("raises-exception" in cell.metadata.tags for cell in own), "Run all would stop at an exercise"


@needs_nbgrader
@pytest.mark.parametrize("name", GRADED)
def test_the_instructors_version_has_every_solution_and_every_output(made, name):
    folder, points = made
    chapter = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    instructor = nbformat.read(folder / "made" / "instructor" / name / f"{name}.ipynb", as_version=4)
    pairs = {cell.metadata.nbgrader.grade_id: cell for cell in instructor.cells if "nbgrader" in cell.metadata}
    assert len(pairs) == 2 * len(points[name])
    for label, (solution, check) in course.exercises(chapter).items():
        assert pairs[label].source == chapter.cells[solution].source
        assert pairs[f"{label}-check"].source == chapter.cells[check].source
        assert pairs[f"{label}-check"].metadata.nbgrader.points == points[name][label]
    outputs = [
        [cell.outputs for cell in one.cells if cell.cell_type == "code" and not drawn(cell)]
        for one in (chapter, instructor)
    ]
    assert outputs[0] == outputs[1]


@needs_nbgrader
def test_hidden_tests_are_cut_for_students_and_mark_what_the_visible_ones_let_pass(tmp_path, reader, monkeypatch):
    exercise = new_markdown_cell(
        "# 9. Small\n\n```{exercise} Double\n:label: ex-small-double\n\nWrite `double(x)`.\n```"
    )
    solution = new_code_cell(
        f"def double(x):\n    {BEGIN}\n    return 2 * x\n    {END}", metadata={"tags": ["solution"]}
    )
    check = new_code_cell(
        'assert double(2) == 4, "twice 2"\n'
        '### BEGIN HIDDEN TESTS\nassert double(3) == 6, "twice 3"\n### END HIDDEN TESTS',
        metadata={"tags": ["check"], "ganbook": {"points": 3}},
    )
    (tmp_path / "notebooks").mkdir()
    chapter = new_notebook(cells=[exercise, solution, check])
    chapter.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(chapter, tmp_path / "notebooks" / "9_small.ipynb")
    folder = tmp_path
    monkeypatch.setenv("PATH", os.defpath)  # no environment is active: nbgrader has to find its own commands
    points = course.make([], folder / "course", folder / "made", tmp_path / "notebooks", reader)
    assert points == {"9_small": {"ex-small-double": 3}}
    path = folder / "made" / "student" / "9_small" / "9_small.ipynb"
    assert "twice 2" in path.read_text() and "twice 3" not in path.read_text()
    submit(folder, "9_small", "ada", ("ex-small-double",))
    path.write_text(path.read_text().replace("# Your answer here", "return x + 2"))
    submit(folder, "9_small", "guess", ())
    assert mark(folder, "9_small", "ada") == (3, 3)
    assert mark(folder, "9_small", "guess") == (0, 3)
