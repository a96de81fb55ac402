"""Mark what students handed in, also what is not intact: `make mark NAMES=01_noise` (needs requirements-course.txt).

    python -m tools.site.mark 01_noise                   everybody
    python -m tools.site.mark 01_noise --student ada     one student

Reads course/submitted/STUDENT/NAME, which stays as it is, and writes for each student a notebook with every cell that
the chapter has, in course/mended; that is what nbgrader marks. A cell that was deleted comes back, one that was pasted
twice or split becomes one again, and a notebook that a browser renamed is found. What cannot be mended is refused by
name, and has no marks. At the end stands a line a student: what came in, what was mended, what a person must look at;
the same in course/report-NAME.csv. Nobody gets nothing in silence.

Marking runs what students wrote, on this machine and as you: use a container, or an account that may do little. Each
notebook gets so many minutes in all (--minutes), each cell two of them, and so much memory (--memory, not on Windows).
"""

import argparse
import ast
import contextlib
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tools.site.course import COURSE, gradebook_of, put, several, shown

NOTEBOOK = "*.ipynb"
CELL_SECONDS = 120
LABEL = "nbgrader"


@dataclass
class Student:
    """What came in from a student, what was done to it, and how it was marked."""

    name: str
    file: str = ""
    answered: int = 0
    exercises: int = 0
    points: float | None = None
    most: float = 0.0
    mended: list[str] = field(default_factory=list)
    look: list[str] = field(default_factory=list)
    notebook: NotebookNode | None = None

    @property
    def refused(self) -> bool:
        return self.notebook is None


class Unreadable(Exception):
    """A file that is no notebook of this chapter; the sentence says why."""


# ---------------------------------------------------------------------------------------------- one notebook, mended


def bare(source: str) -> str:
    """A cell's source without what an editor may change on its own."""
    return "\n".join(line.rstrip() for line in source.replace("\r\n", "\n").strip().split("\n"))


def grade_id(cell: NotebookNode) -> str | None:
    return cell.metadata.get(LABEL, {}).get("grade_id")


def is_check(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get(LABEL, {}).get("grade"))


def is_answer(cell: NotebookNode) -> bool:
    return bool(grade_id(cell)) and not is_check(cell)


def identity(cell: NotebookNode) -> set[tuple[str, str]]:
    """What a cell may be known by: nbgrader's label, Jupyter's id, the id that Colab keeps."""
    marks = {("grade", grade_id(cell)), ("id", cell.get("id")), ("id", cell.metadata.get("id"))}
    return {(kind, value) for kind, value in marks if value}


