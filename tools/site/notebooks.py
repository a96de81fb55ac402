"""Run the book's notebooks and keep their stored outputs true: `make notebooks`.

    python -m tools.site.notebooks                 run every notebook whose sources changed since its outputs were made
    python -m tools.site.notebooks 02_mlp_gan ...  run these, if stale (with --all: in any case)
    python -m tools.site.notebooks --list          say which are stale, and why
    python -m tools.site.notebooks --stamp REASON  run nothing: declare stale outputs up to date, and store the reason
                                                   (where code cells changed: only with --code)
    python -m tools.site.notebooks --setup         write the common set-up cell into every notebook

A notebook's sources are its code cells and the modules of `ganbook` that they reach through imports. Both are compared
as syntax, so that a comment, a docstring or a line break costs no run. The data files of the package count through the
modules that name them. Outputs are written only when the whole notebook has run.
"""

import argparse
import ast
import functools
import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "book" / "_ext"))

from notebook_form import read, widgets_missing  # noqa: E402

NOTEBOOKS = ROOT / "notebooks"
PACKAGE = ROOT / "ganbook"
WIDGETS = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"

SETUP = '''\
# In Colab this fetches the book's package and leaves torch as it is; elsewhere it does nothing.
import importlib.util
import os

if importlib.util.find_spec("ganbook") is None:
    package = os.environ.get("GANBOOK_SOURCE", "ganbook @ git+{url}")
    %pip install --quiet "{{package}}"'''


# ---------------------------------------------------------------------------------------------------- fingerprints


