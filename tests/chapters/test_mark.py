"""Notebooks that come back damaged are marked as whole ones, or refused by name; nobody gets nothing in silence.

The damage is done to what `make course` hands out. Those tests that need nbgrader run with `make answers`.
"""

import copy
import csv
import importlib.util
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.site import course, mark

LABELS = ("ex-small-a", "ex-small-b", "ex-small-c")
STUB = '# Your answer here\nraise NotImplementedError("this exercise has no answer yet: delete this line")'
RIGHT = {
    "ex-small-a": "a = 1 + half",
    "ex-small-b": "def b(x):\n    y = 2 * x\n    return y",
    "ex-small-c": "c = 0\nfor n in range(4):\n    c += n",
}
CHECKS = {
    "ex-small-a": 'assert a == 1.5, "another a"',
    "ex-small-b": 'assert b(3) == 6, "another b"',
    "ex-small-c": 'assert c == 6, "another c"',
}


def labelled(kind, label):
    return {"nbgrader": course.graded(kind, label, 2), "tags": ["solution" if kind == "solution" else "check"]}


def handed_out(name="8_small"):
    """A chapter as students get it: two cells of code, and three exercises."""
    cells = [new_markdown_cell(f"# {name}"), new_code_cell("import math", metadata={"tags": ["setup"]})]
    cells.append(new_code_cell("half = 0.5"))
    for label in LABELS:
        cells.append(new_markdown_cell(f"**Exercise {label}.** Set it."))
        cells.append(new_code_cell(STUB, metadata=labelled("solution", label)))
        cells.append(new_code_cell(CHECKS[label], metadata=labelled("check", label)))
    cells.append(new_markdown_cell("## References"))
    for number, cell in enumerate(cells):
        cell["id"] = f"{name}-{number}"
    notebook = new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def other():
    """Another chapter: nothing in it is in the first one but the cell that every chapter begins with."""
    notebook = answered(notebook=handed_out("9_other"))
    for cell in notebook.cells:
        if "setup" not in cell.metadata.get("tags", []):
            cell.source = cell.source.replace("small", "other").replace("half", "third").replace(" == ", " != ")
        if mark.grade_id(cell):
            cell.metadata["nbgrader"]["grade_id"] = mark.grade_id(cell).replace("small", "other")
    return notebook


def answered(*labels, notebook=None):
    notebook = copy.deepcopy(notebook or handed_out())
    for cell in notebook.cells:
        if mark.is_answer(cell) and mark.grade_id(cell) in (labels or LABELS):
            cell.source = RIGHT[mark.grade_id(cell)]
    return notebook


def at(notebook, label, check=False):
    wanted = f"{label}-check" if check else label
    return next(number for number, cell in enumerate(notebook.cells) if mark.grade_id(cell) == wanted)


def without_check(notebook):
    del notebook.cells[at(notebook, "ex-small-b", check=True)]


def without_all_checks(notebook):
    notebook.cells = [cell for cell in notebook.cells if not mark.is_check(cell)]


def pasted_twice(notebook):
    place = at(notebook, "ex-small-b")
    notebook.cells.insert(place, copy.deepcopy(notebook.cells[place]))
    place = at(notebook, "ex-small-a", check=True)
    notebook.cells.insert(place, copy.deepcopy(notebook.cells[place]))


def stub_left_behind(notebook):
    place = at(notebook, "ex-small-c")
    again = copy.deepcopy(notebook.cells[place])
    again.source = STUB
    notebook.cells.insert(place + 1, again)


def split(notebook):
    place = at(notebook, "ex-small-c")
    first, second = copy.deepcopy(notebook.cells[place]), copy.deepcopy(notebook.cells[place])
    first.source, second.source = RIGHT["ex-small-c"].split("\n", 1)
    second["id"] = "new-id"
    notebook.cells[place : place + 1] = [first, second]


def saved_elsewhere(notebook):
    """Labels, tags and ids gone: all that is left are the texts, in their order."""
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell["id"] = nbformat.NotebookNode(), f"else-{number}"
    notebook.metadata = nbformat.NotebookNode(colab={"provenance": []})


