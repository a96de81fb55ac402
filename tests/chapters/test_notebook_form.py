"""A notebook that is not in the form needed is named by every command, in one sentence that says what to do."""

import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.site import course, notebooks, slides

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").exists())
sys.path.append(str(ROOT / "book" / "_ext"))

from notebook_form import STATE, VIEW, read, wrong  # noqa: E402

BAR = {
    "a": {"model_name": "HBoxModel", "state": {"children": ["IPY_MODEL_b"]}},
    "b": {"model_name": "FloatProgressModel", "state": {"max": 4.0, "value": 4.0}},
}


def chapter() -> dict:
    """A small chapter in format 4.5 that shows a progress bar."""
    output = {"output_type": "display_data", "data": {VIEW: {"model_id": "a"}}, "metadata": {}}
    code = {"cell_type": "code", "id": "c1", "metadata": {}, "source": ["x"], "execution_count": 1, "outputs": [output]}
    text = {"cell_type": "markdown", "id": "c0", "metadata": {}, "source": ["# 9. A\n"]}
    metadata = {"widgets": {STATE: {"state": copy.deepcopy(BAR), "version_major": 2, "version_minor": 0}}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [text, code]}


def changed(change) -> bytes:
    notebook = chapter()
    change(notebook)
    return json.dumps(notebook, indent=1).encode()


def without(*place):
    """The chapter without what stands at this place."""

    def change(notebook):
        for key in place[:-1]:
            notebook = notebook[key]
        del notebook[place[-1]]

    return changed(change)