def read(path: Path) -> NotebookNode:
    """Return a notebook of any version of the format; say in a sentence what else the file is."""
    content = path.read_bytes()
    if not content.strip():
        raise Unreadable("the file is empty")
    try:
        json.loads(content)
    except UnicodeDecodeError:
        raise Unreadable("the file is no text, so no notebook") from None
    except ValueError:
        start = content.lstrip()[:1]
        what = "is cut off, or damaged" if start == b"{" else "is a page or a program, no notebook"
        raise Unreadable(f"the file {what}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of ids that are missing or there twice, which `mend` does not need
            return nbformat.read(io.StringIO(content.decode()), as_version=4)
    except Exception as error:  # nbformat raises whatever the damage leads to
        raise Unreadable(f"the file is no notebook ({type(error).__name__})") from None


def matched(cells: list[NotebookNode], release: list[NotebookNode]) -> dict[int, list[int]]:
    """For each cell of the chapter, by its place: the places of the cells that came of it, in their order.

    A cell is known by a label or id; one that lost them by its text, and an answer by its place before its check.
    """
    of_mark = {mark: place for place, cell in enumerate(release) for mark in identity(cell)}
    texts = [bare(cell.source) for cell in release]
    of_text = {text: place for place, text in enumerate(texts) if text and texts.count(text) == 1}
    found: dict[int, list[int]] = {place: [] for place in range(len(release))}
    mine: set[int] = set()
    for number, cell in enumerate(cells):
        marks = sorted(identity(cell))  # "grade" before "id"
        place = next((of_mark[mark] for mark in marks if mark in of_mark), of_text.get(bare(cell.source)))
        if place is not None:
            found[place].append(number)
            mine.add(number)
    for place, cell in enumerate(release):  # an answer whose cell is unknown: what stands right before the check
        if is_answer(cell) and not found[place]:
            number = min(found[place + 1], default=0) - 1
            while number >= 0 and number not in mine and cells[number].cell_type == "code":
                found[place].insert(0, number)
                mine.add(number)
                number -= 1
    return found


def one_answer(parts: list[str], stub: str, label: str) -> tuple[str, str, str]:
    """The source of an answer that stands in several cells; what was mended; what a person must look at."""
    written = list(dict.fromkeys(part for part in map(bare, parts) if part and part != bare(stub)))
    if len(written) == 0:
        return stub, "", ""
    if len(written) == 1:
        return written[0], f"{label}: its cell stood there {len(parts)} times" if len(parts) > 1 else "", ""
    names = [defined(part) for part in written]
    if None not in names and set.intersection(*names):  # type: ignore[arg-type]
        return written[-1], "", f"{label}: {len(written)} answers stand there, and the last one counts"
    return "\n".join(written), f"{label}: the {len(written)} parts of its cell were joined", ""


def defined(source: str) -> set[str] | None:
    """The names that a cell defines at its top level; None if it is no whole program."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return None
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return names | {
        part.id
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def mend(handed_in: NotebookNode, release: NotebookNode, student: Student) -> NotebookNode:
    """Return the chapter with the student's answers, and what else they wrote; note in `student` what was done.

    Every cell of the chapter is there once, in the chapter's order, and the student's own cells are where they were.
    """
    cells, found = handed_in.cells, matched(handed_in.cells, release.cells)
    student.exercises = len(labels_of(release))
    after, last = owned(cells, found), -1
    made, missing, order = release.copy(), 0, after.get(-1, [])
    for place, cell in enumerate(release.cells):
        one, parts = cell.copy(), [cells[number] for number in found[place]]
        if is_answer(cell):
            one.source = answer(parts, cell, student)
        elif is_check(cell):
            if len(parts) != 1:
                times = f"stood there {len(parts)} times" if parts else "was missing"
                student.mended.append(f"{grade_id(cell)}: {times}")
        elif parts:
            one.source = parts[-1].source
        else:
            missing += cell.cell_type == "code"
        if cell.cell_type == "code":
            one.outputs, one.execution_count = [], None
        order = [*order, one, *after.get(place, [])]
        if parts:
            student.mended += ["cells were in another order"] if found[place][0] < last else []
            last = max(last, found[place][0])
    student.mended += [f"{several(missing, 'cell')} of the chapter came back"] if missing else []
    kernel = handed_in.metadata.get("kernelspec", {}).get("name")
    if kernel not in (None, release.metadata.kernelspec.name):
        student.mended.append(f"it was saved for the kernel {kernel!r}")
    student.mended = list(dict.fromkeys(student.mended))
    made.cells = order
    return made


def answer(parts: list[NotebookNode], cell: NotebookNode, student: Student) -> str:
    """The source of an answer, from the cells that came of its cell; note in `student` what was done."""
    label = str(grade_id(cell))
    source, done, look = one_answer([part.source for part in parts], cell.source, label)
    student.answered += bare(source) != bare(cell.source)
    student.mended += [done] if done else []
    student.look += [look] if look else []
    if not parts:
        student.mended.append(f"{label}: the cell for the answer was missing")
    elif not any(identity(part) & identity(cell) for part in parts) and bare(source) != bare(cell.source):
        student.look.append(f"{label}: its cell was gone, and what stood in its place was taken for it")
    if any(part.cell_type != "code" for part in parts):
        student.look.append(f"{label}: the answer was no cell of code, and was made one")
    return source


def owned(cells: list[NotebookNode], found: dict[int, list[int]]) -> dict[int, list[NotebookNode]]:
    """The cells that the student added, by the place in the chapter behind which they stand; -1 is the top."""
    place_of = {number: place for place, numbers in found.items() for number in numbers}
    after: dict[int, list[NotebookNode]] = {}
    last = -1
    for number, cell in enumerate(cells):
        if number in place_of:
            last = place_of[number]
        elif bare(cell.source):
            after.setdefault(last, []).append(own(cell))
    return after


def own(cell: NotebookNode) -> NotebookNode:
    """A cell that the student added, without what nbgrader would take for a label."""
    kinds = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    return kinds.get(cell.cell_type, nbformat.v4.new_raw_cell)(cell.source)


# ------------------------------------------------------------------------------------------------ one student's folder


def taken(folder: Path, name: str, release: NotebookNode, others: dict[str, NotebookNode]) -> Student:
    """Find a student's notebook of this chapter among what they handed in, and mend it."""
    hidden = [path for path in folder.rglob(NOTEBOOK) if any(p.startswith(".") for p in path.relative_to(folder).parts)]
    files = sorted(set(folder.rglob(NOTEBOOK)) - set(hidden))  # Jupyter's own checkpoints are hidden
    student = Student(folder.parent.name, exercises=len(labels_of(release)))
    if not files:
        there = ", ".join(sorted(path.name for path in folder.rglob("*") if path.is_file())) or "nothing"
        student.look.append(f"no notebook came in, but {there}")
        return student
    read_, wrong = [], []
    for path in files:
        try:
            notebook = read(path)
            belongs(notebook, name, release, others)
        except Unreadable as error:
            wrong.append(f"{path.relative_to(folder)}: {error}")
            continue
        one = Student(folder.parent.name, file=str(path.relative_to(folder)))
        one.notebook = mend(notebook, release, one)
        read_.append(one)
    if not read_:
        student.look += wrong
        return student
    answers = {tuple(cell.source for cell in one.notebook.cells if grade_id(cell)) for one in read_ if one.answered}
    if len(answers) > 1:
        both = " and ".join(one.file for one in read_ if one.answered)
        student.look.append(f"{both} hold different answers: keep one")
        return student
    best = max(read_, key=lambda one: (one.answered, one.file == f"{name}.ipynb"))
    if best.file != f"{name}.ipynb":
        best.mended.append(f"{best.file} was taken")
    best.mended += wrong
    if not best.answered:
        best.look.append("no exercise has an answer")
    return best


def labels_of(notebook: NotebookNode) -> list[str]:
    return [str(grade_id(cell)) for cell in notebook.cells if is_answer(cell)]


def belongs(notebook: NotebookNode, name: str, release: NotebookNode, others: dict[str, NotebookNode]) -> None:
    """Say so if a notebook is none of this chapter: it shares more code with another, or none with this one."""

    def shared(chapter: NotebookNode) -> int:
        found = matched(notebook.cells, chapter.cells)
        code = [place for place, cell in enumerate(chapter.cells) if cell.cell_type == "code"]
        return sum(bool(found[place]) for place in code if "setup" not in chapter.cells[place].metadata.get("tags", []))

    here = shared(release)
    best = max(others, key=lambda other: shared(others[other]), default="")
    if best and shared(others[best]) > here:
        raise Unreadable(f"it is chapter {best}, not {name}")
    if not here:
        raise Unreadable(f"no cell of chapter {name} is in it")


# ------------------------------------------------------------------------------------------------------- the marking


def limits(memory: float) -> Any:
    """What a process that runs students' code calls first: it may have so many GiB of memory."""
    if os.name == "nt":
        return None

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (int(memory * 2**30),) * 2)

    return limit


