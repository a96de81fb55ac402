"""Every tool says what it does when asked with --help, and does nothing else."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").exists())
TOOLS = sorted(path for path in (ROOT / "tools").rglob("*.py") if path.name != "__init__.py")


def module(path: Path) -> str:
    """tools/a/b.py -> tools.a.b"""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def is_library(path: Path) -> bool:
    """Nothing but definitions: there is no command in it to explain."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return not any(isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree.body)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the repository, so that neither this test nor one beside it changes what the other looks at."""
    copy = tmp_path_factory.mktemp("tree") / "ganbook"
    left_out = shutil.ignore_patterns(".*", "_build", "build", "dist", "course", "runs", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, copy, ignore=left_out)
    return copy


def files(tree: Path) -> dict[str, tuple[int, int]]:
    """Each file of the tree -> when it was changed, and its size."""
    return {
        str(path.relative_to(tree)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in tree.rglob("*")
        if path.is_file()
    }


# Asks each module, as `python -m MODULE --help` would, in one process: to start PyTorch takes longer than all the rest.
ASK = """
import contextlib, io, json, runpy, sys, traceback, warnings

def ask(name):
    sys.argv = [name, "--help"]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*found in sys.modules", category=RuntimeWarning)
        try:
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            return {"code": end.code or 0, "out": out.getvalue(), "error": ""}
        except BaseException:
            return {"code": 1, "out": out.getvalue(), "error": traceback.format_exc()}
    return {"code": 0, "out": out.getvalue(), "error": ""}

for line in sys.stdin:
    print(json.dumps(ask(line.strip())), flush=True)
"""


@pytest.fixture(scope="module")
def answers(tree):
    """Tool -> what it answered, and which files it touched."""
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("PYTHONPATH", None)  # from the root of the repository nothing else is needed
    found = {}
    with subprocess.Popen(
        [sys.executable, "-c", ASK], cwd=tree, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        for path in TOOLS:
            before = files(tree)
            process.stdin.write(f"{module(path)}\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            after = files(tree)
            changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
            found[path] = answer | {"changed": changed}
    return found


@pytest.mark.parametrize("path", TOOLS, ids=module)
def test_help_says_what_a_tool_does_and_changes_no_file(path, answers):
    answer = answers[path]
    assert answer["code"] == 0, answer["error"]
    assert not answer["changed"], f"--help wrote {answer['changed']}"
    if is_library(path):
        assert not answer["out"], "a library that prints when it is imported"
        return
    usage, _, rest = answer["out"].partition("\n\n")
    first = rest.partition("\n\n")[0]
    assert usage.startswith("usage: ") and len(first.split()) >= 5, f"no sentence on what it does: {first!r}"
    assert not first.startswith(("options:", "positional arguments:")), "no sentence on what it does"