def ids_in_the_metadata(notebook):
    for number, cell in enumerate(notebook.cells):
        cell.metadata["id"] = cell["id"]
        cell.metadata.pop("nbgrader", None)
        cell["id"] = f"else-{number}"


def of_another_kernel(notebook):
    notebook.metadata.kernelspec = {"name": "torch-gpu", "display_name": "My GPU", "language": "python"}


def old_format(notebook):
    for cell in notebook.cells:
        cell.pop("id")
    notebook.nbformat_minor = 2


def windows_lines(notebook):
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n")


def chapter_cell_deleted(notebook):
    del notebook.cells[2]


def other_order(notebook):
    place = at(notebook, "ex-small-a", check=True)
    notebook.cells[place - 1], notebook.cells[place] = notebook.cells[place], notebook.cells[place - 1]


def own_cells(notebook):
    notebook.cells.insert(2, new_markdown_cell("What I expect: nothing."))
    notebook.cells.insert(at(notebook, "ex-small-b"), new_code_cell("mine = 7"))


def weaker_check(notebook):
    notebook.cells[at(notebook, "ex-small-a", check=True)].source = "pass"


DAMAGE = {
    without_check: "ex-small-b-check: was missing",
    without_all_checks: "ex-small-c-check: was missing",
    pasted_twice: "ex-small-b: its cell stood there 2 times",
    stub_left_behind: "ex-small-c: its cell stood there 2 times",
    split: "ex-small-c: the 2 parts of its cell were joined",
    saved_elsewhere: "",
    ids_in_the_metadata: "",
    of_another_kernel: "it was saved for the kernel 'torch-gpu'",
    old_format: "",
    windows_lines: "",
    chapter_cell_deleted: "1 cell of the chapter came back",
    other_order: "cells were in another order",
    own_cells: "",
    weaker_check: "",
}


def damaged(how):
    notebook = answered()
    how(notebook)
    return notebook


def mended(notebook, release=None):
    student = mark.Student("ada")
    made = mark.mend(nbformat.from_dict(json.loads(json.dumps(notebook))), release or handed_out(), student)
    return made, student


