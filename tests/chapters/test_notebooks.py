"""Every chapter's stored outputs belong to its code, and every chapter keeps to the house's form.

`make notebooks` writes the outputs; nothing is executed here except two tiny notebooks that test the tool itself.
"""

import ast
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import records
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.site import notebooks as tool

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EMOJI = re.compile("[\U0001f300-\U0001faff\U00002600-\U000027bf\U0001f1e6-\U0001f1ff]")


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request):
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def path(request):
    return request.param


def code(notebook):
    return [(number, cell) for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def prose(text):
    """Markdown without code and formulas: fenced blocks of code, `code`, $formulas$."""
    text = re.sub(r"^(`{3,}|~{3,})(?!\{)[^\n]*\n.*?^\1\s*$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", "", text, flags=re.DOTALL)
    return re.sub(r"(`+).+?\1", "", text)


def headings(notebook):
    """(cell, level, text) of every heading, those inside fences not counted."""
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            text = re.sub(r"^(`{3,}|~{3,}).*?^\1\s*$", "", cell.source, flags=re.MULTILINE | re.DOTALL)
            found += [(number, len(h[1]), h[2]) for h in re.finditer(r"^(#{1,6}) +(.+)$", text, flags=re.MULTILINE)]
    return found


def images(cell):
    return [out for out in cell.outputs if any(kind.startswith("image/") for kind in out.get("data", {}))]


def text_of(output):
    """What an output says in words, whatever its kind."""
    data = output.get("data", {})
    said = [output.get("text", ""), *(data.get(kind, "") for kind in ("text/plain", "text/html", "text/markdown"))]
    return "\n".join("".join(part) for part in said)


# ------------------------------------------------------------------------------------------------ the outputs are true


def test_outputs_belong_to_the_code(chapter):
    stored = chapter.metadata.get("ganbook", {}).get("code")
    assert stored, "no outputs are stored: run `make notebooks`"
    assert stored == tool.code_fingerprint(chapter), (
        "the code cells changed since the outputs were stored: `make notebooks`"
    )


def test_outputs_come_from_one_run_from_top_to_bottom(chapter):
    counts = [cell.execution_count for _, cell in code(chapter) if cell.source.strip()]
    assert counts == list(range(1, len(counts) + 1))


def test_no_stored_output_is_an_unexpected_error(chapter):
    for number, cell in code(chapter):
        errors = [output.ename for output in cell.outputs if output.output_type == "error"]
        expected = "raises-exception" in tool.tags(cell)
        assert bool(errors) == expected, f"cell {number}: errors {errors}, tagged raises-exception: {expected}"


def test_a_source_that_a_chapter_prints_is_compared_with_the_stored_one(chapter):
    """Names in the package change; what a stamped chapter shows of it must not be left behind."""
    for number, cell in code(chapter):
        if "getsource(" in cell.source:
            assert cell.source.startswith("# NBVAL_CHECK_OUTPUT"), f"cell {number}"


def test_every_line_that_a_claim_shows_has_its_record(chapter):
    for number, cell in code(chapter):
        for output in cell.outputs:
            record, said = output.get("data", {}).get(records.CLAIM), text_of(output)
            assert not re.search(r"^(?:not checked|did not hold)", said, re.MULTILINE), f"cell {number}: {said}"
            assert not record or "NBVAL_CHECK_OUTPUT" not in cell.source, f"cell {number}: a record cannot be compared"
            if record or re.search(r"^holds: ", said, re.MULTILINE):
                assert record, f"cell {number}: a line without its record: `make notebooks`"
                assert record["holds"] is True and said.strip() == f"holds: {record['sentence']}", f"cell {number}"


def test_no_stored_output_names_a_folder_of_the_machine_it_ran_on(chapter):
    for number, cell in code(chapter):
        for output in cell.outputs:
            assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users|usr)/", text_of(output)), f"cell {number}"


