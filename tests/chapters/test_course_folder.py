"""What students hand in, the marks and the feedback stay, byte for byte, whichever command of ours is run.

The commands are the real ones, `make course` and `make clean`, in a copy of the book with two small chapters. Those
that need nbgrader run with `make answers`.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.site import course
from tools.site.plain import Plain

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").exists())
KINDS = ("source", "release", "instructor", "student")
FILES = [
    f"{place}/{name}/{name}.ipynb"
    for place in ("course/source", "course/release", "made/instructor", "made/student")
    for name in ("8_one", "9_two")
]
WITHOUT = importlib.util.find_spec("nbgrader") is None


def needs_nbgrader(test):
    missing = "nbgrader is not installed here (pip install -r requirements-course.txt)"
    return pytest.mark.answers(pytest.mark.skipif(WITHOUT, reason=missing)(test))


def chapter(path: Path, *exercises: str, text: str = "Say it.") -> None:
    """Write a chapter with exercises "label = value", each a variable to be set, worth 2 points."""
    cells = [new_markdown_cell(f"# {path.stem[0]}. Small\n\n{text}")]
    for exercise in exercises:
        name, value = exercise.split(" = ")
        words = f"```{{exercise}} Set it\n:label: ex-{path.stem[2:]}-{name}\n\nSet `{name}`.\n```"
        solution = f"### BEGIN SOLUTION\n{name} = {value}\n### END SOLUTION"
        cells += [
            new_markdown_cell(words),
            new_code_cell(solution, metadata={"tags": ["solution", "hide-input"]}),
            new_code_cell(f'assert {name} == {value}, "another value"', metadata={"tags": ["check"]}),
        ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def bytes_of(folder: Path) -> dict[str, str]:
    """Each file in a folder -> its fingerprint."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def small_book(folder: Path) -> Path:
    """A copy of the book with two small chapters, and an environment that is this one."""
    left_out = shutil.ignore_patterns("__pycache__", "_static")
    for name in ("tools", "book"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in (
        "Makefile",
        "make.py",
        "_config.yml",
        "_toc.yml",
        "requirements.txt",
        "requirements-site.txt",
        "requirements-course.txt",
        "pyproject.toml",
    ):
        shutil.copy(ROOT / name, folder)
    chapter(folder / "notebooks" / "8_one.ipynb", "a = 1")
    chapter(folder / "notebooks" / "9_two.ipynb", "b = 2", "c = 3")
    (folder / "venv" / "bin").mkdir(parents=True)
    python = folder / "venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for name in (".ganbook-building", ".ganbook-installed", ".ganbook-teaching"):
        (folder / "venv" / name).touch()
    return folder


@pytest.fixture
def book(tmp_path):
    return small_book(tmp_path)


def make(book: Path, *words: str, fails: bool = False) -> str:
    """Run make; return what it said."""
    known = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "COURSE", "MAKEFLAGS")}
    answer = subprocess.run(
        ["make", "VENV=venv", *words], cwd=book, env=known, capture_output=True, text=True, timeout=300
    )
    assert (answer.returncode != 0) == fails, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def nbgrader(book: Path, *words: str) -> None:
    """Run nbgrader in the course's folder, as a teacher does."""
    known = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    known.pop("PYTHONPATH", None)
    command = [Path(sys.executable).parent / "nbgrader", *words]
    answer = subprocess.run(command, cwd=book / "course", env=known, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 0, answer.stderr


def scores(gradebook: Path) -> list[tuple]:
    """The points in a gradebook, cell by cell, read without nbgrader."""
    with sqlite3.connect(gradebook) as book:
        return book.execute("select cell_id, notebook_id, auto_score, manual_score from grade order by id").fetchall()


@pytest.fixture(scope="module")
def taught_once(tmp_path_factory):
    """The book after chapter 9 was handed out, handed in by Ada, marked by nbgrader, and looked at by the teacher."""
    book = small_book(tmp_path_factory.mktemp("taught"))
    make(book, "course")
    answered = nbformat.read(book / "_build" / "course" / "student" / "9_two" / "9_two.ipynb", as_version=4)
    for cell in answered.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "ex-two-b":
            cell.source = "b = 2"
    target = book / "course" / "submitted" / "ada" / "9_two" / "9_two.ipynb"
    target.parent.mkdir(parents=True)
    nbformat.write(answered, target)
    nbgrader(book, "autograde", "9_two")
    nbgrader(book, "generate_feedback", "9_two")
    nbgrader(book, "export")
    with sqlite3.connect(book / "course" / "gradebook.db") as gradebook:
        gradebook.execute("update grade set manual_score = 1.5 where auto_score = 0")
    (book / "course" / "remarks.txt").write_text("Ada was ill.\n")
    return book


@pytest.fixture
def taught(taught_once, tmp_path):
    """A copy of it."""
    return shutil.copytree(taught_once, tmp_path / "book")


@needs_nbgrader
def test_no_command_touches_what_people_put(taught):
    before = bytes_of(taught / "course")
    kinds = ("submitted/ada", "autograded/ada", "feedback/ada", "gradebook.db", "grades.csv", "remarks.txt")
    assert all(any(name.startswith(kind) for name in before) for kind in kinds), before.keys()
    assert {(auto, manual) for *_, auto, manual in scores(taught / "course" / "gradebook.db")} == {(2, None), (0, 1.5)}
    handed_out = bytes_of(taught / "_build" / "course")
    for command in (["course"], ["course", "NAMES=8_one"], ["clean"], ["course", "NAMES=9_two"], ["course"]):
        make(taught, *command)
        assert bytes_of(taught / "course") == before, command
        if command == ["course", "NAMES=8_one"]:
            assert bytes_of(taught / "_build" / "course") == handed_out, "chapter 9 was not named"
        if command == ["clean"]:
            assert not (taught / "_build").exists()
    assert bytes_of(taught / "_build" / "course") == handed_out


@needs_nbgrader
def test_changed_exercises_wait_until_they_are_asked_for_where_somebody_has_handed_in(taught):
    before, handed_out = bytes_of(taught / "course"), bytes_of(taught / "_build" / "course")
    chapter(taught / "notebooks" / "8_one.ipynb", "a = 7")
    chapter(taught / "notebooks" / "9_two.ipynb", "b = 2", "c = 8")
    said = make(taught, "course")
    assert "9_two: ex-two-c changed after 1 student handed in, so the chapter stays as it was" in said
    assert "`make course NAMES=9_two ARGS=--replace`" in said and "8_one: " not in said
    after, out = bytes_of(taught / "course"), bytes_of(taught / "_build" / "course")
    renewed = {"gradebook.db", "made.json", "source/8_one/8_one.ipynb", "release/8_one/8_one.ipynb"}
    assert {name for name in after if after[name] != before.get(name)} == renewed and before.keys() == after.keys()
    assert {name for name in out if out[name] != handed_out[name]} == {
        "instructor/8_one/8_one.ipynb",
        "student/8_one/8_one.ipynb",
    }
    marks = scores(taught / "course" / "gradebook.db")
    make(taught, "clean")
    make(taught, "course", "NAMES=9_two")
    again = bytes_of(taught / "_build" / "course")
    assert again == {name: mark for name, mark in out.items() if "9_two" in name}, "the old handout comes back"

    old = (taught / "course" / "gradebook.db").read_bytes()
    said = make(taught, "course", "NAMES=9_two", "ARGS=--replace")
    (copy,) = (taught / "course").glob("gradebook-*.db")
    assert copy.read_bytes() == old and copy.name in said
    assert scores(taught / "course" / "gradebook.db") == marks, "no mark goes, until nbgrader marks again"
    new = bytes_of(taught / "course")
    for name in before:
        assert name.startswith(("source", "release", "made.json", "gradebook.db")) or new[name] == before[name], name
    assert "c == 8" in (taught / "_build" / "course" / "student" / "9_two" / "9_two.ipynb").read_text()
    assert ("assert c == 8",) in [
        (cell[2].split(",")[0],) for cell in course.tests(f"sqlite:///{taught}/course/gradebook.db", "9_two").values()
    ]

    chapter(taught / "notebooks" / "9_two.ipynb", "b = 2", "c = 8", "d = 4")
    before = bytes_of(taught / "course")
    said = make(taught, "course", "ARGS=--replace")
    assert "9_two: ex-two-d changed" in said and "cannot add or remove exercises of a chapter that has marks" in said
    assert bytes_of(taught / "course") == before
    make(taught, "course", "COURSE=next year")
    assert "d == 4" in (taught / "next year" / "release" / "9_two" / "9_two.ipynb").read_text()
    assert bytes_of(taught / "course") == before


@needs_nbgrader
def test_words_around_exercises_may_change_at_any_time_and_what_the_teacher_changed_stays(taught):
    submitted = bytes_of(taught / "course" / "submitted")
    gradebook = (taught / "course" / "gradebook.db").read_bytes()
    chapter(taught / "notebooks" / "9_two.ipynb", "b = 2", "c = 3", text="Say it better.")
    make(taught, "course")
    assert "Say it better." in (taught / "_build" / "course" / "student" / "9_two" / "9_two.ipynb").read_text()
    assert (taught / "course" / "gradebook.db").read_bytes() == gradebook
    settings = taught / "course" / "nbgrader_config.py"
    settings.write_text(settings.read_text() + "c.Execute.timeout = 1200\n")
    source = taught / "course" / "source" / "8_one" / "8_one.ipynb"
    source.write_text(source.read_text().replace("Say it.", "Say it, class of 2027."))
    mine = settings.read_bytes(), source.read_bytes()
    said = make(taught, "course", "ARGS=--replace")
    assert "8_one: somebody has changed course/source/8_one/8_one.ipynb, so the chapter stays" in said
    assert (settings.read_bytes(), source.read_bytes()) == mine
    assert bytes_of(taught / "course" / "submitted") == submitted


@pytest.fixture
def quick(book, monkeypatch):
    """`course.make` in the copy without nbgrader: a release is a copy of the source. Returns what calls it."""

    def release(name, draft, course_, gradebook="", into="release"):
        source = draft / "source" / name / f"{name}.ipynb"
        course.put(source.read_bytes(), draft / into / name / source.name)

    monkeypatch.setattr(course, "release", release)
    monkeypatch.setattr(course, "tests", lambda gradebook, name: {})
    monkeypatch.setattr(course, "marked", lambda gradebook, name: set())
    monkeypatch.setattr(course, "gradebook_of", lambda folder: "")

    def run(*names):
        return course.make(list(names), book / "course", book / "made", book / "notebooks", Plain(book))

    return run


def change_both(book):
    chapter(book / "notebooks" / "8_one.ipynb", "a = 5")
    chapter(book / "notebooks" / "9_two.ipynb", "b = 5", "c = 5")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError, SystemExit])