def outline(notebook):
    """What nbgrader goes by, and all code."""
    return [(mark.grade_id(cell), mark.bare(cell.source)) for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("how", DAMAGE, ids=lambda how: how.__name__)
def test_a_damaged_notebook_is_the_whole_one_again(how):
    made, student = mended(damaged(how))
    nbformat.validate(made)
    whole = outline(answered())
    if how is own_cells:
        assert outline(made) == [*whole[:4], (None, "mine = 7"), *whole[4:]]
        assert "What I expect: nothing." in [cell.source for cell in made.cells]
    else:
        assert outline(made) == whole
    assert student.answered == student.exercises == 3
    assert DAMAGE[how] in "; ".join(student.mended)
    assert made.metadata.kernelspec.name == "python3" and (how is saved_elsewhere) == bool(student.look)


def test_two_damages_at_once_are_mended_too():
    kinds = [how for how in DAMAGE if how not in (own_cells, saved_elsewhere, ids_in_the_metadata)]
    rng = random.Random(0)
    for _ in range(60):
        notebook = answered()
        for how in rng.sample(kinds, 2):
            try:
                how(notebook)
            except StopIteration:  # what it would damage is gone
                continue
        made, student = mended(notebook)
        assert outline(made) == outline(answered()), student


def test_a_whole_notebook_comes_out_as_it_went_in_and_nothing_is_said():
    for labels in (LABELS, LABELS[:1], ("none",)):
        made, student = mended(answered(*labels))
        assert outline(made) == outline(answered(*labels))
        assert (student.mended, student.look) == ([], []) and student.answered == len(set(labels) & set(LABELS))


def test_of_two_answers_the_last_one_counts_and_a_person_is_told():
    notebook = answered()
    place = at(notebook, "ex-small-b")
    again = copy.deepcopy(notebook.cells[place])
    again.source = "def b(x):\n    return x + 3"
    notebook.cells.insert(place + 1, again)
    made, student = mended(notebook)
    assert made.cells[at(made, "ex-small-b")].source == again.source
    assert student.look == ["ex-small-b: 2 answers stand there, and the last one counts"]


def test_an_answer_in_a_new_cell_is_taken_and_one_that_is_gone_is_named():
    notebook = answered()
    place = at(notebook, "ex-small-b")
    notebook.cells[place] = new_code_cell(RIGHT["ex-small-b"])
    del notebook.cells[at(notebook, "ex-small-a")]
    made, student = mended(notebook)
    assert made.cells[at(made, "ex-small-b")].source == RIGHT["ex-small-b"]
    assert made.cells[at(made, "ex-small-a")].source == STUB and student.answered == 2
    assert student.look == ["ex-small-b: its cell was gone, and what stood in its place was taken for it"]
    assert student.mended == ["ex-small-a: the cell for the answer was missing"]


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder


def found(tmp_path, files, name="8_small"):
    folder = put(tmp_path / "submitted" / "ada" / name, files)
    return mark.taken(folder, name, handed_out(), {"9_other": other()})


EMPTY, WHOLE = handed_out(), answered()
CUT = nbformat.writes(WHOLE).encode()[:-200]
FOUND = {
    "as it should be": ({"8_small.ipynb": WHOLE}, "8_small.ipynb", 3),
    "renamed by the browser": ({"8_small (1).ipynb": WHOLE}, "8_small (1).ipynb", 3),
    "beside an empty copy": ({"8_small.ipynb": EMPTY, "8_small-Copy1.ipynb": WHOLE}, "8_small-Copy1.ipynb", 3),
    "twice the same": ({"8_small.ipynb": WHOLE, "copy.ipynb": WHOLE}, "8_small.ipynb", 3),
    "in a folder": ({"homework/8_small.ipynb": WHOLE}, "homework/8_small.ipynb", 3),
    "beside a damaged one": ({"8_small.ipynb": CUT, "again.ipynb": WHOLE}, "again.ipynb", 3),
    "with Jupyter's checkpoint": ({"8_small.ipynb": WHOLE, ".ipynb_checkpoints/8.ipynb": EMPTY}, "8_small.ipynb", 3),
    "without an answer": ({"8_small.ipynb": EMPTY}, "8_small.ipynb", 0),
}


@pytest.mark.parametrize("case", FOUND)
def test_the_notebook_with_the_answers_is_found(case, tmp_path):
    files, name, count = FOUND[case]
    student = found(tmp_path, files)
    assert (student.name, student.file, student.answered) == ("ada", name, count)
    assert outline(student.notebook) == outline(WHOLE if count else EMPTY)
    assert student.look == ([] if count else ["no exercise has an answer"])
    assert ("was taken" in "; ".join(student.mended)) == (name != "8_small.ipynb")


REFUSED = {
    "cut off": ({"8_small.ipynb": CUT}, "is cut off, or damaged"),
    "empty": ({"8_small.ipynb": b""}, "the file is empty"),
    "a page": ({"8_small.ipynb": b"<html><body>Sign in</body></html>"}, "is a page or a program"),
    "bytes": ({"8_small.ipynb": b"PK\x03\x04\xff\xfe"}, "the file is no text"),
    "some JSON": ({"8_small.ipynb": b'{"cells": 3}'}, "the file is no notebook"),
    "another chapter": (
        {"8_small.ipynb": other()},
        "it is chapter 9_other, not 8_small",
    ),
    "a notebook of their own": (
        {"8_small.ipynb": new_notebook(cells=[new_code_cell("import math")])},
        "no cell of chapter 8_small is in it",
    ),
    "no notebook": ({"8_small.py": b"a = 1"}, "no notebook came in, but 8_small.py"),
    "two with different answers": (
        {"8_small.ipynb": answered("ex-small-a"), "new.ipynb": WHOLE},
        "8_small.ipynb and new.ipynb hold different answers: keep one",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_marked_is_refused_by_name(case, tmp_path):
    files, sentence = REFUSED[case]
    student = found(tmp_path, files)
    assert student.refused and student.points is None
    assert sentence in "; ".join(student.look)


def test_a_report_has_a_line_for_everybody_as_text_and_as_a_table(tmp_path):
    students = [found(tmp_path / "x", FOUND["as it should be"][0]), found(tmp_path / "y", REFUSED["cut off"][0])]
    students[0].points, students[0].most = 4.0, 6.0
    said = mark.report(tmp_path, "8_small", students)
    assert "4 of 6" in said and "refused" in said and "LOOK: 8_small.ipynb: the file is cut off" in said
    with open(tmp_path / "report-8_small.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["points"] for row in rows] == ["4 of 6", "refused"] and rows[1]["to look at"]


def test_one_student_is_not_one_students(tmp_path, monkeypatch, capsys):
    one = found(tmp_path / "x", FOUND["as it should be"][0])
    monkeypatch.setattr(sys, "argv", ["mark", "8_small", "--course", str(tmp_path)])
    for count, said in ((1, "1 student, "), (2, "2 students, ")):
        monkeypatch.setattr(mark, "mark", lambda *_, count=count: [one] * count)
        mark.main()
        assert f"\n{said}" in capsys.readouterr().out


def test_a_chapter_that_the_course_lacks_and_an_empty_tray_are_sentences(tmp_path):
    with pytest.raises(SystemExit, match=r"has no chapter 8_small\. It has none; `make course` makes them"):
        mark.mark(tmp_path, "8_small")
    put(tmp_path / "release" / "8_small", {"8_small.ipynb": handed_out()})
    with pytest.raises(SystemExit, match="Nothing of bob is in"):
        mark.mark(tmp_path, "8_small", only="bob")


FAMILY = """\
import os, subprocess, sys, time
more = [] if sys.argv[1] == "0" else [sys.executable, "-c", sys.argv[2], str(int(sys.argv[1]) - 1), sys.argv[2]]
child = subprocess.Popen(more, start_new_session=True) if more else None
print(os.getpid(), flush=True)
time.sleep(300)"""


def test_what_takes_too_long_is_ended_with_all_that_it_started_also_in_other_sessions():
    """nbgrader starts the kernel in a session of its own, and a student's code may start programs."""
    process = subprocess.Popen([sys.executable, "-c", FAMILY, "2", FAMILY], stdout=subprocess.PIPE, text=True)
    pids = {int(process.stdout.readline()) for _ in range(3)}
    assert all(map(psutil.pid_exists, pids)) and len(pids) == 3
    family = [psutil.Process(pid) for pid in pids]
    begin = time.monotonic()
    mark.stop(process)  # it waits for the pipe, which all of them hold
    assert time.monotonic() - begin < 100, "one of them went on to its end"
    _, alive = psutil.wait_procs(family, timeout=10)
    assert all(one.status() == psutil.STATUS_ZOMBIE for one in alive)


# ------------------------------------------------------------------------------------------- a class, with nbgrader


def source_of(notebook):
    """The chapter of which `notebook` is the students' version, as it stands in the book."""
    for cell in notebook.cells:
        label = mark.grade_id(cell)
        cell.metadata.pop("nbgrader", None)
        if label in RIGHT:
            cell.source = f"### BEGIN SOLUTION\n{RIGHT[label]}\n### END SOLUTION"
        if cell.cell_type == "markdown" and "Exercise" in cell.source:
            label = cell.source.split()[1].strip(".*")
            cell.source = f"```{{exercise}} Set it\n:label: {label}\n\nSet it.\n```"
    notebook.cells[0].source = "# 8. Small"
    return notebook


DEAF = "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass"


def class_of_forty(handout):
    """Student -> the files that they hand in, and the points that they must get; None where they must be refused."""
    files = {}
    for how in DAMAGE:
        notebook = answered(notebook=handout)
        how(notebook)
        files[how.__name__] = ({"8_small.ipynb": notebook}, 6)
    for case, (came, _, count) in FOUND.items():
        files[case.replace(" ", "_")] = ({name: as_of(handout, one) for name, one in came.items()}, 2 * count)
    for case, (came, _) in REFUSED.items():
        files[case.replace(" ", "_")] = ({name: as_of(handout, one) for name, one in came.items()}, None)
    wrong = {
        "wrong": ("ex-small-a", "a = 7", 4),
        "cheats": ("ex-small-a", "a = 7\nassert True", 4),
        "endless": ("ex-small-b", "while True:\n    pass", 4),
        "floods": ("ex-small-c", "for n in range(300_000):\n    print('x' * 50)\nc = 6", 6),
        "deaf": ("ex-small-b", DEAF, 2),  # what stands behind it is never run
        "hungry": ("ex-small-c", "c = len(bytearray(40 * 2**30))", 4),
        "ends Python": ("ex-small-c", "import os\nos._exit(3)", None),
        "breaks": ("ex-small-b", "def b(x) return x", 4),
    }
    for case, (label, source, points) in wrong.items():
        notebook = answered(notebook=handout)
        notebook.cells[at(notebook, label)].source = source
        files[case.replace(" ", "_")] = ({"8_small.ipynb": notebook}, points)
    for number in range(40 - len(files)):
        labels = LABELS[: number % 3 + 1]
        files[f"student{number}"] = ({"8_small.ipynb": answered(*labels, notebook=handout)}, 2 * len(labels))
    return files


def as_of(handout, one):
    """The same answers in the notebook that was really handed out."""
    if isinstance(one, bytes) or not any(map(mark.is_answer, one.cells)) or "other" in one.cells[0].source:
        return one
    labels = [mark.grade_id(cell) for cell in one.cells if mark.is_answer(cell) and cell.source != STUB]
    return answered(*(labels or ["none"]), notebook=handout)


needs_nbgrader = pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None, reason="nbgrader is not installed here"
)


def small_course(place):
    """The folder of a course with the small chapter, and what is handed out of it."""
    (place / "notebooks").mkdir()
    nbformat.write(source_of(handed_out()), place / "notebooks" / "8_small.ipynb")
    course.make([], place / "course", place / "made", place / "notebooks")
    return place / "course", nbformat.read(place / "made" / "student" / "8_small" / "8_small.ipynb", as_version=4)


@pytest.mark.answers
@needs_nbgrader
def test_a_class_of_forty_is_handed_out_collected_marked_and_exported(tmp_path, monkeypatch):
    monkeypatch.setattr(mark, "CELL_SECONDS", 20)
    folder, handout = small_course(tmp_path)
    forty = class_of_forty(handout)
    assert len(forty) == 40
    for student, (files, _) in forty.items():
        put(folder / "submitted" / student / "8_small", files)
    before = {path: path.read_bytes() for path in (folder / "submitted").rglob("*") if path.is_file()}
    students = {one.name: one for one in mark.mark(folder, "8_small", minutes=4)}
    assert before == {path: path.read_bytes() for path in (folder / "submitted").rglob("*") if path.is_file()}
    given = {name: one.points for name, one in students.items()}
    assert given == {name: points for name, (_, points) in forty.items()}
    for name, one in students.items():
        assert one.points or one.look, f"{name} gets nothing, in silence"
    assert "did not end within 20 seconds" in "; ".join(students["endless"].look)
    assert "ended Python" in "; ".join(students["ends_Python"].look)
    assert "ex-small-b: did not end within 20 seconds" in students["deaf"].look
    assert "ex-small-c: wanted more than 8 GiB of memory" in students["hungry"].look
    said = mark.report(folder, "8_small", list(students.values()))
    assert all(name in said for name in forty)
    nbgrader = Path(sys.executable).parent / "nbgrader"
    subprocess.run([nbgrader, "export"], cwd=folder, check=True, capture_output=True)
    with open(folder / "grades.csv", encoding="utf-8", newline="") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported.items() >= {(name, points) for name, points in given.items() if points is not None}
