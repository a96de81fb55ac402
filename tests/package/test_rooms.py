"""The structure: which room may import which, that no two modules share a name, and what `import ganbook` costs."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import ganbook

PACKAGE = Path(ganbook.__file__).parent
ROOT = PACKAGE.parent
PICTURE = re.search(r"```mermaid\n(.+?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)[1]
NAMES = re.findall(r'^ +(\w+)\["', PICTURE, re.MULTILINE)
ARROWS = {one: set(others.split(" & ")) for one, others in re.findall(r"^ +(\w+) --> (.+)$", PICTURE, re.MULTILINE)}
# Room -> the rooms that it may import from, beside itself: what the picture in CONTRIBUTING.md shows.
ROOMS = {name: ARROWS.get(name, set()) | ({"base"} - {name} if name != "metrics" else set()) for name in NAMES}
ROOMS |= {"__init__": ROOMS["cli"] - {"viewing"}, "__main__": {"cli"}}  # the two doors
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The rooms that a file imports from, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which room it is from"
            names = [node.module] if node.module != "ganbook" else [f"ganbook.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("ganbook.")}
    return found


def test_every_file_stands_in_a_room():
    assert {room(path) for path in MODULES} == set(ROOMS)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_point_one_way(path):
    forbidden = imported(path) - ROOMS[room(path)] - {room(path)}
    assert not forbidden, f"{path} imports from {sorted(forbidden)}; {room(path)} may use {sorted(ROOMS[room(path)])}"


def test_the_rooms_have_no_circle_and_every_arrow_is_used():
    placed: list[str] = []
    while len(placed) < len(ROOMS):
        ready = [name for name in ROOMS if name not in placed and ROOMS[name] <= set(placed)]
        assert ready, f"a circle among {set(ROOMS) - set(placed)}"
        placed += ready
    used = {(room(path), other) for path in MODULES for other in imported(path) if other != room(path)}
    assert used == {(name, other) for name, others in ROOMS.items() for other in others}


def test_no_two_modules_of_the_project_have_one_name():
    places = [PACKAGE, ROOT / "tools", ROOT / "book" / "_ext"]
    stems = Counter(path.stem for place in places for path in place.rglob("*.py") if not path.stem.startswith("__"))
    assert [name for name, times in stems.items() if times > 1] == []
    assert not set(stems) & set(ganbook.__all__), "a module and something that ganbook exports share a name"


def test_import_ganbook_loads_torch_and_nothing_heavier():
    code = "import sys, ganbook; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in loaded
    assert not {"matplotlib", "torchvision", "scipy", "IPython", "ipywidgets", "pandas"} & set(loaded)