TEXT = changed(lambda notebook: None)
LINES = TEXT.splitlines(keepends=True)
BROKEN = {
    "colab": (changed(lambda n: n["metadata"]["widgets"].update({STATE: BAR})), "without `state`, as Colab saves them"),
    "colab_other": (changed(lambda n: n["metadata"].update(widgets={STATE: None})), "without `state`"),
    "no_widgets": (without("metadata", "widgets"), "the widget a, whose state is not stored"),
    "no_model": (without("metadata", "widgets", STATE, "state", "a"), "the widget a, whose state is not stored"),
    "no_child": (without("metadata", "widgets", STATE, "state", "b"), "the widget b, whose state is not stored"),
    "no_model_name": (without("metadata", "widgets", STATE, "state", "b", "model_name"), "whose state is not stored"),
    "no_metadata": (without("metadata"), "has no `metadata`"),
    "no_cells": (without("cells"), "has no `cells`"),
    "no_cell_metadata": (without("cells", 1, "metadata"), "'metadata' is a required property"),
    "no_outputs": (without("cells", 1, "outputs"), "'outputs' is a required property"),
    "no_nbformat": (without("nbformat"), "does not say its `nbformat`"),
    "list": (b"[1, 2]", "does not say its `nbformat`"),
    "old": (changed(lambda n: n.update(nbformat=3)), "is in notebook format 3"),
    "empty": (b"\n", "is empty"),
    "half": (TEXT[: len(TEXT) // 2], "is not valid JSON, at line"),
    "comma": (TEXT.replace(b'"nbformat": 4,', b'"nbformat": 4'), "is not valid JSON, at line"),
    "latin": (TEXT.replace(b"# 9. A", b"# 9. \xe9"), "is not text in UTF-8"),
    "conflict": (
        b"".join([*LINES[:3], b"<<<<<<< HEAD\n", LINES[3], b"=======\n", LINES[3], b">>>>>>> other\n", *LINES[4:]]),
        "marks of a merge conflict, the first in line 4",
    ),
}
every_kind = pytest.mark.parametrize("kind", BROKEN)


def test_a_notebook_in_form_is_read(tmp_path):
    (tmp_path / "9_a.ipynb").write_bytes(TEXT)
    assert wrong(TEXT, "notebooks/9_a.ipynb") == "" and read(tmp_path / "9_a.ipynb").cells[0].source == "# 9. A\n"


@every_kind
def test_what_is_wrong_is_one_sentence_with_what_to_do(kind):
    content, says = BROKEN[kind]
    sentence = wrong(content, "notebooks/9_a.ipynb")
    assert says in sentence and sentence.count("\n") == 0 and sentence.endswith(".")
    assert any(remedy in sentence for remedy in ("git checkout", "make notebooks NAMES=9_a", "nbconvert"))


def named(error) -> str:
    """The sentence of a SystemExit, which begins with the notebook's name."""
    assert str(error.value).startswith("notebooks/9_a.ipynb "), error.value
    return str(error.value)


@pytest.fixture
def one(tmp_path):
    (tmp_path / "notebooks").mkdir()
    return tmp_path / "notebooks" / "9_a.ipynb"


@every_kind
def test_make_course_names_it(kind, one):
    one.write_bytes(BROKEN[kind][0])
    with pytest.raises(SystemExit) as error:
        course.make([], one.parents[1] / "made", notebooks=one.parent, reader=object())
    assert BROKEN[kind][1] in named(error)


@every_kind
def test_make_slides_names_it(kind, one, monkeypatch):
    one.write_bytes(BROKEN[kind][0])
    monkeypatch.setattr(slides, "ROOT", one.parents[1])
    monkeypatch.setattr(slides, "chapters", lambda root: [f"notebooks/{one.stem}"])
    monkeypatch.setattr(slides, "Plain", object)
    with pytest.raises(SystemExit) as error:
        slides.make([], one.parents[1] / "made")
    assert BROKEN[kind][1] in named(error)


@every_kind
def test_make_notebooks_names_it_or_will_run_it_because_of_its_widgets(kind, one, monkeypatch, capsys):
    one.write_bytes(BROKEN[kind][0])
    monkeypatch.setattr(notebooks, "NOTEBOOKS", one.parent)
    monkeypatch.setattr(sys, "argv", ["notebooks", "--list"])
    if "make notebooks" not in wrong(BROKEN[kind][0], "9_a"):
        with pytest.raises(SystemExit) as error:
            notebooks.main()
        assert BROKEN[kind][1] in named(error)
        return
    now = json.loads(one.read_bytes())
    notebook = read(one, widgets=False)
    now["metadata"]["ganbook"] = {"code": notebooks.code_fingerprint(notebook), "modules": notebooks.modules(notebook)}
    one.write_text(json.dumps(now))
    notebooks.main()
    assert BROKEN[kind][1] in capsys.readouterr().out


def test_make_notebooks_stores_the_widgets_of_a_notebook_from_colab_anew(one, monkeypatch):
    notebook = json.loads(BROKEN["colab"][0])
    notebook["cells"][1]["source"] = ["from tqdm.auto import tqdm\n", "for i in tqdm(range(3)):\n", "    pass"]
    notebook["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    one.write_text(json.dumps(notebook))
    monkeypatch.setattr(notebooks, "NOTEBOOKS", one.parent)
    monkeypatch.setattr(sys, "argv", ["notebooks"])
    notebooks.main()
    assert wrong(one.read_bytes(), "9_a") == "" and len(json.loads(one.read_text())["metadata"]["widgets"]) == 1


@pytest.fixture(scope="module")
def broken_book(tmp_path_factory):
    """A copy of the book with a broken notebook of every kind among its chapters."""
    book = tmp_path_factory.mktemp("book")
    for name in ("book", "notebooks"):
        shutil.copytree(ROOT / name, book / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    for name in ("_config.yml", "_toc.yml", "index.md"):
        shutil.copy(ROOT / name, book)
    (book / "ganbook").symlink_to(ROOT / "ganbook")
    for kind, (content, _) in BROKEN.items():
        (book / "notebooks" / f"{kind}.ipynb").write_bytes(content)
    return book


def test_jupyter_book_names_all_of_them_and_ends(broken_book):
    command = [Path(sys.executable).parent / "jupyter-book", "build", "."]
    answer = subprocess.run(command, cwd=broken_book, env=os.environ, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 1
    lines = [line for line in answer.stderr.splitlines() if line.startswith("notebooks/")]
    assert len(lines) == len(BROKEN), answer.stderr
    for kind, (_, says) in BROKEN.items():
        assert any(line.startswith(f"notebooks/{kind}.ipynb ") and says in line for line in lines), kind
    assert "Traceback" not in answer.stderr and "Error" not in answer.stderr


def test_a_stored_widget_that_does_not_say_what_is_drawn_of_it_is_named_too():
    import light

    notebook = chapter()
    del notebook["metadata"]["widgets"][STATE]["state"]["b"]["state"]["max"]
    docs = type("Env", (), {"doc2path": lambda self, name: f"{name}.ipynb"})()
    with pytest.raises(SystemExit, match=r"^notebooks/9_a\.ipynb cannot be drawn.* 'max': run `make notebooks"):
        light.change(type("App", (), {"env": docs}), "notebooks/9_a", [json.dumps(notebook)])
