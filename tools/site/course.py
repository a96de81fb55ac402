"""Make a course from the chapters: `make course` (needs requirements-course.txt).

    python -m tools.site.course                      all chapters with exercises
    python -m tools.site.course 01_noise 04_reading  these; the others stay as they are

What is made to hand out is in _build/course:

    instructor/NAME/NAME.ipynb   the chapter with solutions, stored outputs, all tests
    student/NAME/NAME.ipynb      the same without them: to hand out, or to open in Colab

What people put is in a folder of its own, `course` or what --course says. It is nbgrader's: collect answers in
submitted/STUDENT/NAME/NAME.ipynb and mark them with `make mark` (tools/site/mark.py). Then, in that folder and with the
environment active (`. .venv/bin/activate`): nbgrader generate_feedback NAME; nbgrader export. Of this folder the
command writes source/, release/, the exercises in gradebook.db, nbgrader_config.py, and made.json, a list of what it
wrote. A file that somebody has changed since stays, and nothing in the folder is ever removed. A chapter whose
exercises changed after somebody handed it in is left as it was; --replace takes the new one.

The chapters are the only source. A code cell tagged `solution` becomes nbgrader's answer cell, the cell tagged `check`
behind it a locked test worth 2 points, or as many as its `metadata.ganbook.points` says. With --secret each chapter
also gets the exercise of book/variants with the numbers of this course (tools/site/variants.py). What stands between
### BEGIN SOLUTION and ### END SOLUTION is cut for students, and so is what stands in a check between
### BEGIN HIDDEN TESTS and ### END HIDDEN TESTS; the autograder puts the tests back.
"""

import argparse
import ast
import datetime
import hashlib
import json
import logging
import os
import re
import shlex
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]

from notebook_form import read  # noqa: E402

from tools.site.edition import pin, plain_copy, with_captions, with_pictures  # noqa: E402
from tools.site.plain import Plain  # noqa: E402
from tools.site.variants import keep, secret_of, with_variant  # noqa: E402

NOTEBOOKS = ROOT / "notebooks"
MADE = ROOT / "_build" / "course"
COURSE = ROOT / "course"
POINTS = 2
LABEL = re.compile(r"^:label: *(ex-[a-z0-9-]+)$", re.MULTILINE)
ANSWER = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION$", re.MULTILINE | re.DOTALL)
WELCOME = """\
**Your copy.** {count}. Run the cells from the top, since each uses what those above it have made. Write your answer
where a cell says `# Your answer here` and delete the line below it; other lines of the cell stay. The cell after it
checks the answer: if it runs without an error, the answer holds; if not, the last line of the error says what is wrong.
(`NotImplementedError`, or a `NameError` for a name that you were to define, means that there is no answer yet. Where
"Run all" stops at that, go on by running the cells below.) Change nothing in the checks, and no order of cells; the
marks are given by the original checks in any case."""

# One file for `nbgrader` in this folder, so that a teacher needs no command of ours.
CONFIG = '''\
"""nbgrader's settings: for `nbgrader` in this folder, and for `make mark`."""

import os

# Trainings are cut to two steps, so that a chapter is graded in seconds. GANBOOK_SMOKE=0 grades at the full budget.
os.environ.setdefault("GANBOOK_SMOKE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "ganbook"
c.ClearSolutions.code_stub = {
    "python": '# Your answer here\\nraise NotImplementedError("this exercise has no answer yet: delete this line")'
}
c.Execute.timeout = 900
c.Execute.kernel_name = "python3"
'''


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def exercises(notebook) -> dict[str, tuple[int, int]]:
    """Label of each exercise -> positions of its solution and its check."""
    found = {}
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and (label := LABEL.search(cell.source)):
            found[label[1]] = (number + 1, number + 2)
    return found


def points(check) -> int:
    return check.metadata.get("ganbook", {}).get("points", POINTS)


