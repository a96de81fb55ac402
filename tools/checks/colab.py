"""Run every notebook as Colab would: alone in an empty folder, the package not there until its first cell fetches it.

    python -m tools.checks.colab                 all notebooks, a handful of training steps each
    python -m tools.checks.colab 01_noise        one
    python -m tools.checks.colab --student       the students' notebooks of `make course`, up to their first open
                                                 exercise
    python -m tools.checks.colab --first-digits  chapter 2 with all its steps, up to the digits of the repaired pair:
                                                 how many minutes that takes is stored for the preface

The kernel's environment has the versions of Jupyter's parts that Colab has (they are older than ours) and borrows torch
and the rest from this environment, without `ganbook`. Nothing can be fetched: the set-up cell gets a wheel of this
checkout through GANBOOK_SOURCE. What a notebook installs may be `ganbook` and nothing else.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "book" / "_ext"))

from notebook_form import read  # noqa: E402

from ganbook.base.files import replace  # noqa: E402
from tools.experiments.sizes import STORE  # noqa: E402

PLACE = ROOT / "_build" / "colab"
# Colab, November 2026
COLABS = (
    "ipykernel==6.17.1",
    "ipython==7.34.0",
    "ipywidgets==7.7.1",
    "jupyter_client==7.4.9",
    "traitlets==5.7.1",
)
OURS = ("ganbook", "__editable__", "pip")  # not borrowed
CHAPTER, FIGURE = "02_mlp_gan", "fig-mlp-repaired-run"  # where a reader of the walk first sees digits of a GAN
RESULT = STORE / "first_digits.json"
PROBE = "import importlib.util as u; print(u.find_spec('ganbook') is not None)"
WHERE = "import ganbook, torch; print(ganbook.__file__, torch.__file__, sep='\\n')"


def pip(python: Path, *arguments: str) -> str:
    command = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def wheel(folder: Path) -> Path:
    """The package of this checkout as a wheel, built from a copy so that the checkout stays clean."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, copy)
        shutil.copytree(ROOT / "ganbook", Path(copy) / "ganbook", ignore=shutil.ignore_patterns("__pycache__"))
        pip(Path(sys.executable), "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), copy)
    return next(folder.glob("ganbook-*.whl"))


def environment(folder: Path) -> Path:
    """A new environment like Colab's; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    pip(python, "uninstall", "--quiet", "--yes", "setuptools")  # an old one, which would hide ours
    pip(python, "install", "--quiet", *COLABS)
    own = Path(
        subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True).strip()
    )
    borrowed = folder / "borrowed"
    borrowed.mkdir()
    for source in [Path(place) for place in sys.path if Path(place).name in ("site-packages", "dist-packages")]:
        for entry in source.iterdir():
            if not entry.name.startswith(OURS) and entry.suffix != ".pth" and not (borrowed / entry.name).exists():
                (borrowed / entry.name).symlink_to(entry)
    (own / "borrowed.pth").write_text(f"{borrowed}\n")
    return python


def kernel_environment(python: Path, source: Path, *, quick: bool = True) -> dict[str, str]:
    """What the kernel may know: no path of ours, no package index. quick: a handful of steps on one thread."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    return kept | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "GANBOOK_SOURCE": str(source),
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        **({"GANBOOK_SMOKE": "1", "OMP_NUM_THREADS": "1"} if quick else {}),
    }


def run(path: Path, python: Path, source: Path, *, student: bool = False, until: str = "") -> str:
    """Execute one notebook there; return an empty string, or what went wrong.

    until: the name of a figure. The notebook is run in earnest then, and the cell that draws it is the last.
    """
    known = kernel_environment(python, source, quick=not until)

    def ask(code: str) -> str:
        return subprocess.check_output([python, "-c", f"import sys; {code}"], text=True, env=known, cwd=PLACE).strip()

    if ask(PROBE) == "True":
        return "the package was there before the first cell ran"
    before = pip(python, "freeze")
    notebook = read(path)
    if until:
        names = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in notebook.cells]
        notebook.cells = notebook.cells[: names.index(until) + 1]
    kernels = python.parent.parent / "share" / "jupyter"
    os.environ["JUPYTER_PATH"] = os.pathsep.join([str(kernels), os.environ.get("JUPYTER_PATH", "")])
    with tempfile.TemporaryDirectory() as empty:
        client = NotebookClient(
            notebook,
            timeout=None,
            kernel_name=python.parent.parent.name,
            resources={"metadata": {"path": empty}},
            extra_arguments=["--log-level=ERROR"],
        )
        try:
            client.execute(env=known)
        except CellExecutionError as error:
            if not (student and "has no answer yet" in str(error)):
                return str(error)
    package, torch = ask(WHERE).split("\n")
    after = pip(python, "freeze")
    pip(python, "uninstall", "--yes", "--quiet", "ganbook")
    new = [line for line in after.split("\n") if line not in before.split("\n") and not line.startswith("ganbook")]
    if new or "borrowed" not in torch or str(python.parent.parent) not in package:
        return f"the set-up cell changed more than it should: {new}, package {package}, torch {torch}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the notebooks as Colab would.")
    parser.add_argument("names", nargs="*", help="notebooks (default: all)")
    parser.add_argument("--student", action="store_true", help="the students' notebooks in _build/course")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--first-digits", action="store_true", help="time chapter 2 up to its first readable digits")
    options = parser.parse_args()
    if options.first_digits:
        options.names, options.workers = [CHAPTER], 1
    pattern = "_build/course/student/*/*.ipynb" if options.student else "notebooks/*.ipynb"
    wanted = {Path(name).stem for name in options.names}
    paths = [path for path in sorted(ROOT.glob(pattern)) if not wanted or path.stem in wanted]
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    source, pythons = wheel(PLACE), Queue()
    for number in range(min(options.workers, len(paths))):
        python = environment(PLACE / f"colab{number}")
        spec = python.parent.parent / "share" / "jupyter" / "kernels" / f"colab{number}"
        subprocess.run(
            [python, "-m", "ipykernel", "install", "--prefix", python.parent.parent, "--name", spec.name],
            check=True,
            capture_output=True,
        )
        pythons.put(python)

    def one(path: Path) -> str:
        python, start = pythons.get(), time.perf_counter()
        try:
            until = FIGURE if options.first_digits else ""
            wrong = run(path, python, source, student=options.student, until=until)
        finally:
            pythons.put(python)
        seconds = time.perf_counter() - start
        print(f"{path.stem:16} {seconds:5.0f} s  {wrong or 'runs'}", flush=True)
        if options.first_digits and not wrong:
            report = {"command": "python -m tools.checks.colab --first-digits", "seconds": round(seconds)}
            with replace(RESULT) as file:
                file.write((json.dumps(report | {"cores": os.cpu_count()}, indent=1) + "\n").encode())
        return wrong

    with ThreadPoolExecutor(options.workers) as pool:
        failed = [wrong for wrong in pool.map(one, paths) if wrong]
    if failed or not paths:
        sys.exit(f"{len(failed)} of {len(paths)} notebooks do not run as in Colab.")


if __name__ == "__main__":
    main()
