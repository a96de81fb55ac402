"""requirements.txt is the one place of versions, and the site needs no PyTorch."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ganbook

ROOT = Path(ganbook.__file__).resolve().parents[1]


def listed(name: str) -> dict[str, list[str]]:
    """The packages of a requirements file with their lines; options such as -c are under "-"."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        line = re.sub(r"(^|\s+)#.*", "", line).strip()
        if line:
            found.setdefault(re.match(r"-|[\w.-]+", line)[0].lower(), []).append(line)
    return found


def dry(step: str, **variables: str) -> str:
    """The commands of a step on a fresh copy, one a line."""
    command = [sys.executable, "make.py", "--dry-run", step]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=True
    ).stdout


PINNED = listed("requirements.txt")


def test_every_line_of_requirements_is_one_exact_version_for_each_python():
    for name, lines in PINNED.items():
        assert all(re.fullmatch(r'[\w.-]+==[\w.]+(; python_version (>=|<) "3\.11")?', line) for line in lines), lines
        assert len(lines) == 1 + any(";" in line for line in lines), f"{name}: a line without a marker, or one for each"


def test_the_site_names_packages_that_are_pinned_and_not_what_it_can_do_without():
    site = listed("requirements-site.txt")
    assert site.pop("-") == ["-c requirements.txt"]
    assert all(lines == [name] for name, lines in site.items()), "versions stand in requirements.txt alone"
    assert set(site) <= set(PINNED)
    assert not set(site) & {"torch", "torchvision", "numpy", "matplotlib", "scipy"}


def test_the_courses_packages_keep_the_versions_of_the_book():
    course = listed("requirements-course.txt")
    assert course.pop("-") == ["-c requirements.txt"]
    assert not set(course) & set(PINNED) and all("==" in line for lines in course.values() for line in lines)


@pytest.mark.parametrize("step", ["book", "test", "teaching"])
def test_a_step_installs_no_more_than_it_needs(step, tmp_path):
    said = dry(step, VENV=str(tmp_path), INSTALLER="installs")
    site, full, course = (
        ["-r requirements-site.txt"],
        ["-r requirements.txt", "--no-deps -e ."],
        ["-r requirements-course.txt"],
    )
    expected = {"book": site, "test": site + full, "teaching": site + full + course}
    assert re.findall(r"^installs (.+)$", said, flags=re.MULTILINE) == expected[step]


def test_every_file_of_the_package_that_is_not_python_is_installed_with_it():
    tomllib = pytest.importorskip("tomllib")  # Python 3.11
    given = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    package = ROOT / "ganbook"
    taken = {path for pattern in given["ganbook"] for path in package.glob(pattern)}
    taken |= {path for pattern in given["*"] for path in package.rglob(pattern)}
    listed = subprocess.check_output(["git", "ls-files", "ganbook"], cwd=ROOT, text=True).split("\n")
    assert {ROOT / name for name in listed if name and not name.endswith(".py")} <= taken
    assert package / "py.typed" in taken