def syntax(node) -> str:
    """A syntax tree as text that is the same in every Python version: no positions, comments or docstrings."""
    if isinstance(node, list):
        return "[" + ",".join(syntax(item) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return f"{type(node).__name__}:{node!r}"
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        fields["body"] = fields["body"][ast.get_docstring(node, clean=False) is not None :]
    kept = {name: value for name, value in fields.items() if value not in (None, []) and name not in ("kind", "ctx")}
    return type(node).__name__ + "(" + ",".join(f"{name}={syntax(value)}" for name, value in sorted(kept.items())) + ")"


@functools.cache
def parsed(source: str) -> ast.Module:
    """The syntax of a source; most chapters reach the same modules."""
    return ast.parse(source)


def plain(source: str) -> str:
    """A code cell as Python: a line of IPython's own (%magic, !command) becomes a string that holds it."""
    return re.sub(r"^([ \t]*)([%!].*)$", lambda found: f"{found[1]}{found[2]!r}", source, flags=re.MULTILINE)


def parse_cell(source: str) -> ast.Module:
    """The syntax of a code cell."""
    return parsed(plain(source))


@functools.cache
def fingerprint(source: str) -> str:
    """A short fingerprint of a module."""
    return digest(syntax(parsed(source)))[:12]


@functools.cache
def imports(source: str) -> list[ast.Import | ast.ImportFrom]:
    """The import statements anywhere in a module."""
    return [node for node in ast.walk(parsed(source)) if isinstance(node, ast.Import | ast.ImportFrom)]


@functools.cache
def words(source: str) -> frozenset[str]:
    """What a module's strings say between slashes."""
    strings = (node.value for node in ast.walk(parsed(source)) if isinstance(node, ast.Constant))
    return frozenset(part for text in strings if isinstance(text, str) for part in text.split("/"))


@functools.lru_cache(maxsize=1_000)
def content(path: Path, size: int, changed: int) -> str:
    """A fingerprint of a file that has this size and was changed at this time."""
    return digest(path.read_bytes())


def digest(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def code_cells(notebook) -> list:
    """The cells that decide the outputs: all code but the set-up cell and empty cells."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip() and "setup" not in tags(c)]


def code_fingerprint(notebook) -> str:
    """SHA-256 of the code cells. A docstring-like first line counts here: a cell shows it as its output."""
    return digest("\n".join(syntax(parse_cell(cell.source).body) for cell in code_cells(notebook)))


def module_file(name: str) -> Path | None:
    """ganbook.models.mlp -> ganbook/models/mlp.py, or the __init__.py of a package; None for anything else."""
    base = ROOT.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def exporter(package: str, name: str) -> str | None:
    """The module from which the __init__.py of `package` imports `name`; None if it does not."""
    for node in imports((module_file(package) or Path(os.devnull)).read_text(encoding="utf-8")):
        if isinstance(node, ast.ImportFrom) and name in [alias.asname or alias.name for alias in node.names]:
            return node.module
    return None


def imported(source: str, package: str = "") -> set[str]:
    """The names of our modules that a source imports anywhere; `package` resolves relative imports.

    Of what a package's __init__.py passes on, only the modules of the names asked for count.
    """
    names = set()
    for node in imports(source):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        else:
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names.add(base)
            if base.split(".")[0] == PACKAGE.name:
                for alias in node.names:
                    inner = f"{base}.{alias.name}"
                    names.add(inner if module_file(inner) else exporter(base, alias.name) or base)
    return {name for name in names if name.split(".")[0] == PACKAGE.name and module_file(name)}


def assets(source: str) -> dict[str, str]:
    """Fingerprints of the package's data that a module names in a string, alone or as a part of a path."""
    found = {}
    top = PACKAGE / "assets"
    for entry in sorted({*top.glob("results"), *top.glob("data/*"), *top.glob("weights/*")}):
        if words(source).issuperset(entry.relative_to(top).parts):
            files = [entry] if entry.is_file() else sorted(path for path in entry.rglob("*") if path.is_file())
            whole = digest("\n".join(content(path, path.stat().st_size, path.stat().st_mtime_ns) for path in files))
            found[entry.relative_to(PACKAGE).as_posix()] = whole[:12]
    return found


def modules(notebook) -> dict[str, str]:
    """Every module (and data folder) of ours that the notebook reaches -> a short fingerprint."""
    waiting = set().union(*(imported(plain(cell.source)) for cell in code_cells(notebook)))
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        path = module_file(name)
        source = path.read_text(encoding="utf-8")
        found[name] = fingerprint(source)
        found |= assets(source)
        package = name.rpartition(".")[0]
        if path.name != "__init__.py":  # what it passes on is followed by name
            waiting |= imported(source, package) - found.keys()
    return dict(sorted(found.items()))


def stale(notebook) -> str:
    """Why the stored outputs no longer belong to the sources; an empty string when they do."""
    stored = notebook.metadata.get("ganbook", {})
    if not stored:
        return "never run"
    if stored.get("code") != code_fingerprint(notebook):
        return "its code changed"
    now, then = modules(notebook), stored.get("modules", {})
    changed = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    return f"changed: {', '.join(changed)}" if changed else widgets_missing(notebook)


# --------------------------------------------------------------------------------------------------------- running


def used_widgets(notebook) -> dict:
    """The stored state of the widgets that an output shows, and of the widgets those are made of."""
    state = notebook.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {})
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    waiting = {output.data[VIEW]["model_id"] for output in outputs if VIEW in output.get("data", {})}
    found = {}
    while waiting:
        name = waiting.pop()
        if name in state and name not in found:
            found[name] = state[name]
            waiting |= set(re.findall(r"IPY_MODEL_(\w+)", str(state[name])))
    return dict(sorted(found.items(), key=lambda item: list(state).index(item[0])))


def normalise(notebook) -> None:
    """Drop what differs from run to run without meaning anything."""
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
    widgets = used_widgets(notebook)
    notebook.metadata.pop("widgets", None)
    if widgets:
        notebook.metadata["widgets"] = {WIDGETS: {"state": widgets, "version_major": 2, "version_minor": 0}}
    for cell in notebook.cells:
        for name in ("execution", "collapsed", "scrolled", "lines_to_next_cell", "ExecuteTime"):
            cell.metadata.pop(name, None)
        if "solution" in tags(cell):
            prompts = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
            cell.metadata["mystnb"] = {**cell.metadata.get("mystnb", {}), **prompts}


def write(notebook, path: Path) -> None:
    """Replace the file in one step: a reader never sees half a notebook."""
    nbformat.validate(notebook)
    partial = path.with_suffix(".ipynb.partial")
    partial.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    os.replace(partial, path)


def formatted(path: Path):
    """The notebook with its code cells in the house's format, so that formatting later is no change of code."""
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--force-exclude", "--stdin-filename", str(path), "-"]
    answer = subprocess.run(command, cwd=ROOT, input=path.read_bytes(), capture_output=True)
    if answer.returncode != 0:
        raise SystemExit(f"{path.name}: {answer.stderr.decode().strip()} The file is as it was before.")
    return nbformat.reads(answer.stdout.decode(), as_version=4)


def work() -> tuple[float, float]:
    """CPU seconds spent since the start: by the whole machine, and by this process and its children that have ended."""
    machine, own = psutil.cpu_times(), os.times()
    return sum(machine) - machine.idle - getattr(machine, "iowait", 0.0), sum(own[:4])


def run(path: Path, keep: bool = True) -> float:
    """Execute one notebook at the reader's budget and store its outputs; return the seconds it took.

    The seconds are stored too, for the line under the chapter's title, unless something else kept the machine busy
    meanwhile, for more than a tenth of them. keep=False stores nothing but them.
    """
    notebook = formatted(path)
    notebook.metadata.pop("widgets", None)  # those of the run before, in whatever form they are
    here = [None]

    def starts(cell, cell_index, **_):
        here[:] = [cell_index, cell]
        first = next((line for line in cell.source.splitlines() if line.strip()), "")
        print(f"  {path.stem} cell {cell_index:2d}  {first[:80]}", flush=True)

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=True,
        coalesce_streams=True,
        on_cell_execute=starts,
        extra_arguments=["--log-level=ERROR"],
    )
    fingerprint, reached = code_fingerprint(notebook), modules(notebook)
    start, before = time.perf_counter(), work()
    try:
        client.execute()
    except CellExecutionError as error:
        raise SystemExit(f"{error}\n{path.name}: cell {here[0]} failed; the file is as it was before.") from None
    except (DeadKernelError, AssertionError):  # on Ctrl-C nbclient stops the kernel and then trips over its absence
        raise SystemExit(
            f"\n{path.name}: interrupted, or its kernel died, in cell {here[0]}; the file is as it was before."
        ) from None
    seconds = time.perf_counter() - start
    machine, own = (now - then for now, then in zip(work(), before))
    others = machine - own
    if keep:
        normalise(notebook)
        notebook.metadata["ganbook"] = {"code": fingerprint, "modules": reached}
    else:
        notebook = nbformat.read(path, as_version=4)
    if others < seconds / 10:
        notebook.metadata["ganbook"]["seconds"] = round(seconds, 1)
    else:
        print(f"  no running time is stored: other work took {others:.0f} s of CPU time meanwhile", flush=True)
    write(notebook, path)
    return seconds