def to_define(solution: str, check: str) -> list[str]:
    """The names that an answer has to define, because the rest of its cell or the check uses them.

    Only where the answer is not the body of a function, which says by itself what is to be written.
    """
    inside = [found[2] for found in ANSWER.finditer(solution) if not found[1]]
    outside = [*ast.walk(ast.parse(ANSWER.sub(r"\1pass", solution))), *ast.walk(ast.parse(check))]
    used = {node.id for node in outside if isinstance(node, ast.Name)}
    used -= {node.id for node in outside if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names = []
    for node in ast.parse("\n".join(inside)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        else:
            stored = (part for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
            names += [part.id for part in stored]
    return [name for name in dict.fromkeys(names) if name in used]


def several(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def graded(kind: str, label: str, worth: int = 0) -> dict:
    """nbgrader's metadata, schema 3, of an answer cell or of a test."""
    plain = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    if kind == "solution":
        return plain | {"grade_id": label, "solution": True}
    return plain | {"grade_id": f"{label}-check", "grade": True, "locked": True, "points": worth}


def instructor(notebook, name: str, reader: Plain):
    """The solved chapter in plain Markdown with nbgrader's metadata, generated from the tags."""
    made = plain_copy(notebook, name, reader)
    total, found = 0, exercises(notebook)
    for label, (solution, check) in found.items():
        worth = points(made.cells[check])
        total += worth
        made.cells[solution].metadata["nbgrader"] = graded("solution", label)
        made.cells[check].metadata["nbgrader"] = graded("check", label, worth)
        names = ", ".join(f"`{name}`" for name in to_define(made.cells[solution].source, made.cells[check].source))
        note = f" Your answer defines {names}." if names else ""
        text, fold, hint = made.cells[solution - 1].source.partition("\n\n<details><summary>Hint")
        made.cells[solution - 1].source = f"{text}\n\n*{several(worth, 'point')}.*{note}{fold}{hint}"
    welcome = WELCOME.format(count=f"{several(len(found), 'exercise')}, {several(total, 'point')}")
    made.cells = with_captions(made.cells, reader)
    pin(made.cells, reader.home)  # a course goes on for months, and the book goes on too
    made.cells.insert(1, nbformat.v4.new_markdown_cell(welcome, id="your-copy"))
    made.metadata.pop("ganbook", None)  # the fingerprint belongs to the chapter
    return made


# ------------------------------------------------------------------------------------------------------- nbgrader


def nbgrader_at(folder: Path, settings: Path | None = None):
    """nbgrader's interface for the course in `folder`, wherever we stand; its configuration may be in another one."""
    from nbgrader.apps import NbGrader
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    NbGrader.clear_instance()
    NbGrader().log.setLevel(logging.ERROR)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(settings or folder)).load_config()
    config.CourseDirectory.root = str(folder)
    config.Exchange.root = str(folder / "exchange")
    here = str(Path(sys.executable).parent)  # nbgrader calls `alembic` by its name, also if no environment is active
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])
    return NbGraderAPI(config=config)


def gradebook_of(course: Path) -> str:
    """The address of a course's gradebook, which its configuration may change."""
    return nbgrader_at(course).coursedir.db_url


def release(name: str, draft: Path, course: Path, gradebook: str = "", into: str = "release") -> None:
    """Have nbgrader make the student's version of one chapter in `draft` and enter its tests in a gradebook.

    That is a gradebook of the draft's own, if none is named.
    """
    api = nbgrader_at(draft, course)
    api.coursedir.source_directory, api.coursedir.release_directory = "source", into
    api.coursedir.db_url = gradebook or f"sqlite:///{draft}/gradebook.db"
    answer = api.generate_assignment(name, force=True, create=True)
    if not answer["success"]:
        raise SystemExit(f"{name}: nbgrader made no student version.\n{answer.get('error')}\n{answer.get('log')}")


def tests(gradebook: str, name: str) -> dict[str, tuple] | None:
    """What a gradebook knows of the cells by which a chapter is marked; None if it does not know the chapter."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(gradebook) as book:
        try:
            notebook = book.find_notebook(name, name)
        except MissingEntry:
            return None
        worth = {cell.name: cell.max_score for cell in notebook.grade_cells}
        return {
            cell.name: (cell.cell_type, cell.locked, cell.source, worth.get(cell.name))
            for cell in notebook.source_cells
        }


def marked(gradebook: str, name: str) -> set[str]:
    """The students of whom a gradebook has a submission of this chapter."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(gradebook) as book:
        try:
            return {submission.student.id for submission in book.find_assignment(name).submissions}
        except MissingEntry:
            return set()


def student_version(path: Path) -> None:
    """Drop what only the site needs: no cell of a student's copy starts folded, no solution is promised.

    Of all outputs, which nbgrader removes, the diagrams come back. Their cells alone stay folded.
    An exercise without an answer raises; its tag lets Jupyter's "Run all" go on with the chapter behind it.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        kept = [tag for tag in tags(cell) if tag in ("setup", "raises-exception", "check", "solution")]
        if "check" in kept or "solution" in kept:
            kept.append("raises-exception")
        cell.metadata["tags"] = kept
        if "setup" not in kept:
            cell.metadata.pop("jupyter", None)
        cell.metadata.pop("mystnb", None)
    with_pictures(notebook.cells)
    notebook.metadata.pop("widgets", None)  # the state of the chapter's own run
    nbformat.write(notebook, path)


# ------------------------------------------------------------------------------------------------- what people put


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(content: bytes, path: Path) -> None:
    """Replace the file in one step: who reads it has the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)


