"""Exercises of a course: each secret draws one, its tests take the right answer and refuse that of any other secret.

The last test hands such an exercise out, answers it and has nbgrader mark it; it runs with `make answers`.
"""

import ast
import builtins
import contextlib
import importlib.util
import io
import os
import subprocess
import warnings
from itertools import permutations
from pathlib import Path

import nbformat
import pytest
from exercise_answers import BEGIN, ROOT, unanswered
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.site import course, mark, variants
from tools.site.notebooks import parse_cell
from tools.site.plain import Plain

SECRETS = [f"a secret of a test {number}" for number in range(10)]
CHAPTERS = variants.chapters()


def refusal(answer: str, *tests: str) -> Exception | None:
    """What the first of the tests that fails says of an answer; nothing but the answer is there beside them."""
    space: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(answer, "answer", "exec"), space)
        try:
            for test in tests:
                exec(compile(test, "test", "exec"), space)
        except Exception as error:
            return error
    return None


@pytest.fixture(params=CHAPTERS)
def drawn(request):
    return [variants.variant(request.param, secret) for secret in SECRETS]


def test_every_chapter_but_the_set_up_has_an_exercise_for_a_course():
    assert [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if path.stem != "00_setup"] == CHAPTERS


def test_the_right_answer_passes_and_a_wrong_one_does_not(drawn):
    for one in drawn:
        assert refusal(one.solution, one.check, one.hidden) is None
        assert len(one.wrong) >= 2
        for what, answer in one.wrong.items():
            said = refusal(answer, one.check, one.hidden)
            assert isinstance(said, AssertionError) and str(said), (
                f"{one.label}: {what} passes, or fails without a word"
            )


def test_the_hidden_tests_refuse_the_right_answer_of_another_course(drawn):
    assert len({one.text for one in drawn}) == len(drawn), "two secrets draw the same exercise"
    for one, other in permutations(drawn[:6], 2):
        assert refusal(other.solution, one.check, one.hidden), f"{one.label}: the answer of another course passes"


def test_a_check_that_is_seen_takes_the_wrong_answers_too_and_so_gives_nothing_away(drawn):
    """What a student can run says that an answer has the right form: at least one wrong answer passes it."""
    for one in drawn:
        assert any(refusal(answer, one.check) is None for answer in one.wrong.values()), one.label


def test_every_name_is_filled_and_what_is_hidden_stands_in_no_text_and_no_check(drawn):
    chapter = drawn[0].chapter
    _, parts = variants.parts_of(chapter)
    names = {name for body in parts.values() for name in variants.NAME.findall(body)}
    values = variants.drawn(chapter, SECRETS[0])
    assert set(values) <= names, "a number is drawn and not used"
    for first, body in parts.items():
        if first.startswith("[markdown]") or first == "check":
            assert "HIDDEN" not in body, first
        if first == "solution":
            assert "HIDDEN" not in unanswered(body) and BEGIN in body, "the part that students see"
    for one in drawn:
        for text in (one.text, one.solution, one.check, one.hidden, *one.wrong.values()):
            assert not {name for name in values if name in variants.NAME.findall(text)}


