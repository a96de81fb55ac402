"""The structure: which module may import which, and what `import ganbook` costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ganbook

ROOT = Path(ganbook.__file__).parent
# Each layer may import from the layers before it, never from its own or a later one (but within a package).
LAYERS = [
    {"errors"},
    {"device", "expect", "fast", "files", "gradients", "idx", "pictures", "seeds", "shapes", "metrics", "results"},
    {"sealed", "ranks"},
    {"augment", "data", "models", "objectives", "points"},
    {"train"},
    {"recipes", "sample"},
    {"run", "plots", "film", "trained", "evaluate", "stacked", "failures", "latent"},
    {"notebook", "explore", "likeness", "fit"},
    {"cli"},
    {"__main__", "__init__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def imported(path):
    """Top-level names of ganbook that the file imports, anywhere in it."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "ganbook":
            parts = node.module.split(".")[1:]
            yield from [parts[0]] if parts else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("ganbook."))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_point_one_way(path):
    name = path.parts[0].removesuffix(".py")
    assert name in RANK, f"{name} has no place in LAYERS"
    for other in imported(path):
        assert RANK[other] < RANK[name] or (other == name and len(path.parts) > 1), f"{path} imports {other}"


def test_metrics_import_nothing_of_ours_from_outside():
    for path in MODULES:
        if path.parts[0] == "metrics":
            assert set(imported(path)) <= {"metrics"}, path


def test_import_ganbook_loads_torch_and_nothing_heavier():
    code = "import sys, ganbook; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in loaded
    assert not {"matplotlib", "torchvision", "scipy", "IPython", "ipywidgets", "pandas"} & set(loaded)
