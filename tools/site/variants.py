"""Graded exercises whose numbers belong to one course: `make course SECRET=...` adds one to each chapter.

An exercise is a file of book/variants, named as its chapter. It is a small notebook in the percent format:

    def numbers(rng)         what is drawn: a dict from NAMES in capitals to what stands for them below
    # %% [markdown] Title    what is asked, each line a comment
    # %% solution            an answer, between ### BEGIN SOLUTION and ### END SOLUTION
    # %% check               what students see: the form of an answer, never its value
    # %% hidden              what marks it; `course.py` cuts it for students
    # %% wrong: what is wrong about it       at least two, for the tests alone

A wrong answer is a whole one, or what differs from the right one, in pairs of lines: `# - text` of the solution, which
stands there once, and `# + text` in its place.

Each NAME is replaced in all parts. A name that begins with HIDDEN stands in the hidden part alone. The draw depends on
the secret and on the chapter, so that a course can be made again and another course has other numbers. These files are
public. What is not public is the secret, and the numbers that nobody is shown.
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "book" / "variants"
PART = re.compile(r"^# %% (.+)\n", re.MULTILINE)
CHANGE = re.compile(r"^# - (.*)\n# \+ ?(.*)$", re.MULTILINE)
MARKS = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)
NAME = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")
POINTS = 4
SHORTEST = 16
INTRODUCTION = (
    "## The exercise of your course\n\nIts numbers are those of your course alone, and most of its tests are hidden."
)


@dataclass(frozen=True)
class Variant:
    """An exercise with its numbers: what students see, and what they do not."""

    chapter: str
    title: str
    text: str
    solution: str
    check: str
    hidden: str
    wrong: dict[str, str]

    @property
    def label(self) -> str:
        return f"ex-course-{self.chapter.partition('_')[0]}"


def chapters() -> list[str]:
    """The chapters that have such an exercise."""
    return [path.stem for path in sorted(FOLDER.glob("*.py"))]


def parts_of(chapter: str) -> tuple[str, dict[str, str]]:
    """The code above the parts of an exercise, and the parts by what their first line says."""
    head, *rest = PART.split((FOLDER / f"{chapter}.py").read_text(encoding="utf-8"))
    return head, {first.strip(): body.strip("\n") for first, body in zip(rest[::2], rest[1::2])}


def changed(solution: str, wrong: str) -> str:
    """A wrong answer: `wrong` as it stands, or the solution with the changes that `wrong` lists."""
    changes = CHANGE.findall(wrong)
    if not changes:
        return wrong
    made = MARKS.sub("", solution)
    for old, new in changes:
        if made.count(old) != 1:
            raise ValueError(f"Expected {old!r} once in the solution, and found it {made.count(old)} times.")
        made = made.replace(old, new)
    return made


def drawn(chapter: str, secret: str) -> dict[str, Any]:
    """What the secret draws for a chapter's exercise."""
    head, _ = parts_of(chapter)
    space: dict[str, Any] = {}
    exec(compile(head, str(FOLDER / f"{chapter}.py"), "exec"), space)
    return space["numbers"](random.Random(f"{chapter} {secret}"))


def variant(chapter: str, secret: str) -> Variant:
    """The exercise of a chapter for a secret."""
    values, (_, parts) = drawn(chapter, secret), parts_of(chapter)

    def filled(text: str) -> str:
        return NAME.sub(lambda found: str(values.get(found[0], found[0])), text)

    (first,) = (name for name in parts if name.startswith("[markdown]"))
    text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in parts[first].split("\n"))
    return Variant(
        chapter,
        title=first.removeprefix("[markdown]").strip(),
        text=filled(text),
        solution=filled(parts["solution"]),
        check=filled(parts["check"]),
        hidden=filled(parts["hidden"]),
        wrong={
            name.partition(":")[2].strip(): filled(changed(parts["solution"], body))
            for name, body in parts.items()
            if name.startswith("wrong:")
        },
    )


def with_variant(notebook: NotebookNode, chapter: str, secret: str) -> NotebookNode:
    """A copy of a chapter with the exercise of a course at its end, if it has one."""
    made = nbformat.from_dict(notebook)
    if chapter not in chapters():
        return made
    one = variant(chapter, secret)
    check = f"{one.check}\n### BEGIN HIDDEN TESTS\n{one.hidden}\n### END HIDDEN TESTS"
    code = nbformat.v4.new_code_cell
    cells = [
        nbformat.v4.new_markdown_cell(
            f"{INTRODUCTION}\n\n````{{exercise}} {one.title}\n:label: {one.label}\n\n{one.text}\n````"
        ),
        code(one.solution, metadata={"tags": ["solution", "hide-input"]}),
        code(check, metadata={"tags": ["check"], "ganbook": {"points": POINTS}}),
    ]
    for cell, kind in zip(cells, ("text", "answer", "check")):
        cell["id"] = f"{one.label}-{kind}"
    made.cells += cells
    return made


def secret_of(course: Path, given: str) -> str:
    """The secret of a course: the one in its folder, or the one that is given; an empty string if it has none.

    Raises SystemExit if the secret is short enough to be guessed, or if the course has another one.
    """
    path = course / "secret.txt"
    kept = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if given and len(given) < SHORTEST:
        raise SystemExit(
            f"The secret has {len(given)} characters. A student could try all secrets of this length, because the "
            f"exercises that it draws are seen. Give {SHORTEST} or more, for instance those that "
            '`python3 -c "import secrets; print(secrets.token_urlsafe(16))"` prints.'
        )
    if given and kept and given != kept:
        raise SystemExit(
            f"This course has another secret, in {path}, and its exercises were drawn from that one. Leave SECRET out, "
            "or begin another course with `make course COURSE=FOLDER`."
        )
    return given or kept


def keep(course: Path, secret: str) -> None:
    """Write a course's secret into its folder, for nobody else to read and for no commit, if it is not there."""
    path, ignored = course / "secret.txt", course / ".gitignore"
    if secret and not path.exists():
        if not ignored.exists():
            ignored.write_text("secret.txt\n", encoding="utf-8")
        path.touch(mode=0o600)
        path.write_text(f"{secret}\n", encoding="utf-8")