@pytest.mark.parametrize("where", ["release", "student_version"])
def test_a_command_that_is_stopped_at_a_chapter_leaves_its_handout_whole(quick, book, monkeypatch, stop, where):
    quick()
    before = bytes_of(book / "course") | bytes_of(book / "made")
    change_both(book)
    works, calls = getattr(course, where), []

    def stops_at_the_second(*arguments, **more):
        calls.append(arguments)
        if len(calls) == 2:
            raise stop
        return works(*arguments, **more)

    monkeypatch.setattr(course, where, stops_at_the_second)
    with pytest.raises(stop):
        quick()
    after = bytes_of(book / "course") | bytes_of(book / "made")
    assert after.keys() == before.keys()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"made.json", *(f"{kind}/8_one/8_one.ipynb" for kind in KINDS)}


@pytest.mark.parametrize("number", range(1, 12))
def test_a_command_that_is_stopped_while_it_writes_leaves_only_whole_files_and_goes_on_later(
    quick, book, monkeypatch, number
):
    quick()
    before = {name: (book / name).read_bytes() for name in FILES}
    change_both(book)
    works, calls = course.put, []

    def stops_half_way(content, path):
        calls.append(path)
        if len(calls) == number:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f"{path.name}.partial").write_bytes(content[:100])
            raise KeyboardInterrupt
        works(content, path)

    monkeypatch.setattr(course, "put", stops_half_way)
    with pytest.raises(KeyboardInterrupt):
        quick()
    monkeypatch.setattr(course, "put", works)
    left = {name: (book / name).read_bytes() for name in FILES}
    assert quick().keys() == {"8_one", "9_two"}, "none of our own files counts as somebody's"
    after = {name: (book / name).read_bytes() for name in FILES}
    assert all(left[name] in (before[name], after[name]) for name in FILES)
    assert all(before[name] != after[name] for name in FILES)