def stamp(path: Path, reason: str) -> None:
    """Say that the stored outputs are those of the present sources, with the reason why no run is needed.

    It is added to those since the last run, which begins anew.
    """
    notebook = nbformat.read(path, as_version=4)
    stored = notebook.metadata.get("ganbook", {})
    reasons = "; ".join(filter(None, (stored.get("stamped"), reason)))
    now = {"code": code_fingerprint(notebook), "modules": modules(notebook), "stamped": reasons}
    notebook.metadata["ganbook"] = {**stored, **now}
    notebook.metadata["ganbook"].pop("package", None)
    write(notebook, path)


def repository() -> dict[str, str]:
    """The repository's address and branch, from _config.yml."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]


def setup_source() -> str:
    """The set-up cell, with the repository's address."""
    return SETUP.format(url=repository()["url"])


def fill_setup(path: Path) -> bool:
    """Write the set-up cell into the notebook's cell with that tag; True if it changed."""
    notebook = read(path, widgets=False)
    cells = [cell for cell in notebook.cells if "setup" in tags(cell)]
    if len(cells) != 1:
        raise SystemExit(f"{path.name}: expected one code cell with the tag 'setup', found {len(cells)}.")
    changed = cells[0].source != setup_source()
    if changed:
        cells[0].source = setup_source()
        write(notebook, path)
    return changed


def chosen(names: list[str]) -> list[Path]:
    everything = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not names:
        return everything
    wanted = {Path(name).stem for name in names}
    unknown = wanted - {path.stem for path in everything}
    if unknown:
        have = ", ".join(path.stem for path in everything) or "none"
        raise SystemExit(f"No notebook is called {', '.join(sorted(unknown))}; there are: {have}.")
    return [path for path in everything if path.stem in wanted]


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the notebooks whose sources changed and store their outputs.")
    parser.add_argument("names", nargs="*", help="notebooks, by name or path (default: all)")
    parser.add_argument("--all", action="store_true", help="run also those that are up to date")
    parser.add_argument(
        "--time",
        action="store_true",
        help="run what is up to date and store only how long it took; nothing else should run meanwhile",
    )
    parser.add_argument("--list", action="store_true", help="only say which are stale, and why")
    parser.add_argument("--setup", action="store_true", help="only write the set-up cell into the notebooks")
    parser.add_argument(
        "--stamp",
        metavar="REASON",
        help="run nothing and declare stale outputs up to date, because of REASON: for a change that is proved to "
        "leave every result as it is, such as a move of modules",
    )
    parser.add_argument("--code", action="store_true", help="with --stamp: also chapters whose code cells changed")
    options = parser.parse_args()
    os.environ.pop("GANBOOK_SMOKE", None)  # the reader's budget
    os.environ["GANBOOK_STRICT"] = "1"  # and a claim that fails ends the run, so that no false one is stored
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))

    refused = []
    for path in chosen(options.names):
        if options.setup:
            print(f"{path.stem}: set-up cell {'written' if fill_setup(path) else 'as it should be'}")
            continue
        notebook = read(path, widgets=False)
        why = stale(notebook)
        if options.stamp:
            stored = notebook.metadata.get("ganbook", {}).get("code")
            if why and not options.code and stored != code_fingerprint(notebook):
                refused.append(
                    f"{path.stem}: its code cells changed, so its outputs need a run: make notebooks "
                    f"NAMES={path.stem}. If the change cannot alter an output, add --code."
                )
                continue
            if why:
                stamp(path, options.stamp)
            print(f"{path.stem}: {'stamped' if why else 'up to date'}")
            continue
        if options.time:
            os.environ["GANBOOK_STRICT"] = "0"  # other rounding may end otherwise, and no output is stored
            print(f"{path.stem}: " + (f"not timed ({why})" if why else f"took {run(path, keep=False):.0f} s"))
            continue
        if options.list or not (why or options.all):
            seconds = notebook.metadata.get("ganbook", {}).get("seconds")
            print(f"{path.stem}: {why or 'up to date'}" + (f" (took {seconds:.0f} s)" if seconds else ""))
            continue
        print(f"{path.stem}: running ({why or 'asked to'})", flush=True)
        print(f"{path.stem}: stored after {run(path):.0f} s")
    if refused:
        sys.exit("\n".join(refused))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted: the notebook that was running is as it was before.")