def test_stored_widgets_have_their_state(chapter):
    state = chapter.metadata.get("widgets", {}).get(tool.WIDGETS, {}).get("state", {})
    views = [
        out.data[tool.VIEW]["model_id"]
        for _, c in code(chapter)
        for out in c.outputs
        if tool.VIEW in out.get("data", {})
    ]
    assert set(views) <= state.keys(), "a widget is shown whose state is not stored: `make notebooks`"
    if "widgets" in chapter.metadata:
        assert state, "widget metadata without `state` breaks the notebook's page on GitHub"


def test_the_file_is_small_enough(path):
    size = path.stat().st_size / 1e6
    assert size < 1.5, f"{size:.2f} MB: fewer or smaller figures"


# ---------------------------------------------------------------------------------------------------- the house's form


def test_the_first_code_cell_is_the_common_set_up(chapter):
    first = code(chapter)[0][1]
    assert "setup" in tool.tags(first) and "hide-input" in tool.tags(first)
    assert first.source == tool.setup_source(), "run `python -m tools.site.notebooks --setup`"
    assert sum("setup" in tool.tags(cell) for _, cell in code(chapter)) == 1


# What must hold or the rest of the notebook cannot run; one assertion is a report of a bug, which is meant to fail.
ASSERTIONS = {
    "assert code == 0, said",
    'assert process.poll() is None, "the training ended before it could be killed"',
    'assert len(G_losses) == 5, "the plot would not show this training"',
}


def test_a_result_is_no_assertion(chapter):
    """A reader changes a seed, a size, the number of steps: the notebook says what no longer holds, and goes on."""
    for number, cell in code(chapter):
        if "check" in tool.tags(cell):
            continue
        for node in ast.walk(tool.parse_cell(cell.source)):
            if isinstance(node, ast.Assert):
                assert ast.unparse(node) in map(ast.unparse, map(ast.parse, ASSERTIONS)), (
                    f"cell {number}, line {node.lineno}: `claim` states a result, `verify` what needs no training"
                )


# These compute a distance on features that they have taken by hand. All but the chapter that explains the distance
# change to `frechet_distance` when they are next run, since their numbers change a little with it.
ON_FEATURES = {"05_measuring", "14_beyond"}


def test_a_generators_distance_comes_from_one_function(path):
    by_hand = any("ganbook.metrics.frechet" in cell.source for _, cell in code(nbformat.read(path, as_version=4)))
    assert by_hand <= (path.stem in ON_FEATURES), "use ganbook.evaluation.distance.frechet_distance"
    assert by_hand or path.stem not in ON_FEATURES, f"take {path.stem} off the list"


def test_code_cells_are_short(chapter):
    long = {
        number: len(cell.source.splitlines()) for number, cell in code(chapter) if len(cell.source.splitlines()) > 25
    }
    assert not long, f"cells of more than 25 lines (cell: lines): {long}"


def test_code_of_a_rewritten_chapter_fits_the_column_of_its_page():
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    excluded = re.search(r"# Rewritten chapters.*?exclude = \[(.*?)\]", settings, re.DOTALL)[1]
    narrow = [path for path in CHAPTERS if path.name in excluded]
    assert narrow, "pyproject.toml names no rewritten chapter"
    for path in narrow:
        cells = [cell for _, cell in code(nbformat.read(path, as_version=4))]
        shown = [cell.source for cell in cells if "hide-input" not in cell.metadata.get("tags", [])]
        wide = [line for source in shown for line in source.split("\n") if len(line) > 84]
        assert not wide, f"{path.name}: lines of more than 84 characters:\n" + "\n".join(wide)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_a_chapter_prints_fits_the_column_of_a_desk(path):
    """A column of 1440 pixels holds 95 characters in the size that house.css gives to what is printed."""
    cells = [cell for _, cell in code(nbformat.read(path, as_version=4))]
    printed = [output["text"] for cell in cells for output in cell.outputs if output.output_type == "stream"]
    wide = [line for text in printed for line in text.splitlines() if len(line) > 95]
    assert not wide, "a table whose last column is out of sight:\n" + "\n".join(wide)


def test_prose_stands_between_code_cells(chapter):
    for number, (one, two) in enumerate(pairwise(chapter.cells)):
        if one.cell_type == two.cell_type == "code":
            pair = "solution" in tool.tags(one) and "check" in tool.tags(two)
            assert pair, f"cells {number} and {number + 1}: two code cells in a row"