def test_chapters_that_are_not_named_stay_as_they_are(quick, book):
    quick()
    before = bytes_of(book / "made")
    chapter(book / "notebooks" / "8_one.ipynb", "a = 5")
    chapter(book / "notebooks" / "9_two.ipynb", "b = 5", "c = 5")
    assert quick("9_two").keys() == {"9_two"}
    changed = {name for name, mark in bytes_of(book / "made").items() if before[name] != mark}
    assert changed == {"instructor/9_two/9_two.ipynb", "student/9_two/9_two.ipynb"}


def old_layout(book: Path, *, submission: bool) -> Path:
    """What `make course` once left in _build/course, with a submission or without."""
    old = book / "_build" / "course"
    for name in ("instructor/8_one/8_one.ipynb", "student/8_one/8_one.ipynb", "nbgrader_config.py"):
        course.put(b"{}", old / name)
    (old / "autograde" / "submitted").mkdir(parents=True)
    with sqlite3.connect(old / "autograde" / "gradebook.db") as gradebook:
        gradebook.execute("create table submitted_assignment (id text)")
    if submission:
        course.put(b"Ada's", old / "autograde" / "submitted" / "ada" / "8_one" / "8_one.ipynb")
        course.put(b"well done", old / "autograde" / "feedback" / "ada" / "8_one" / "8_one.html")
        course.put(b"student,score", old / "grades.csv")
    return old


