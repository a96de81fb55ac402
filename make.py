"""The steps of `make book` and `make test` in plain Python, for machines with make and without it.

    python make.py book          build the book into _build/html from the stored outputs (installs no PyTorch)
    python make.py environment   install what the notebooks and the tests need into .venv, PyTorch included
    python make.py teaching      the same, with what a course and the PDF need
    python make.py lint          check style, formatting and types
    python make.py test          check style, then test the package, the site and every notebook
    python make.py usb           a folder for a stick, for a class without a network; options: tools/site/usb.py

The Makefile calls this file, so the steps stand here and nowhere else. A step is left out where what it makes is newer
than what it is made from. Nothing but Python 3.10 is needed; on Windows write `py make.py book`.

Two variables change what is done: VENV names the folder of the environment, and INSTALLER another installer, such as
"uv pip install". Every step runs with PYTHONUTF8=1, so that no console's code page matters.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
VENV = ROOT / (os.environ.get("VENV") or ".venv")
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = str(BIN / ("python.exe" if WINDOWS else "python"))
INSTALLER = shlex.split(os.environ.get("INSTALLER") or "", posix=not WINDOWS)
# What the environment holds so far; each stamp stands on the one before it. `book` stops at the first.
BUILDING, INSTALLED, TEACHING = (VENV / f".ganbook-{name}" for name in ("building", "installed", "teaching"))
SITE = ROOT / "_build" / ".site"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # as many processes as cores, or one more
DRY_RUN = "--dry-run" in sys.argv[1:]  # only print every command, as on a fresh copy
said = set()  # the stamps that a dry run would have set


def run(*command: str, **variables: str) -> None:
    """Start a command at the top of the repository and wait for it; if it fails, so does this program."""
    words = [f"{name}={value}" for name, value in variables.items()] + [shlex.quote(str(word)) for word in command]
    print(" ".join(words), flush=True)
    if DRY_RUN:
        return
    known = {**os.environ, "PYTHONUTF8": "1", **variables}
    code = subprocess.run([str(word) for word in command], cwd=str(ROOT), env=known).returncode
    if code:
        sys.exit(code)


def python(*words: str, **variables: str) -> None:
    """Start the environment's Python."""
    run(PYTHON, *words, **variables)


def at_once(*steps) -> None:
    """Take these steps at the same time, each to its end; then this program fails if one of them has."""
    with ThreadPoolExecutor(1 if DRY_RUN else len(steps)) as threads:
        taken = [threads.submit(step) for step in steps]
    for step in taken:
        step.result()


def install(*words: str) -> None:
    run(*(INSTALLER or [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]), *words)


def stale(stamp: Path, *sources: Path) -> bool:
    """Whether one of the sources has changed since the stamp was set."""
    if DRY_RUN:
        return stamp not in said
    if not stamp.exists():
        return True
    made = stamp.stat().st_mtime
    return any(source.stat().st_mtime > made for source in sources)


def done(stamp: Path, start: float) -> None:
    """Set the stamp to the time at which the step began, so that a change during the step is not missed."""
    if DRY_RUN:
        said.add(stamp)
        return
    stamp.touch()
    os.utime(str(stamp), (start, start))


def pages() -> list:
    """What the site is made of: pages, notebooks, version, what the package stores (measurements, films, pictures), and
    its sources for the page book/api.md."""
    single = [ROOT / name for name in ("_config.yml", "_toc.yml", "index.md", "pyproject.toml", "CHANGELOG.md")]
    folders = [ROOT / "book", *(ROOT / "ganbook" / "assets" / name for name in ("results", "weights", "diagrams"))]
    files = (path for folder in folders for path in folder.rglob("*"))
    inside = (path for path in files if path.is_file() and "__pycache__" not in path.parts)
    return [*single, *(ROOT / "notebooks").glob("*.ipynb"), *inside, *(ROOT / "ganbook").rglob("*.py")]


def building() -> None:
    """An environment that builds the site; the others add to it."""
    if stale(BUILDING, ROOT / "requirements-site.txt", ROOT / "requirements.txt"):
        if sys.version_info < (3, 10):  # noqa: UP036, who starts this file may have any Python
            mine = f"{sys.executable} is {sys.version.split()[0]}"
            sys.exit(f"The book needs Python 3.10 or newer, and {mine}. Name a newer one: make PYTHON=python3.12")
        start = time.time()
        run(sys.executable, "-m", "venv", str(VENV))
        install("-r", "requirements-site.txt")
        done(BUILDING, start)


def environment() -> None:
    building()
    if stale(INSTALLED, ROOT / "requirements.txt", ROOT / "pyproject.toml", BUILDING):
        start = time.time()
        install("-r", "requirements.txt")
        install("--no-deps", "-e", ".")
        done(INSTALLED, start)


def teaching() -> None:
    """nbgrader and what prints the PDF go into the same environment; the versions of requirements.txt win."""
    environment()
    if stale(TEACHING, ROOT / "requirements-course.txt", INSTALLED):
        start = time.time()
        install("-r", "requirements-course.txt")
        done(TEACHING, start)


def book() -> None:
    """From scratch each time: an incremental build would leave pages that the table of contents no longer has."""
    building()
    if stale(SITE, BUILDING, *pages()):
        start = time.time()
        if not DRY_RUN:
            for name in ("html", ".doctrees", "jupyter_execute"):
                shutil.rmtree(str(ROOT / "_build" / name), ignore_errors=True)
            SITE.unlink(missing_ok=True)
        program = shutil.which("jupyter-book", path=str(BIN)) or str(BIN / "jupyter-book")
        run(program, "build", ".", "-W", "-n", "--keep-going", "--quiet")
        done(SITE, start)


def lint() -> None:
    environment()
    python("-m", "ruff", "check", ".")
    python("-m", "ruff", "format", "--check", ".")
    python("-m", "mypy")


def chapters() -> None:
    """Every notebook from its first cell to its last, for a few steps."""
    nbval = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300", "-n", "2", "--dist", "loadscope"]
    notebooks = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").glob("*.ipynb"))
    python("-m", "pytest", *nbval, *notebooks, GANBOOK_SMOKE="1", **ONE_THREAD)


def test() -> None:
    """The tests of the pages need the site; style, site and chapters need none of each other."""
    environment()
    at_once(lint, book, chapters)
    more = ["--durations=10", "-m", "not answers and not commands"]
    python("-m", "pytest", "-n", "3", "--dist", "worksteal", *more, **ONE_THREAD)


def usb(*options: str) -> None:
    environment()
    book()
    python("-m", "tools.site.usb", *options)


STEPS = {
    "book": book,
    "environment": environment,
    "ready": environment,
    "teaching": teaching,
    "lint": lint,
    "test": test,
    "usb": usb,
}
ENDS = {
    "book": "The book is in _build/html: open _build/html/index.html",
    "environment": f"The environment is in {VENV.name}: start Python with {PYTHON}",
}


def main() -> None:
    parser = argparse.ArgumentParser(description="The steps of `make book` and `make test`, also without make.")
    parser.add_argument("step", choices=STEPS, help="what to do; the first lines of this file explain each step")
    parser.add_argument("--dry-run", action="store_true", help="only print every command, as on a fresh copy")
    known, options = parser.parse_known_args()
    step = known.step
    if options and step != "usb":
        parser.error(f"{step} takes no {options[0]}")
    STEPS[step](*options)
    if step in ENDS and not DRY_RUN:
        print(ENDS[step])


if __name__ == "__main__":
    main()