def autograde(course: Path, name: str, student: Student, minutes: float, memory: float) -> str:
    """Have nbgrader mark one student's mended notebook; return why it could not, or nothing."""
    command = [Path(sys.executable).parent / "nbgrader", "autograde", name, f"--student={student.name}", "--force"]
    command += ["--CourseDirectory.submitted_directory=mended", f"--Execute.timeout={CELL_SECONDS}"]
    command += ["--Execute.interrupt_on_timeout=True", "--Execute.raise_on_iopub_timeout=False"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=course,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=limits(memory),
    )
    try:
        said, _ = process.communicate(timeout=60 * minutes)
    except subprocess.TimeoutExpired:
        stop(process)
        return f"it did not end within {minutes:g} minutes"
    if process.returncode == 0:
        return ""
    if "MemoryError" in said or "DeadKernel" in said or "Kernel died" in said:
        return f"its code wanted more than {memory:g} GiB of memory, or ended Python"
    lines = [line for line in said.splitlines() if "ERROR" in line]
    return f"nbgrader stopped: {(lines or said.splitlines() or ['without a word'])[-1].strip()}"


def stop(process: subprocess.Popen) -> None:
    """End a process and all that it started, the kernel among them, which has a session of its own."""
    import psutil  # comes with ipykernel

    family = psutil.Process(process.pid).children(recursive=True)
    for one in [process, *family]:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    process.communicate()