def test_no_chapter_takes_a_name_of_python_that_its_exercise_needs(drawn):
    """The exercise stands behind the cells of its chapter, and brings all other names itself."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{drawn[0].chapter}.ipynb", as_version=4)
    taken: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            tree = parse_cell(cell.source)
            taken |= {
                node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            taken |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for text in (drawn[0].solution, drawn[0].check, drawn[0].hidden):
        used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        assert not used & taken & set(dir(builtins))


def test_one_secret_draws_one_exercise_and_chapters_draw_for_themselves():
    for chapter in CHAPTERS:
        assert variants.variant(chapter, SECRETS[0]) == variants.variant(chapter, SECRETS[0])
    draws = {variants.random.Random(f"{chapter} {SECRETS[0]}").random() for chapter in CHAPTERS}
    assert len(draws) == len(CHAPTERS)


def test_the_exercise_stands_at_the_end_of_its_chapter_in_plain_markdown():
    reader = Plain()
    for chapter in CHAPTERS:
        notebook = new_notebook(cells=[new_markdown_cell("# 1. Small", id="title")])
        made = variants.with_variant(notebook, chapter, SECRETS[0])
        assert len(made.cells) == len(notebook.cells) + 3
        nbformat.validate(made)
        text = course.instructor(made, "no questions", reader).cells[-3].source
        assert text.startswith("## The exercise of your course") and "*4 points.*" in text
        for left in ("```{", ":label:", "{exercise}", "Your answer defines ."):
            assert left not in text, f"{chapter}: {left!r} is left"
        assert list(course.exercises(made))[-1] == variants.variant(chapter, SECRETS[0]).label


# --------------------------------------------------------------------------------------------------------- the secret


def test_a_short_secret_and_another_one_are_refused_and_a_kept_one_is_found(tmp_path):
    with pytest.raises(SystemExit, match="could try all secrets"):
        variants.secret_of(tmp_path, "spring 2027")
    assert variants.secret_of(tmp_path, "") == ""
    variants.keep(tmp_path, SECRETS[0])
    assert variants.secret_of(tmp_path, "") == variants.secret_of(tmp_path, SECRETS[0]) == SECRETS[0]
    with pytest.raises(SystemExit, match="This course has another secret"):
        variants.secret_of(tmp_path, SECRETS[1])


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps files of a user in another way")
def test_nobody_else_can_read_the_secret_and_git_does_not_see_it(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "spring").mkdir()
    variants.keep(tmp_path / "spring", SECRETS[0])
    assert (tmp_path / "spring" / "secret.txt").stat().st_mode & 0o077 == 0
    seen = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True
    ).stdout
    assert "secret.txt" not in seen


# ------------------------------------------------------------------------------------------ handed out and marked


def chapter_of(name: str, folder: Path) -> None:
    """A small chapter with the name of one that has an exercise for a course."""
    cells = [
        new_markdown_cell(
            f"# {name[:2].lstrip('0')}. Small\n\n```{{exercise}} One\n:label: ex-small-one\n\nSet `a`.\n```"
        ),
        new_code_cell("### BEGIN SOLUTION\na = 1\n### END SOLUTION", metadata={"tags": ["solution"]}),
        new_code_cell('assert a == 1, "another a"', metadata={"tags": ["check"]}),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.mark.answers
@pytest.mark.skipif(importlib.util.find_spec("nbgrader") is None, reason="nbgrader is not installed here")
@pytest.mark.parametrize("name", ["01_noise", "04b_bug_clinic", "14_beyond"])
def test_an_exercise_is_handed_out_without_its_secret_and_marked_by_what_is_hidden(tmp_path, name):
    chapter_of(name, tmp_path / "notebooks")
    folder, made, secret = tmp_path / "course", tmp_path / "made", SECRETS[3]
    one, other = variants.variant(name, secret), variants.variant(name, SECRETS[4])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        points = course.make([], folder, made, tmp_path / "notebooks", secret=secret)
        assert points == {name: {"ex-small-one": 2, one.label: 4}}
        assert course.make([], folder, made, tmp_path / "notebooks") == points, "the secret is kept"
    given_out = (made / "student" / name / f"{name}.ipynb").read_text()
    handout = nbformat.reads(given_out, as_version=4)
    seen = "\n".join(cell.source for cell in handout.cells)
    assert one.check in seen and one.hidden not in seen
    written = [path for path in [*made.rglob("*"), *folder.rglob("*")] if path.is_file()]
    assert [path.name for path in written if secret.encode() in path.read_bytes()] == ["secret.txt"]
    hidden = [line for line in one.hidden.split("\n") if len(line) > 20 and line not in one.check]
    hidden = [
        line for line in hidden if not line.startswith(("import", "from")) and line not in unanswered(one.solution)
    ]
    assert hidden and not [line for line in hidden if line in seen]

    wrong = list(one.wrong.values())
    given = {"right": one.solution, "of-another-course": other.solution, "none": ""}
    given |= {f"wrong{number}": answer for number, answer in enumerate(wrong)}
    for student, answer in given.items():
        copy = nbformat.reads(given_out, as_version=4)
        for cell in copy.cells:
            if mark.grade_id(cell) == one.label and answer:
                cell.source = answer
        path = folder / "submitted" / student / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(copy, path)
    marked = {student.name: student.points for student in mark.mark(folder, name, minutes=4)}
    assert marked == {student: 4.0 if student == "right" else 0.0 for student in given}


def test_make_passes_the_secret_on_and_does_not_print_it(tmp_path):
    """The recipe of `make course` gives the secret to the command in its environment, where no list of processes has
    it."""
    (tmp_path / "bin").mkdir()
    asks = tmp_path / "bin" / "python"
    asks.write_text(f'#!/bin/sh\nprintf "%s" "$GANBOOK_SECRET" > "{tmp_path}/given"\necho "$@" > "{tmp_path}/words"\n')
    asks.chmod(0o755)
    for name in (".ganbook-building", ".ganbook-installed", ".ganbook-teaching"):
        (tmp_path / name).touch()
    run = subprocess.run(
        ["make", "course", f"SECRET={SECRETS[0]}", f"VENV={tmp_path}", "-o", f"{tmp_path}/.ganbook-teaching"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (tmp_path / "given").read_text() == SECRETS[0]
    assert SECRETS[0] not in run.stdout + run.stderr + (tmp_path / "words").read_text()


def test_a_wrong_answer_is_the_right_one_with_its_changes_or_stands_whole():
    right = "### BEGIN SOLUTION\na = 1\nb = a + 1\n### END SOLUTION\n"
    assert variants.changed(right, "# - a + 1\n# + a - 1\n# - a = 1\n# +\n") == "\nb = a - 1\n"
    assert variants.changed(right, "a = 3\n") == "a = 3\n"
    for old in ("c", "a"):
        with pytest.raises(ValueError, match=f"Expected '{old}' once in the solution"):
            variants.changed(right, f"# - {old}\n# + 0\n")
