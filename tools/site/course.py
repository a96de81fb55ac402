"""Make a course from the chapters: `make course` (needs requirements-course.txt).

    python -m tools.site.course                      all chapters with exercises, into _build/course
    python -m tools.site.course 01_noise 04_reading  these

    instructor/NAME/NAME.ipynb   the chapter with solutions, stored outputs, all tests
    student/NAME/NAME.ipynb      the same without them: to hand out, or to open in Colab
    autograde/                   collect answers in submitted/STUDENT/NAME/NAME.ipynb, then, in _build/course and with
                                 the environment active (`. .venv/bin/activate`):
                                 nbgrader autograde NAME; nbgrader generate_feedback NAME; nbgrader export

The chapters are the only source. A code cell tagged `solution` becomes nbgrader's answer cell, the cell tagged `check`
behind it a locked test worth 2 points, or as many as its `metadata.ganbook.points` says. What stands between
### BEGIN SOLUTION and ### END SOLUTION is cut for students, and so is what stands in a check between
### BEGIN HIDDEN TESTS and ### END HIDDEN TESTS; the autograder puts the tests back.
"""

import argparse
import ast
import logging
import os
import re
import shutil
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]

from notebook_form import read  # noqa: E402

from tools.site.edition import plain_copy, with_captions  # noqa: E402
from tools.site.plain import Plain  # noqa: E402

NOTEBOOKS = ROOT / "notebooks"
COURSE = ROOT / "_build" / "course"
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
"""nbgrader's settings: run `nbgrader autograde NAME` in this folder."""

import os

# Trainings are cut to four steps, so that a chapter is graded in seconds. GANBOOK_SMOKE=0 grades at the full budget.
os.environ.setdefault("GANBOOK_SMOKE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "ganbook"
c.CourseDirectory.source_directory = "instructor"
c.CourseDirectory.release_directory = "student"
c.CourseDirectory.submitted_directory = "autograde/submitted"
c.CourseDirectory.autograded_directory = "autograde/autograded"
c.CourseDirectory.feedback_directory = "autograde/feedback"
c.CourseDirectory.db_url = "sqlite:///autograde/gradebook.db"
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
    made.cells.insert(1, nbformat.v4.new_markdown_cell(welcome, id="your-copy"))
    made.metadata.pop("ganbook", None)  # the fingerprint belongs to the chapter
    return made


def nbgrader_at(folder: Path):
    """nbgrader's interface for the course in `folder`, wherever we stand."""
    from nbgrader.apps import NbGrader
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    NbGrader.clear_instance()
    NbGrader().log.setLevel(logging.ERROR)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.db_url = f"sqlite:///{folder}/autograde/gradebook.db"
    config.Exchange.root = str(folder / "autograde" / "exchange")
    here = str(Path(sys.executable).parent)  # nbgrader calls `alembic` by its name, also if no environment is active
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])
    return NbGraderAPI(config=config)


def release(name: str, folder: Path) -> None:
    """Have nbgrader make the student's version of one chapter and enter its tests in the gradebook."""
    answer = nbgrader_at(folder).generate_assignment(name, force=True, create=True)
    if not answer["success"]:
        raise SystemExit(f"{name}: nbgrader made no student version.\n{answer.get('error')}\n{answer.get('log')}")


def student_version(path: Path) -> None:
    """Drop what only the site needs: no cell of a student's copy starts folded, no solution is promised.

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
    notebook.metadata.pop("widgets", None)  # the state of the chapter's own run
    nbformat.write(notebook, path)


def make(names: list[str], folder: Path = COURSE, notebooks: Path = NOTEBOOKS, reader: Plain | None = None) -> dict:
    """Write the course; return {chapter: {label: points}}."""
    if handed_in := sorted(path for path in (folder / "autograde" / "submitted").rglob("*") if path.is_file()):
        raise SystemExit(
            f"{folder / 'autograde'} holds what students handed in ({handed_in[0].name} and "
            f"{len(handed_in) - 1} more), and this command would erase it. Move that folder elsewhere first."
        )
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "autograde" / "submitted").mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    reader = reader or Plain()
    made = {}
    for path in sorted(notebooks.glob("*.ipynb")):
        notebook = read(path)
        if (names and path.stem not in names) or not exercises(notebook):
            continue
        target = folder / "instructor" / path.stem / path.name
        target.parent.mkdir(parents=True)
        nbformat.write(instructor(notebook, path.stem, reader), target)
        release(path.stem, folder)
        student_version(folder / "student" / path.stem / path.name)
        made[path.stem] = {label: points(notebook.cells[check]) for label, (_, check) in exercises(notebook).items()}
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the students', the instructor's and the grader's notebooks.")
    parser.add_argument("names", nargs="*", help="chapters (default: all with exercises)")
    names = [Path(name).stem for name in parser.parse_args().names]
    unknown = set(names) - {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    if unknown:
        raise SystemExit(f"No notebook is called {', '.join(sorted(unknown))}.")
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        raise SystemExit(
            "nbgrader is not installed here: `make course` installs it (requirements-course.txt)."
        ) from None
    made = make(names)
    for name, labels in made.items():
        print(f"{name:16} {len(labels)} exercises, {sum(labels.values())} points")
    print(f"{COURSE.relative_to(ROOT)}: instructor/, student/, autograde/")


if __name__ == "__main__":
    main()