class Ours:
    """The files that we wrote into a course's folder. One that somebody has changed since is no longer ours."""

    def __init__(self, course: Path):
        self.course, self.list = course, course / "made.json"
        self.known: dict[str, list[str]] = json.loads(self.list.read_text()) if self.list.exists() else {}

    def changed(self, name: str) -> bool:
        path = self.course / name
        return path.exists() and digest(path.read_bytes()) not in self.known.get(name, [])

    def put(self, content: bytes, name: str) -> None:
        """Write one of our files. The list is written first and has the version before too, should we be stopped."""
        if (self.course / name).exists() and (self.course / name).read_bytes() == content:
            return
        self.known[name] = [*self.known.get(name, [])[-1:], digest(content)]
        put((json.dumps(self.known, indent=1) + "\n").encode(), self.list)
        put(content, self.course / name)


def left_behind(made: Path) -> bool:
    """Is there anybody's work in `autograde`, where it was kept before it had a folder of its own?"""
    files = [path for path in (made / "autograde").rglob("*") if path.is_file()]
    if [path for path in files if path.name != "gradebook.db"]:
        return True
    try:
        return any(
            sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("select * from submitted_assignment").fetchone()
            for path in files
        )
    except sqlite3.Error:
        return True


def shown(path: Path) -> str:
    """A path as one would type it at the top of the repository."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def ready(course: Path, made: Path) -> Ours:
    """Make the folder of a course, with nbgrader's configuration, if it is not there."""
    if left_behind(made):
        here = shlex.quote(shown(course))
        raise SystemExit(
            f"{shown(made)}/autograde holds what students handed in, and the marks, from before they had a folder of "
            f"their own: move them with `mkdir -p {here} && mv -n {shown(made)}/autograde/* {here}/` "
            "and run `make course` again."
        )
    ours = [ROOT / name for name in ("_build", "build", "dist", "ganbook", "tools", "tests", "book", "notebooks")]
    if course == ROOT or course.is_file() or not {course, *course.parents}.isdisjoint(ours):
        raise SystemExit(
            f"A course needs a folder of its own, outside of what `make clean` removes and of the book's own folders, "
            f"and {course} is not one: say another one with `make course COURSE=FOLDER`."
        )
    (course / "submitted").mkdir(parents=True, exist_ok=True)
    ours = Ours(course)
    if not ours.changed("nbgrader_config.py"):
        ours.put(CONFIG.encode(), "nbgrader_config.py")
    return ours


def obstacle(name: str, before: dict | None, now: dict, students: set[str], counted: set[str], replace: bool) -> str:
    """Why the exercises of a chapter have to stay as they were; an empty string if they need not.

    `before` and `now` are its tests in the course's gradebook and in the draft's. `students` handed in, and of those in
    `counted` the gradebook has marks.
    """
    if before is None or before == now or not students:
        return ""
    changed = sorted({label.removesuffix("-check") for label in before | now if before.get(label) != now.get(label)})
    said = f"{name}: {', '.join(changed)} changed after {several(len(students), 'student')} handed in"
    if replace and before.keys() != now.keys() and counted:
        return (
            f"{said}, and nbgrader cannot add or remove exercises of a chapter that has marks, so the chapter stays as "
            "it was in this course: begin another one with `make course COURSE=FOLDER`."
        )
    if not replace:
        return (
            f"{said}, so the chapter stays as it was in this course: `make course NAMES={name} ARGS=--replace` takes "
            "the new one, by which they are then marked."
        )
    return ""