def test_headings_are_in_order(chapter):
    found = headings(chapter)
    assert [cell for cell, level, _ in found if level == 1] == [0], "one heading of level 1, in the first cell"
    for (_, before, _), (cell, level, text) in pairwise(found):
        assert level <= before + 1, f"cell {cell}: '{text}' skips a level"


def test_every_figure_has_alternative_text(chapter):
    for number, cell in code(chapter):
        if not images(cell):
            continue
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        assert len(alt) >= 20, f"cell {number}: metadata.mystnb.image.alt must say what is seen, it is {alt!r}"
        if "figure" in cell.metadata.get("mystnb", {}):
            assert len(images(cell)) == 1, f"cell {number}: {len(images(cell))} images would share one caption"


def test_every_exercise_has_a_solution_and_a_check(chapter):
    cells = chapter.cells
    exercises = [n for n, cell in enumerate(cells) if cell.cell_type == "markdown" and "{exercise}" in cell.source]
    for number in exercises:
        assert cells[number].source.count("{exercise}") == 1, f"cell {number}: one exercise a cell"
        assert re.search(r"^:label: ex-[a-z0-9-]+$", cells[number].source, re.MULTILINE), (
            f"cell {number}: no label ex-..."
        )
        solution, check = (*cells[number + 1 : number + 3], None, None)[:2]
        assert solution is not None and {"solution", "hide-input"} <= set(tool.tags(solution)), f"cell {number + 1}"
        assert not solution.outputs or "hide-output" in tool.tags(solution), (
            f"cell {number + 1} is folded, and its output tells the answer: tag it hide-output too"
        )
        begin, end = (solution.source.find(f"### {word} SOLUTION") for word in ("BEGIN", "END"))
        assert 0 <= begin < end, f"cell {number + 1}: no ### BEGIN SOLUTION ... ### END SOLUTION"
        assert check is not None and "check" in tool.tags(check), f"cell {number + 2}: no check"
        assert "assert" in check.source, f"cell {number + 2}: the check asserts nothing"
    solutions = [n for n, cell in enumerate(cells) if "solution" in tool.tags(cell)]
    assert solutions == [number + 1 for number in exercises], "a solution stands without its exercise"


HINT = re.compile(r"\n```\n\n```\{admonition\} Hint\n:class: dropdown\n\n(?P<text>[^\n]+)\n```$")


def test_every_exercise_ends_in_a_folded_hint_of_two_sentences_that_is_not_the_answer(chapter):
    for number, cell in enumerate(chapter.cells):
        if cell.cell_type != "markdown" or "{exercise}" not in cell.source:
            continue
        hint = HINT.search(cell.source)
        assert hint and cell.source.count("{admonition} Hint") == 1, f"cell {number}: no hint behind the exercise"
        said = prose(hint["text"])
        assert len(re.findall(r"[.?](?=\s|$)", said)) <= 2, f"cell {number}: more than two sentences: {said}"
        assert 8 <= len(said.split()) <= 60, f"cell {number}: {len(said.split())} words"
        solution = chapter.cells[number + 1].source.split("### BEGIN SOLUTION", 1)[1].split("### END SOLUTION")[0]
        given = {line.strip() for line in solution.splitlines() if line.strip()}
        words = re.findall(r"`([^`]+)`", hint["text"])
        assert not [line for line in given if any(line in word for word in words)], f"cell {number}: it is the answer"


def test_the_voice_is_calm(chapter):
    for number, cell in enumerate(chapter.cells):
        if cell.cell_type == "markdown":
            assert not EMOJI.search(cell.source), f"cell {number}: emoji"
            shout = re.search(r"\w+!(?=\s|$)", prose(cell.source))
            assert not shout, f"cell {number}: exclamation mark: {shout[0]}"


# ------------------------------------------------------------------------------------------------------ the tool itself


def notebook_of(*sources, tags=()):
    cells = [new_code_cell(source) for source in sources]
    for cell, names in zip(cells, tags, strict=False):
        cell.metadata["tags"] = list(names)
    return new_notebook(cells=[new_markdown_cell("# 9. A title"), *cells])