def test_submissions_where_they_once_were_are_neither_removed_nor_passed_over(book):
    old = old_layout(book, submission=True)
    course.put(b"page", book / "_build" / "html" / "index.html")
    work = bytes_of(old / "autograde")
    said = make(book, "clean")
    assert bytes_of(old / "autograde") == work and (old / "grades.csv").exists()
    assert not (book / "_build" / "html").exists() and not (old / "student").exists()
    move = "mkdir -p course && mv -n _build/course/autograde/* course/"
    assert move in said
    before = bytes_of(old)
    with pytest.raises(SystemExit, match="move them with"):
        course.ready(book / "course", old)
    assert bytes_of(old) == before and not (book / "course").exists()
    subprocess.run(["sh", "-c", move], cwd=book, check=True)
    assert bytes_of(book / "course") == work, "the command that was named moves all of it"
    course.ready(book / "course", old)
    assert work.items() <= bytes_of(book / "course").items()


@needs_nbgrader
def test_make_course_says_where_to_move_them(book):
    old = old_layout(book, submission=True)
    before = bytes_of(old)
    said = make(book, "course", fails=True)
    assert "`mkdir -p course && mv -n _build/course/autograde/* course/`" in said and "Traceback" not in said
    assert bytes_of(old) == before


def test_marks_without_files_count_as_somebodys_work_and_an_empty_gradebook_does_not(book):
    old = old_layout(book, submission=False)
    assert not course.left_behind(old)
    with sqlite3.connect(old / "autograde" / "gradebook.db") as gradebook:
        gradebook.execute("insert into submitted_assignment values ('ada')")
    assert course.left_behind(old)
    (old / "autograde" / "gradebook.db").write_bytes(b"not a database, who knows")
    assert course.left_behind(old)


