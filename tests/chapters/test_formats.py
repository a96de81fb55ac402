"""The formats of a chapter: its records, its numbers, its exercises, and the edition that is generated from it.

What a record or a number looks like on a page is decided by the programs that show it: Sphinx with MyST-NB, which
builds the site, and nbconvert, on which GitHub's pages of notebooks are made. Both build tiny books here.
"""

import ast
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import records
import versions
from bs4 import BeautifulSoup
from exercise_answers import BEGIN, END, ROOT
from explorable import NAMES
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.site import course, edition
from tools.site.notebooks import parse_cell
from tools.site.plain import Plain

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CODE = re.compile(r"^(`{3,}|~{3,})[^\n]*\n.*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
# What only MyST reads, with an example of each that must be found.
MYST = {
    r"\{[a-zA-Z][\w:.+-]*\}`": "as {numref}`fig-a` shows",
    r"^\([\w-]+\)=[ \t]*$": "text\n(a-label)=\n# Title",
    r"^[`:~]{3,}\{": "```{note}",
    r"^:{3,}": ":::{tip}\n:::",
    r"^:[\w-]+:": ":class: dropdown",
    r"\{\{.*?\}\}": "in {{ minutes }}",
    r"\$\$ *\([\w-]+\)": "$$a$$ (eq-a)",
    r"^\+\+\+|^%[ \t]": "+++",
    r"\]\(#": "[there](#a-label)",
    r"\]\((?!https?:)[^)]*\.(?:ipynb|md)\b": "[there](03_dcgan.ipynb#a)",
}

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_nb", "records"]
nb_execution_mode = "off"
nb_merge_streams = True
"""


@pytest.fixture(scope="session")
def reader():
    return Plain()


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def path(request):
    return request.param


@functools.cache
def edition_of(path: Path, reader: Plain):
    """The edition of a chapter, made once for the tests that look at it."""
    return edition.edition(nbformat.read(path, as_version=4), path.stem, reader)


def left_of_myst(text: str) -> list[str]:
    """The pieces of MyST outside blocks of code and inline code that shows them."""
    text = CODE.sub("", text)
    return [found[0] for pattern in MYST for found in re.finditer(pattern, text, re.MULTILINE)]


def code(notebook) -> list:
    """The cells of code; in the edition without those that show diagrams."""
    return [c for c in notebook.cells if c.cell_type == "code" and "diagram" not in c.metadata.get("tags", [])]


def dump(source: str) -> str:
    """The program of a cell: comments, and so the marks of folding and of solutions, do not count."""
    return ast.dump(parse_cell(source))


# ------------------------------------------------------------------------------------------------------- the edition


@pytest.mark.parametrize("pattern", MYST)
def test_the_patterns_find_what_they_are_for(pattern):
    assert left_of_myst(MYST[pattern]) and not left_of_myst(
        "Plain $x_{a}$ and `code` ([a page](https://a.org/b.html))."
    )


def test_nothing_of_myst_is_left_in_the_edition(path, reader):
    made = edition_of(path, reader)
    nbformat.validate(made)
    for number, cell in enumerate(made.cells):
        assert "mystnb" not in cell.metadata and "ganbook" not in cell.metadata
        if cell.cell_type == "markdown":
            assert not left_of_myst(cell.source), f"cell {number}"
    assert "ganbook" not in made.metadata


def test_the_edition_runs_the_chapters_code_and_keeps_its_outputs(path, reader):
    chapter = nbformat.read(path, as_version=4)
    made = edition.edition(chapter, path.stem, reader)
    first, *others = code(made)
    assert (
        first.source == f"# @title {edition.TITLES['setup']}\n{edition.set_up(versions.reference(ROOT), reader.home)}"
    )
    assert [dump(cell.source) for cell in others] == [dump(cell.source) for cell in code(chapter)[1:]]
    assert [cell.outputs for cell in code(made)] == [cell.outputs for cell in code(chapter)]
    assert made.metadata.get("widgets") == chapter.metadata.get("widgets")
    assert chapter == nbformat.read(path, as_version=4), "making the edition changed the chapter in memory"


def test_the_edition_folds_what_the_site_folds(path, reader):
    chapter = nbformat.read(path, as_version=4)
    for before, after in zip(code(chapter), code(edition_of(path, reader))):
        folded = "hide-input" in before.metadata.get("tags", [])
        assert after.metadata.get("jupyter", {}).get("source_hidden", False) == folded
        assert (after.metadata.get("cellView") == "form") == folded
        assert after.source.startswith("# @title ") == folded
        assert BEGIN not in after.source and END not in after.source
        if not folded:
            assert after.source == before.source.replace("# NBVAL_CHECK_OUTPUT\n", "")


def test_the_edition_says_where_its_page_is_and_keeps_captions_exercises_and_questions(path, reader):
    chapter, made = nbformat.read(path, as_version=4), edition_of(path, reader)
    text = "\n\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    assert f"(https://ganbook.github.io/ganbook/notebooks/{path.stem}.html)" in made.cells[0].source
    assert f"belongs to version {versions.words(ROOT)}." in made.cells[0].source
    figures = [cell for cell in chapter.cells if "figure" in cell.metadata.get("mystnb", {})]
    drawn = re.findall(
        rf"^```\{{(?:diagram|{'|'.join(NAMES)})\}}",
        "\n".join(cell.source for cell in chapter.cells),
        flags=re.MULTILINE,
    )
    assert text.count("**Figure.** ") == len(figures) + len(drawn) and text.count("in words</summary>") == len(drawn)
    assert text.count("### Exercise: ") == len(course.exercises(chapter)) == text.count("<summary>Hint</summary>")
    assert text.count("<details>") == text.count("</details>")
    assert ("## Questions" in text) == (ROOT / "book" / "quizzes" / f"{path.stem}.yml").exists()
    positions = [number for number, cell in enumerate(made.cells) if cell.source.startswith("**Figure.** ")]
    assert all(any("image/png" in out.get("data", {}) for out in made.cells[at - 1].outputs) for at in positions)


def test_the_command_writes_what_it_is_asked_for_and_says_what_there_is(tmp_path):
    command = [sys.executable, "-m", "tools.site.edition", "--folder", str(tmp_path)]
    done = subprocess.run([*command, "00_setup"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and [path.name for path in tmp_path.iterdir()] == ["00_setup.ipynb"], done.stderr
    refused = subprocess.run([*command, "99_none"], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 1 and "99_none" in refused.stderr and "00_setup" in refused.stderr
    assert "Traceback" not in refused.stderr


PIP = """
import os, pathlib, sys
here = pathlib.Path(__file__).parent
with open(here.parent / "asked.txt", "a") as log:
    print(*sys.argv[1:], file=log)
known = os.environ["KNOWN"].split()
if not any(sys.argv[-1].endswith(one) for one in known):
    sys.exit("ERROR: no such thing")
(here.parent / "ganbook.py").write_text("")
"""
NEWEST = "git+https://github.com/ganbook/ganbook"


def set_up(folder, reference: str, known: str, **variables):
    """Run the set-up cell where a pip of ours knows sources with these ends; return what it said and pip was asked."""
    (folder / "pip").mkdir()
    (folder / "pip" / "__init__.py").touch()
    (folder / "pip" / "__main__.py").write_text(PIP)
    (folder / "asked.txt").touch()
    cell = edition.set_up(reference, "https://home/") + "\nimport ganbook\nprint('imported')"
    env = {"PYTHONPATH": str(folder), "KNOWN": known, "PATH": "", **variables}
    answer = subprocess.run([sys.executable, "-S", "-c", cell], env=env, capture_output=True, text=True, cwd=folder)
    asked = (folder / "asked.txt").read_text().splitlines()
    assert all(line.startswith("install --quiet ganbook @ ") or variables for line in asked), asked
    return answer, [line.split()[-1] for line in asked]


@pytest.mark.parametrize("reference", ["v0.1.0", "0123456789abcdef0123456789abcdef01234567"])
def test_the_set_up_cell_installs_what_its_edition_belongs_to(tmp_path, reference):
    answer, asked = set_up(tmp_path, reference, f"@{reference} ganbook/ganbook")
    assert asked == [f"{NEWEST}@{reference}"] and answer.stdout == "imported\n", answer.stderr


@pytest.mark.parametrize(
    ("reference", "named"), [("v0.1.0", "release 0.1.0"), ("0123456789abcdef", "commit 0123456789")]
)
def test_where_that_is_not_to_be_had_the_set_up_cell_takes_the_newest_and_says_so(tmp_path, reference, named):
    answer, asked = set_up(tmp_path, reference, "ganbook/ganbook")
    assert asked == [f"{NEWEST}@{reference}", NEWEST], answer.stderr
    first, second, last = answer.stdout.splitlines()
    assert f"({named}) was not found. You have the newest one now." in first and "https://home/" in second
    assert last == "imported"


def test_without_internet_the_set_up_cell_says_what_to_do(tmp_path):
    answer, asked = set_up(tmp_path, "v0.1.0", "")
    assert answer.returncode == 1 and len(asked) == 2 and "ERROR: no such thing" in answer.stdout
    assert "Is there a connection to the internet? Connect and run this cell again" in answer.stderr.splitlines()[-1]


def test_the_set_up_cell_of_an_edition_that_belongs_to_nothing_installs_the_newest(tmp_path):
    answer, asked = set_up(tmp_path, "", "ganbook/ganbook")
    assert asked == [NEWEST] and answer.stdout == "imported\n"


def test_a_source_of_the_readers_own_is_the_only_one_that_is_asked(tmp_path):
    answer, asked = set_up(tmp_path, "v0.1.0", "mine.whl", GANBOOK_SOURCE="/here/mine.whl")
    assert asked == ["/here/mine.whl"] and answer.stdout == "imported\n", answer.stderr


def test_a_source_of_the_readers_own_that_is_missing_is_not_replaced(tmp_path):
    answer, asked = set_up(tmp_path, "v0.1.0", "ganbook/ganbook", GANBOOK_SOURCE="/here/mine.whl")
    assert asked == ["/here/mine.whl"] and "could not be fetched" in answer.stderr


def test_where_the_package_is_there_the_set_up_cell_does_nothing(tmp_path):
    (tmp_path / "ganbook.py").touch()
    answer, asked = set_up(tmp_path, "v0.1.0", "ganbook/ganbook")
    assert not asked and answer.stdout == "imported\n"


# ------------------------------------------------------------------------------------------------ records and numbers

SOURCE = """\
from ganbook.chapters.notebook import claim, number
print("before")
claim(1 < 2, "one is less than two", values={"one": 1}, seeds=[0], n=2)
distance = number("small-distance", 3.14159, "{:.2f} floors")
"""
PROSE = "The distance is {glue:text}`small-distance`, as measured."


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small chapter with a claim and a number, run and stored."""
    cells = [new_markdown_cell("# 9. Small"), new_code_cell(SOURCE), new_markdown_cell(PROSE)]
    notebook = new_notebook(cells=cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GANBOOK_SMOKE", raising=False)
        NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    return nbformat.from_dict(notebook)


@pytest.fixture(scope="module")
def page(run, tmp_path_factory):
    """The small chapter as Sphinx shows it, built from its stored outputs with every warning an error."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "conf.py").write_text(CONF)
    nbformat.write(run, folder / "index.ipynb")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(folder), str(folder / "out")]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return BeautifulSoup((folder / "out" / "index.html").read_text(encoding="utf-8"), "html.parser")


def test_a_page_shows_what_is_printed_and_neither_the_lines_nor_the_records_of_claims(page):
    [printed] = [block.get_text().strip() for block in page.select(".cell_output")]
    assert printed == "before" and "holds" not in page.get_text()
    assert "vnd.ganbook" not in str(page) and "papermill" not in str(page)


def test_a_page_prints_a_number_from_the_stored_outputs(page):
    assert "The distance is 3.14 floors, as measured." in page.get_text()


def test_the_edition_prints_the_same_number(run):
    reader = Plain()
    reader.learn(run)
    made = edition.edition(run, "9_small", reader)
    assert made.cells[-1].source == "The distance is 3.14 floors, as measured."


def test_a_number_that_is_nowhere_stored_is_no_empty_place(reader):
    with pytest.raises(KeyError, match="nowhere"):
        reader.text("It is {glue:text}`nowhere`.")


def test_records_are_found_with_what_was_measured(run):
    [record] = records.claims(json.loads(nbformat.writes(run)))
    assert record["values"] == {"one": 1.0} and record["seeds"] == [0] and record["n"] == 2 and record["holds"] is True
    assert records.numbers(json.loads(nbformat.writes(run))) == {"small-distance": "3.14 floors"}


def test_a_number_has_one_name_in_the_book():
    named = [name for path in CHAPTERS for name in records.numbers(json.loads(path.read_text(encoding="utf-8")))]
    assert len(named) == len(set(named))


def test_other_programs_show_the_line_and_nothing_else(run):
    """nbconvert stands for GitHub and for whatever else picks the richest type that it knows."""
    html = pytest.importorskip("nbconvert").HTMLExporter()
    body, _ = html.from_notebook_node(run)
    shown = [part.get_text().strip() for part in BeautifulSoup(body, "html.parser").select(".jp-OutputArea-output")]
    assert [text for text in shown if text] == ["before", "holds: one is less than two"]


def test_a_number_in_a_cell_whose_output_is_compared_is_compared_too(tmp_path):
    """nbval is the judge: the stored number passes, another one does not."""
    source = '# NBVAL_CHECK_OUTPUT\nfrom ganbook.chapters.notebook import number\n_ = number("a", 0.5)'
    cells = []
    for place, stored in enumerate(("0.5", "0.6"), start=1):
        data = {f"{records.GLUE}text/plain": stored, "text/html": ""}
        scrap = {"scrapbook": {"name": "a", "mime_prefix": records.GLUE}}
        shown = [new_output("display_data", data, metadata=scrap)]
        cells.append(new_code_cell(source, outputs=shown, execution_count=place))
    nbformat.write(new_notebook(cells=cells), tmp_path / "numbers.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-rA", str(tmp_path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    ended = re.findall(r"^(PASSED|FAILED) .*Cell (\d)", said, flags=re.MULTILINE)
    assert sorted(ended) == [("FAILED", "1"), ("PASSED", "0")], said


def claim_output(sentence):
    return new_output("display_data", {"text/plain": f"holds: {sentence}", records.CLAIM: {"sentence": sentence}})


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([claim_output("a")], [("stream", "holds: a\n")]),
        ([claim_output("a"), claim_output("b")], [("stream", "holds: a\nholds: b\n")]),
        ([new_output("stream", text="x"), claim_output("a")], [("stream", "x\nholds: a\n")]),
        (
            [new_output("stream", name="stderr", text="w\n"), claim_output("a"), new_output("display_data", {})],
            [("stream", "w\n"), ("stream", "holds: a\n"), ("display_data", None)],
        ),
    ],
)
def test_lines_of_claims_stand_below_what_the_cell_prints(outputs, expected):
    notebook = new_notebook(cells=[new_code_cell(outputs=outputs)])
    records.as_printed(notebook)
    assert [(out.output_type, out.get("text")) for out in notebook.cells[0].outputs] == expected
    nbformat.validate(notebook)


# ------------------------------------------------------------------------------------------------------------ exercises

HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


def form_of_check(source: str) -> str:
    """What is wrong with a check's form; an empty string if nothing is."""
    begin, end = (source.count(mark) for mark in HIDDEN)
    if begin != end or begin > 1:
        return f"{begin} marks begin a hidden part and {end} end one"
    public = edition.HIDDEN.sub("", source)
    if HIDDEN[0] in public or HIDDEN[1] in public:
        return "the marks stand in the wrong order, or not on lines of their own"
    if begin and source.rstrip().split("\n")[-1].strip() != HIDDEN[1]:
        return "the hidden part is not the end of the cell"
    for part, what in ((public, "public"), (source, "hidden")):
        if not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(part))):
            return f"no {what} assertion"
    return ""