def test_a_comment_a_line_break_and_the_set_up_cell_leave_the_fingerprint_alone():
    plain = tool.code_fingerprint(notebook_of("f(1, 2)"))
    assert tool.code_fingerprint(notebook_of("# why\nf(\n    1,\n    2,\n)")) == plain
    assert tool.code_fingerprint(notebook_of("%pip install x", "f(1, 2)", tags=[["setup"]])) == plain


@pytest.mark.parametrize(
    "other", ["f(1, 3)", "f(1, 2.0)", "f(1, -2)", "g(1, 2)", "f(1, b=2)", "f(1, 2); x = 1", "%time f(1, 2)"]
)
def test_a_change_of_code_changes_the_fingerprint(other):
    assert tool.code_fingerprint(notebook_of(other)) != tool.code_fingerprint(notebook_of("f(1, 2)"))


@pytest.fixture
def small_package(tmp_path, monkeypatch):
    """A package of three modules where `a` imports `b`, and `c` stands alone; `b` names a data file."""
    package = tmp_path / "ganbook"
    (package / "assets" / "data" / "digits").mkdir(parents=True)
    (package / "assets" / "data" / "digits" / "x.bin").write_bytes(b"1")
    (package / "__init__.py").write_text('"""Nothing."""\n')
    (package / "a.py").write_text("from .b import f\n")
    (package / "b.py").write_text('def f():\n    """Say."""\n    return "data/digits"\n')
    (package / "c.py").write_text("x = 1\n")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "PACKAGE", package)
    return package


def test_the_modules_of_a_notebook_are_those_it_reaches_through_imports(small_package):
    reached = tool.modules(notebook_of("def later():\n    from ganbook import a"))
    assert list(reached) == ["assets/data/digits", "ganbook", "ganbook.a", "ganbook.b"]


def test_only_a_change_that_can_matter_makes_a_notebook_stale(small_package):
    notebook = notebook_of("from ganbook.a import f")
    notebook.metadata["ganbook"] = {"code": tool.code_fingerprint(notebook), "modules": tool.modules(notebook)}
    assert tool.stale(notebook) == ""
    (small_package / "c.py").write_text("x = 2\n")
    (small_package / "b.py").write_text(
        '# A comment.\ndef f():\n    """Say it otherwise."""\n    return "data/digits"\n'
    )
    assert tool.stale(notebook) == ""
    (small_package / "assets" / "data" / "digits" / "x.bin").write_bytes(b"2")
    assert tool.stale(notebook) == "changed: assets/data/digits"
    (small_package / "b.py").write_text('def f():\n    return "no digits"\n')
    assert "ganbook.b" in tool.stale(notebook)


@pytest.fixture
def small_book(tmp_path):
    """A copy of the tool beside an empty package and no notebooks."""
    (tmp_path / "tools" / "site").mkdir(parents=True)
    (tmp_path / "book" / "_ext").mkdir(parents=True)
    shutil.copy(ROOT / "book" / "_ext" / "notebook_form.py", tmp_path / "book" / "_ext")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "ganbook").mkdir()
    (tmp_path / "ganbook" / "__init__.py").write_text("")
    (tmp_path / "tools" / "site" / "__init__.py").write_text("")  # or the book's own tool would be found, and run
    shutil.copy(ROOT / "tools" / "site" / "notebooks.py", tmp_path / "tools" / "site")
    return tmp_path


def run_tool(book, *arguments):
    command = [sys.executable, "-m", "tools.site.notebooks", *arguments]
    return subprocess.run(command, cwd=book, capture_output=True, text=True, timeout=120)


def test_a_run_stores_outputs_that_pass_these_tests(small_book):
    path = small_book / "notebooks" / "9_small.ipynb"
    nbformat.write(notebook_of("print(6 * 7)", "import os\n\nos.environ.get('GANBOOK_SMOKE', 'not smoke')"), path)
    answer = run_tool(small_book)
    assert answer.returncode == 0, answer.stderr
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[1].outputs[0].text == "42\n"
    assert notebook.cells[2].outputs[0].data["text/plain"] == "'not smoke'"
    assert notebook.metadata.ganbook.code == tool.code_fingerprint(notebook)
    assert "up to date" in run_tool(small_book, "--list").stdout