@pytest.mark.parametrize("place", ["", "_build/mine", "build", "dist/course", "notebooks", "tests/ours", "README.md"])
def test_a_course_may_not_stand_where_make_clean_removes_or_where_the_book_stands(place):
    with pytest.raises(SystemExit, match=r"outside of what `make clean` removes.*COURSE=FOLDER"):
        course.ready(course.ROOT / place, course.ROOT / "nowhere")


def test_make_clean_removes_what_is_built_and_leaves_a_course(book):
    for name in ("_build/html/a.html", "_build/.site", "_build/course/student/8_one/8_one.ipynb", "dist/a.whl"):
        course.put(b"", book / name)
    for name in ("course/submitted/ada/8_one/8_one.ipynb", "course/submitted/ada/8_one/__pycache__/a.pyc"):
        course.put(b"Ada's", book / name)
    course.put(b"", book / "tools" / "__pycache__" / "a.pyc")
    before = bytes_of(book / "course")
    said = make(book, "clean")
    assert bytes_of(book / "course") == before and "stays" not in said
    assert not [name for name in ("_build", "dist", "tools/__pycache__") if (book / name).exists()]
    assert make(book, "clean"), "also where there is nothing to remove"


OLD = {"ex-a": ("code", False, "", None), "ex-a-check": ("code", True, "assert a", 2.0)}
NEW = OLD | {"ex-a-check": ("code", True, "assert a == 1", 2.0)}
MORE = OLD | {"ex-b": ("code", False, "", None), "ex-b-check": ("code", True, "assert b", 2.0)}


@pytest.mark.parametrize(
    ("before", "now", "students", "counted", "replace", "says"),
    [
        (None, OLD, {"ada"}, set(), False, ""),  # never in this gradebook
        (OLD, OLD, {"ada"}, {"ada"}, False, ""),
        (OLD, NEW, set(), set(), False, ""),
        (OLD, NEW, {"ada"}, set(), False, "ex-a changed after 1 student handed in"),
        (OLD, NEW, {"ada", "bob"}, {"ada"}, False, "ex-a changed after 2 students handed in"),
        (OLD, NEW, {"ada"}, {"ada"}, True, ""),
        (OLD, MORE, {"ada"}, set(), True, ""),  # nbgrader has not marked it yet
        (OLD, MORE, {"ada"}, {"ada"}, True, "ex-b changed after 1 student handed in, and nbgrader cannot add"),
        (MORE, OLD, {"ada"}, {"ada"}, True, "ex-b changed after 1 student handed in, and nbgrader cannot add"),
    ],
)
def test_when_a_chapter_has_to_stay_as_it_was(before, now, students, counted, replace, says):
    said = course.obstacle("9_a", before, now, students, counted, replace)
    assert said == "" if not says else (said.startswith(f"9_a: {says}") and said.count("\n") == 0), said


def test_a_list_of_what_we_wrote_tells_what_somebody_changed(tmp_path):
    ours = course.Ours(tmp_path)
    assert not ours.changed("a.txt"), "it is not there yet"
    ours.put(b"one", "a.txt")
    ours.put(b"two", "a.txt")
    again = course.Ours(tmp_path)
    assert not again.changed("a.txt") and (tmp_path / "a.txt").read_bytes() == b"two"
    (tmp_path / "a.txt").write_bytes(b"mine")
    (tmp_path / "b.txt").write_bytes(b"mine")
    assert again.changed("a.txt") and again.changed("b.txt")
    assert json.loads((tmp_path / "made.json").read_text()).keys() == {"a.txt"}