def marks(course: Path, name: str, student: Student, memory: float) -> None:
    """Enter the points that nbgrader gave, and name the cells that wanted more time or memory than there is."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(gradebook_of(course)) as book:
        try:
            notebook = book.find_submission_notebook(name, name, student.name)
        except MissingEntry:
            student.look.append("nbgrader has no marks of it")
            return
        student.points, student.most = notebook.score, notebook.max_score
    path = course / "autograded" / student.name / name / f"{name}.ipynb"
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if output.output_type != "error":
                continue
            where = grade_id(cell) or "a cell of the chapter"
            if output.ename == "CellTimeoutError":
                student.look.append(f"{where}: did not end within {CELL_SECONDS} seconds")
            elif output.ename == "MemoryError" or "can't allocate memory" in output.evalue:  # Python's and PyTorch's
                student.look.append(f"{where}: wanted more than {memory:g} GiB of memory")
    if student.answered and not student.points:
        student.look.append("answers, and no points: read the feedback")


def report(course: Path, name: str, students: list[Student]) -> str:
    """A line a student, as text; also written as a table."""
    rows = [("student", "file", "answered", "points", "mended", "to look at")]
    for one in students:
        given = "refused" if one.refused else "none" if one.points is None else f"{one.points:g} of {one.most:g}"
        answered = f"{one.answered} of {one.exercises}"
        rows.append((one.name, one.file, answered, given, "; ".join(one.mended), "; ".join(one.look)))
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    put(table.getvalue().encode(), course / f"report-{name}.csv")
    lines = []
    for student, file, answered, given, mended, look in rows[1:]:
        lines.append(f"{student:16} {given:>10}  {answered} answered  {file}")
        lines += [f"{'':16} mended: {mended}"] if mended else []
        lines += [f"{'':16} LOOK: {look}"] if look else []
    return "\n".join(lines)


def mark(course: Path, name: str, only: str = "", minutes: float = 30.0, memory: float = 8.0) -> list[Student]:
    """Mark a chapter: find, mend, run, and report. What students handed in is not touched."""
    release = read(handout(course, name))
    others = {path.stem: read(path) for path in sorted(course.glob(f"release/*/{NOTEBOOK}")) if path.stem != name}
    folders = sorted(folder for folder in course.glob(f"submitted/*/{name}") if folder.is_dir())
    if only:
        folders = [folder for folder in folders if folder.parent.name == only]
    if not folders:
        whom = f"of {only} " if only else ""
        raise SystemExit(f"Nothing {whom}is in {shown(course)}/submitted/STUDENT/{name}.")
    students = []
    for folder in folders:
        student = taken(folder, name, release, others)
        students.append(student)
        ready = course / "mended" / student.name / name
        shutil.rmtree(ready, ignore_errors=True)
        if student.refused:
            continue
        shutil.copytree(folder, ready, ignore=shutil.ignore_patterns(NOTEBOOK, ".*"))
        put(nbformat.writes(student.notebook).encode(), ready / f"{name}.ipynb")
        why = autograde(course, name, student, minutes, memory)
        if why:
            student.look.append(why)
        else:
            marks(course, name, student, memory)
        print(f"{len(students)} of {len(folders)}: {student.name}", file=sys.stderr, flush=True)
    return students


def handout(course: Path, name: str) -> Path:
    """Where a course keeps what it handed out; say so if the chapter is none of its own."""
    path = course / "release" / name / f"{name}.ipynb"
    if not path.exists():
        there = ", ".join(sorted(one.parent.name for one in course.glob(f"release/*/{NOTEBOOK}"))) or "none"
        raise SystemExit(f"{shown(course)} has no chapter {name}. It has {there}; `make course` makes them.")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME", help="chapters, such as 01_noise")
    parser.add_argument("--course", type=Path, default=COURSE, help="the folder of the course (default: course)")
    parser.add_argument("--student", default="", help="one student instead of all")
    parser.add_argument("--minutes", type=float, default=30.0, help="for a notebook, at most (default: 30)")
    parser.add_argument("--memory", type=float, default=8.0, help="GiB for a notebook, at most (default: 8)")
    options = parser.parse_args()
    course = options.course.expanduser().resolve()
    for name in [Path(name).stem for name in options.names]:
        students = mark(course, name, options.student, options.minutes, options.memory)
        print(f"{name}\n{report(course, name, students)}")
        look = sum(bool(student.look) for student in students)
        print(f"{several(len(students), 'student')}, {look} to look at: {shown(course)}/report-{name}.csv")


if __name__ == "__main__":
    main()
