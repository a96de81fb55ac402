"""What the tests of exercises share: a chapter run in this process, with other answers in place of its solutions."""

import contextlib
import io
import os
import re
from pathlib import Path

import matplotlib
import nbformat

from tools.site.course import ANSWER, LABEL, exercises, tags

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ROOT / "tests" / "chapters" / "answers"
BLOCK = re.compile(r"^# %% (?P<label>ex-[a-z0-9-]+) (?P<kind>right|wrong): (?P<what>.+)$", re.MULTILINE)
MAGIC = re.compile(r"^([ \t]*)[%!]\w.*$", re.MULTILINE)  # a line of IPython's own
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def answers(name: str) -> dict[tuple[str, str, str], str]:
    """(label, "right" or "wrong", what it is) -> code, from tests/chapters/answers/NAME.py; each block replaces a
    solution."""
    text = (ANSWERS / f"{name}.py").read_text(encoding="utf-8")
    found = list(BLOCK.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)]
    blocks = {(one["label"], one["kind"], one["what"]): text[one.end() : end] for one, end in zip(found, ends)}
    assert len(blocks) == len(found), f"{name}: two answers have the same name"
    return blocks


def answered(cell_source: str, answer: str) -> str:
    """The solution cell with `answer` in place of what stands between its markers.

    Where the solution is the body of a function or of methods, the answer brings the whole function or class.
    """
    lines = cell_source.split("\n")
    first = next(number for number, line in enumerate(lines) if line.strip() == BEGIN)
    last = max(number for number, line in enumerate(lines) if line.strip() == END)
    if lines[first].startswith(" "):
        first = max(number for number, line in enumerate(lines[:first]) if line.startswith(("def ", "class ")))
    return "\n".join([*lines[:first], answer, *lines[last + 1 :]])


def unanswered(cell_source: str) -> str:
    """The solution cell as a student gets it."""
    return ANSWER.sub(r'\1raise NotImplementedError("no answer yet")', cell_source)


@contextlib.contextmanager
def quick(on: bool = True):
    """The budget of a quick trial (on), or the reader's own, at which a claim that fails counts as a refusal (off)."""
    wanted = {"GANBOOK_SMOKE": "1" if on else "0", "GANBOOK_STRICT": "0" if on else "1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def execute(source: str, space: dict, name: str) -> None:
    """One cell, its printing and its figures dropped, and lines of IPython's own (%magic) left out."""
    import matplotlib.pyplot as plt

    source = MAGIC.sub(r"\1pass", source)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(source, name, "exec"), space)
    plt.close("all")


def judged(name: str) -> dict[tuple[str, str, str], BaseException | None]:
    """Run a chapter once at the quick budget; at each exercise try every listed answer in a copy of its names.

    An answer's entry is what it or its check raised, or None; for a wrong one only the check's refusal counts, since a
    cell that fails leaves older names behind it. Two answers are ours: (label, "right", "the solution") and (label,
    "wrong", "no answer").
    """
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    at = {solution: (label, check) for label, (solution, check) in exercises(notebook).items()}
    given = answers(name)
    unknown = {label for label, _, _ in given} - {label for label, _ in at.values()}
    assert not unknown, f"{name} has no exercise called {sorted(unknown)}"
    results: dict[tuple[str, str, str], BaseException | None] = {}
    space = {"__name__": "__main__"}
    matplotlib.use("Agg")
    here = os.getcwd()
    with quick():
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type != "code" or "setup" in tags(cell):
                continue
            if number in at:
                label, check = at[number]
                tried = {key: answered(cell.source, answer) for key, answer in given.items() if key[0] == label}
                tried[label, "wrong", "no answer"] = unanswered(cell.source)
                for key, source in tried.items():
                    with quick("FULL BUDGET" not in key[2]):
                        failed, refused = verdict(source, notebook.cells[check].source, dict(space))
                    results[key] = failed or refused if key[1] == "right" or refused else None
                execute(cell.source, space, f"{name} cell {number}")
                results[label, "right", "the solution"] = None  # else this function would have raised
                continue
            try:
                execute(cell.source, space, f"{name} cell {number}")
            except Exception:
                if "raises-exception" not in tags(cell):
                    raise
    os.chdir(here)
    return results


def verdict(solution: str, check: str, space: dict) -> list[Exception | None]:
    """What the answer's cell raised and, whether it did or not, what the check behind it raised."""
    raised = []
    for source, name in ((solution, "answer"), (check, "check")):
        try:
            execute(source, space, name)
            raised.append(None)
        except Exception as error:
            raised.append(error)
    return raised


__all__ = ["LABEL", "answered", "answers", "judged"]