def make(
    names: list[str],
    course: Path = COURSE,
    made: Path = MADE,
    notebooks: Path = NOTEBOOKS,
    reader: Plain | None = None,
    replace: bool = False,
    secret: str = "",
) -> dict:
    """Write the handouts and what nbgrader needs; return {chapter: {label: points}} of those that were written anew.

    With a secret, given now or once before, each chapter has an exercise more (tools/site/variants.py).
    """
    course, made = course.resolve(), made.resolve()
    chapters = {  # read before anything is written: one that is damaged is named, and nothing is half made
        path: read(path) for path in sorted(notebooks.glob("*.ipynb")) if not names or path.stem in names
    }
    secret = secret_of(course, secret)
    if secret:
        chapters = {path: with_variant(notebook, path.stem, secret) for path, notebook in chapters.items()}
    ours, reader, done = ready(course, made), reader or Plain(), {}
    keep(course, secret)
    gradebook = gradebook_of(course)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder).resolve()
        for path, notebook in chapters.items():
            if not exercises(notebook):
                continue
            source, student = (f"{kind}/{path.stem}/{path.name}" for kind in ("source", "release"))
            put(nbformat.writes(instructor(notebook, path.stem, reader)).encode() + b"\n", draft / source)
            release(path.stem, draft, course)
            student_version(draft / student)
            counted = marked(gradebook, path.stem)
            students = counted | {one.parent.name for one in course.glob(f"submitted/*/{path.stem}")}
            before, now = tests(gradebook, path.stem), tests(f"sqlite:///{draft}/gradebook.db", path.stem)
            edited = [name for name in (source, student) if ours.changed(name)]
            why = obstacle(path.stem, before, now, students, counted, replace)
            if edited:
                files = " and ".join(shown(course / name) for name in edited)
                why = (
                    f"{path.stem}: somebody has changed {files}, so the chapter stays as it is in this course: "
                    "`make course` writes it anew if you move it away."
                )
            if why:
                print(why)
            else:
                if before != now:
                    keep_a_copy(course, students)
                    release(path.stem, draft, course, gradebook, into="entered")
                for name in (source, student):
                    ours.put((draft / name).read_bytes(), name)
                done[path.stem] = {
                    label: points(notebook.cells[check]) for label, (_, check) in exercises(notebook).items()
                }
            for kind, name in (("instructor", source), ("student", student)):
                if (course / name).exists():
                    put((course / name).read_bytes(), made / kind / path.stem / path.name)
    return done


def keep_a_copy(course: Path, students: set[str]) -> None:
    """Copy a gradebook with marks before its exercises change."""
    if students and (course / "gradebook.db").exists():
        now = f"{datetime.datetime.now():%Y-%m-%dT%H-%M-%S}"
        shutil.copy2(course / "gradebook.db", course / f"gradebook-{now}.db")
        print(f"The gradebook as it was is {shown(course / f'gradebook-{now}.db')}.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Make notebooks to hand out, and what nbgrader needs to mark what comes back. What people put into "
        "the course's folder stays."
    )
    parser.add_argument("names", nargs="*", help="chapters (default: all with exercises)")
    parser.add_argument("--course", type=Path, default=COURSE, help="the folder of the course (default: course)")
    parser.add_argument(
        "--replace", action="store_true", help="take changed exercises also of chapters that somebody has handed in"
    )
    parser.add_argument(
        "--secret",
        default=os.environ.get("GANBOOK_SECRET", ""),
        help="add an exercise to each chapter, with numbers drawn from this; the course's folder keeps it",
    )
    options = parser.parse_args()
    names, course = [Path(name).stem for name in options.names], options.course.expanduser().resolve()
    unknown = set(names) - {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    if unknown:
        raise SystemExit(f"No notebook is called {', '.join(sorted(unknown))}.")
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        raise SystemExit(
            "nbgrader is not installed here: `make course` installs it (requirements-course.txt)."
        ) from None
    for name, labels in make(names, course, replace=options.replace, secret=options.secret).items():
        print(f"{name:16} {len(labels)} exercises, {sum(labels.values())} points")
    print(f"To hand out: {shown(MADE)}/student. To collect and mark: {shown(course)}/ (see book/teaching.md).")


if __name__ == "__main__":
    main()
