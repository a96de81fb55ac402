"""Every tool says what it does when asked with --help, and does nothing else."""

import ast
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


@pytest.mark.parametrize("path", TOOLS, ids=module)
def test_help_says_what_a_tool_does_and_changes_no_file(path, tree):
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("PYTHONPATH", None)  # from the root of the repository nothing else is needed
    before = files(tree)
    answer = subprocess.run(
        [sys.executable, "-m", module(path), "--help"], cwd=tree, env=env, capture_output=True, text=True, timeout=120
    )
    after = files(tree)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    assert answer.returncode == 0, answer.stderr
    assert not changed, f"--help wrote {changed}"
    if is_library(path):
        assert not answer.stdout, "a library that prints when it is imported"
        return
    usage, _, rest = answer.stdout.partition("\n\n")
    first = rest.partition("\n\n")[0]
    assert usage.startswith("usage: ") and len(first.split()) >= 5, f"no sentence on what it does: {first!r}"
    assert not first.startswith(("options:", "positional arguments:")), "no sentence on what it does"
