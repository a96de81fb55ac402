"""make.py holds the steps of `make book` and `make test`, for systems with make and for those without."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def load(monkeypatch, venv: Path, *words: str):
    """make.py as a module of its own, started with these words for an environment in `venv`."""
    monkeypatch.setenv("VENV", str(venv))
    monkeypatch.delenv("INSTALLER", raising=False)
    monkeypatch.setattr(sys, "argv", ["make.py", *words])
    spec = importlib.util.spec_from_file_location("make_py", ROOT / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """make.py in a small tree; what it would start is collected in `started`, and nothing is started."""
    module = load(monkeypatch, tmp_path / "venv")
    for name in (
        *("requirements.txt", "requirements-site.txt", "requirements-course.txt", "pyproject.toml", "CHANGELOG.md"),
        *("_config.yml", "_toc.yml", "index.md", "book/a.md", "ganbook/a.py", "notebooks/1_a.ipynb"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1_000, 1_000))
    (tmp_path / "venv").mkdir()
    (tmp_path / "_build").mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "SITE", tmp_path / "_build" / ".site")
    module.started = []
    monkeypatch.setattr(module, "run", lambda *words, **variables: module.started.append((list(words), variables)))
    return module


def begins(module) -> list[str]:
    """What was started, each by the word that tells it from the others."""
    telling = ("requirements-site.txt", "requirements.txt", "requirements-course.txt", "--no-deps", "venv", "build")
    return [next(word for word in telling if word in words) for words, _ in module.started]


def test_the_makefile_has_no_steps_of_its_own():
    for target in ("book", "environment", "test", "lint", "usb"):
        recipe = re.search(rf"^{target}:[^\n]*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)[1]
        assert recipe.replace(" $(ARGS)", "") == f"\t$(STEP) {target}\n"
    assert "$(PYTHON) make.py" in MAKEFILE
    for own in ("-m pip", "-m venv", "jupyter-book", "requirements.txt", "-m mypy", "nbval"):
        assert own not in MAKEFILE, f"{own} belongs to make.py"


def test_nothing_is_done_twice_and_what_changed_is_done_again(steps, tmp_path):
    steps.book()
    assert begins(steps) == ["venv", "requirements-site.txt", "build"]
    steps.started.clear()
    steps.book()
    assert not steps.started
    later = steps.SITE.stat().st_mtime + 10
    os.utime(tmp_path / "book" / "a.md", (later, later))
    steps.book()
    assert begins(steps) == ["build"]
    film = tmp_path / "ganbook" / "assets" / "weights" / "recipes" / "mlp.png"  # the short answer shows its last frame
    film.parent.mkdir(parents=True)
    film.touch()
    os.utime(film, (later + 10, later + 10))
    steps.started.clear()
    steps.book()
    assert begins(steps) == ["build"]


def test_a_page_that_changes_while_the_site_is_built_is_built_again(steps, tmp_path, monkeypatch):
    def build(*words, **_):
        if "build" in words:
            os.utime(tmp_path / "index.md", (time.time() + 1, time.time() + 1))

    monkeypatch.setattr(steps, "run", build)
    steps.book()
    assert steps.stale(steps.SITE, *steps.pages())


def test_new_requirements_reach_what_stands_on_them(steps, tmp_path):
    steps.teaching()
    assert begins(steps) == [
        *("venv", "requirements-site.txt", "requirements.txt", "--no-deps", "requirements-course.txt"),
    ]
    steps.started.clear()
    later = steps.TEACHING.stat().st_mtime + 10
    os.utime(tmp_path / "requirements-course.txt", (later, later))
    steps.teaching()
    assert begins(steps) == ["requirements-course.txt"]


def test_the_site_is_built_from_scratch(steps, tmp_path):
    old = tmp_path / "_build" / "html" / "gone.html"
    old.parent.mkdir()
    old.touch()
    steps.book()
    assert not old.exists()


def test_notebooks_run_for_a_few_steps_and_tests_on_one_thread(steps):
    steps.test()
    notebooks, tests = (one for one in steps.started if "pytest" in one[0])
    assert "--nbval-lax" not in tests[0] and tests[1]["OMP_NUM_THREADS"] == notebooks[1]["OMP_NUM_THREADS"] == "1"
    assert notebooks[1]["GANBOOK_SMOKE"] == "1" and "GANBOOK_SMOKE" not in tests[1]
    assert notebooks[0][-1] == "notebooks/1_a.ipynb", "named one by one: Windows' command line knows no asterisk"


def test_style_site_and_chapters_are_done_before_the_tests_begin(steps):
    steps.test()
    *before, (last, _) = steps.started
    assert "pytest" in last and "--nbval-lax" not in last
    assert {"ruff", "mypy", "build", "--nbval-lax"} <= {word for words, _ in before for word in words}


def test_of_steps_taken_at_once_each_comes_to_its_end_and_one_that_fails_fails_all(monkeypatch, tmp_path):
    module, ended = load(monkeypatch, tmp_path), []

    def late():
        module.run(sys.executable, "-c", "import time; time.sleep(0.3)")
        ended.append("late")

    with pytest.raises(SystemExit) as end:
        module.at_once(lambda: module.run(sys.executable, "-c", "raise SystemExit(7)"), late)
    assert end.value.code == 7 and ended == ["late"]
    with pytest.raises(SystemExit) as end:
        module.at_once(late, lambda: module.run(sys.executable, "-c", "raise SystemExit(3)"))
    assert end.value.code == 3
    module.at_once(late, late)


def test_a_folder_for_a_stick_has_the_book_and_takes_options_that_no_other_step_takes(steps, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["make.py", "usb", "--system", "windows"])
    steps.main()
    *before, last = [words for words, _ in steps.started]
    assert any("build" in words for words in before) and last[-3:] == ["tools.site.usb", "--system", "windows"]
    monkeypatch.setattr(sys, "argv", ["make.py", "book", "--system", "windows"])
    with pytest.raises(SystemExit) as end:
        steps.main()
    assert end.value.code == 2


def test_a_step_that_fails_ends_the_program_with_its_status(monkeypatch, tmp_path):
    module = load(monkeypatch, tmp_path)
    with pytest.raises(SystemExit) as end:
        module.run(sys.executable, "-c", "raise SystemExit(7)")
    assert end.value.code == 7


def test_a_step_writes_utf_8_whatever_the_console_has(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("PYTHONIOENCODING", "")
    monkeypatch.setenv("LC_ALL", "C")
    load(monkeypatch, tmp_path).run(sys.executable, "-c", "print('\\u2192 \\u00d7 \\u03b8')")
    assert capfd.readouterr().out.splitlines()[-1] == "→ × θ"


def test_a_python_that_is_too_old_is_told_so_before_anything_is_made(steps, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "version_info", (3, 9, 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.10 or newer.*Name a newer one"):
        steps.book()
    assert not steps.started


def test_help_explains_the_steps_and_an_unknown_one_is_refused():
    said = subprocess.run([sys.executable, "make.py", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0 and "book" in said.stdout
    assert subprocess.run([sys.executable, "make.py", "bok"], cwd=ROOT, capture_output=True).returncode == 2


def test_the_pages_and_the_front_door_name_the_command_without_make():
    for name in ("README.md", "book/preface.md"):
        assert "py make.py book" in (ROOT / name).read_text(encoding="utf-8"), name


def test_what_the_package_prints_fits_a_pipe_of_windows():
    """There a redirected output has the system's code page, and a character that it lacks ends the program."""
    beyond = set()
    for path in (ROOT / "ganbook").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings)
        for text in (node.value for node in strings if isinstance(node.value, str)):
            if text.encode("cp1252", "ignore").decode("cp1252") != text:
                beyond.add(f"{path.relative_to(ROOT)}: {text[:60]}")
    assert not beyond