def test_every_check_has_a_public_part_and_a_hidden_one_only_at_its_end(path):
    chapter = nbformat.read(path, as_version=4)
    for label, (solution, check) in course.exercises(chapter).items():
        assert not form_of_check(chapter.cells[check].source), f"{label}: {form_of_check(chapter.cells[check].source)}"
        assert not any(mark in chapter.cells[solution].source for mark in HIDDEN), f"{label}: tests in the solution"
        assert course.ANSWER.search(chapter.cells[solution].source), f"{label}: nothing to leave out"
    others = [cell for cell in code(chapter) if "check" not in cell.metadata.get("tags", [])]
    assert not [cell for cell in others if any(mark in cell.source for mark in HIDDEN)]


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ('assert f(1) == 1, "one"', ""),
        (f'assert f(1) == 1, "one"\n{HIDDEN[0]}\nassert f(2) == 2, "two"\n{HIDDEN[1]}', ""),
        (f'{HIDDEN[0]}\nassert f(2) == 2, "two"\n{HIDDEN[1]}', "no public assertion"),
        (f'assert f(1) == 1, "one"\n{HIDDEN[0]}\nassert f(2) == 2, "two"', "1 marks begin a hidden part and 0 end one"),
        (f'{HIDDEN[1]}\nassert f(1), "one"\n{HIDDEN[0]}', "the marks stand in the wrong order"),
        (f'{HIDDEN[0]}\nassert f(2), "two"\n{HIDDEN[1]}\nassert f(1), "one"', "the hidden part is not the end"),
    ],
)
def test_the_form_of_a_check_is_told_from_others(source, wrong):
    assert form_of_check(source).startswith(wrong) and bool(form_of_check(source)) == bool(wrong)


def test_the_hidden_part_of_a_check_is_cut_from_the_edition_and_kept_for_the_grader(reader):
    check = f'assert double(2) == 4, "twice 2"\n{HIDDEN[0]}\nassert double(3) == 6, "twice 3"\n{HIDDEN[1]}'
    cells = [
        new_markdown_cell("# 9. Small\n\n```{exercise} Double\n:label: ex-small-double\n\nWrite `double(x)`.\n```"),
        new_code_cell(f"def double(x):\n    {BEGIN}\n    return 2 * x\n    {END}", metadata={"tags": ["solution"]}),
        new_code_cell(check, metadata={"tags": ["check"]}),
    ]
    chapter = new_notebook(cells=cells)
    assert [cell.source for cell in code(edition.edition(chapter, "9_small", reader))] == [
        "# @title A solution\ndef double(x):\n    return 2 * x",
        'assert double(2) == 4, "twice 2"',
    ]
    assert course.instructor(chapter, "9_small", reader).cells[-1].source == check