@pytest.mark.parametrize(("elsewhere", "kept"), [(0.0, True), (60.0, False)])
def test_a_running_time_is_stored_only_if_the_machine_did_nothing_else(tmp_path, monkeypatch, elsewhere, kept):
    path = tmp_path / "9_small.ipynb"
    nbformat.write(notebook_of("sum(range(10**6))"), path)
    real, calls = tool.work, []

    def work():
        _, own = real()
        calls.append(own)
        return own + elsewhere * (len(calls) - 1), own  # what others did between the two looks

    monkeypatch.setattr(tool, "work", work)
    seconds = tool.run(path)
    stored = nbformat.read(path, as_version=4).metadata.ganbook.get("seconds")
    assert stored == (round(seconds, 1) if kept else None)
    assert calls[1] - calls[0] > 0.1, "the kernel's work counts as its notebook's"


def test_a_time_is_stored_beside_the_outputs_that_are_there(tmp_path, monkeypatch):
    path = tmp_path / "9_small.ipynb"
    nbformat.write(notebook_of("import os\n\nprint(os.urandom(8).hex())"), path)
    monkeypatch.setattr(tool, "work", lambda: (0.0, 0.0))
    tool.run(path)
    before = nbformat.read(path, as_version=4)
    del before.metadata.ganbook["seconds"]
    nbformat.write(before, path)
    seconds = tool.run(path, keep=False)
    after = nbformat.read(path, as_version=4)
    assert after.metadata.ganbook.pop("seconds") == round(seconds, 1) and after == before


@pytest.fixture
def stamped_book(small_book):
    """Three notebooks with an earlier stamp: up to date, over a changed module, and with a changed code cell."""
    (small_book / "ganbook" / "a.py").write_text("x = 1\n")
    for name in ("1_same", "2_module", "3_code"):
        source = "import ganbook.a" if name == "2_module" else "x = 1"
        nbformat.write(notebook_of(source), small_book / "notebooks" / f"{name}.ipynb")
    assert run_tool(small_book, "--stamp", "earlier", "--code").returncode == 0
    (small_book / "ganbook" / "a.py").write_text("x = 2\n")
    changed = nbformat.read(small_book / "notebooks" / "3_code.ipynb", as_version=4)
    changed.cells[-1].source = "x = 2"
    nbformat.write(changed, small_book / "notebooks" / "3_code.ipynb")
    return small_book


def reasons(book):
    paths = sorted((book / "notebooks").glob("*.ipynb"))
    return [nbformat.read(path, as_version=4).metadata.ganbook.stamped for path in paths]


def test_a_stamp_goes_to_stale_chapters_only_and_changed_code_is_refused(stamped_book):
    answer = run_tool(stamped_book, "--stamp", "now")
    assert answer.returncode == 1 and reasons(stamped_book) == ["earlier", "earlier; now", "earlier"]
    assert answer.stdout.splitlines() == ["1_same: up to date", "2_module: stamped"]
    assert answer.stderr.strip() == (
        "3_code: its code cells changed, so its outputs need a run: make notebooks NAMES=3_code. "
        "If the change cannot alter an output, add --code."
    )


def test_changed_code_is_stamped_where_that_is_asked_for(stamped_book):
    answer = run_tool(stamped_book, "--stamp", "now", "--code", "3_code")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "3_code: stamped\n" and reasons(stamped_book) == ["earlier", "earlier", "earlier; now"]


def test_a_failing_cell_leaves_the_file_as_it_was(small_book):
    path = small_book / "notebooks" / "9_small.ipynb"
    nbformat.write(notebook_of("x=1\n", "1 / 0"), path)
    before = path.read_bytes()
    answer = run_tool(small_book)
    assert answer.returncode == 1
    assert "9_small.ipynb: cell 2 failed" in answer.stderr
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]
