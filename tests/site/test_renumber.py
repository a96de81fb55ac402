"""A chapter's number is typed once, and one command lets every reference follow.

On a small book that is made up, where every line that may change and every line that may not is known; on a copy of the
real one, where there and back must be the way to where one came from; and the real one's references agree among
themselves.
"""

import io
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import contents
import nbformat
import pytest
import redirects
import yaml
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.site import notebooks, renumber

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))

TOC = """format: jb-book
root: index
parts:
  - caption: One
    chapters:
      - file: notebooks/00_start
      - file: notebooks/04_four
      - file: notebooks/04b_beside
      - file: notebooks/05_five
      - file: book/page
  - caption: Two
    chapters:
      - file: notebooks/11_eleven
      - file: notebooks/12_twelve
"""
# What is written before and after chapter 3 is moved to the front of 4 and a chapter is put in behind 11. The small
# book has gaps, so that numbers close up: 0, 4, 4b, 5, 11, 12 -> 0, 2, 2b, 1, 3, 5, and the new chapter is 4.
FOLLOWS = {
    "See chapter 5.": "See chapter 1.",
    "Chapter 4b and chapter 12 say so; chapters 4, 5 and 11 do not.": (
        "Chapter 2b and chapter 5 say so; chapters 2, 1 and 3 do not."
    ),
    "In chapters 5, 11, and 12, 4 epochs": "In chapters 1, 3, and 5, 4 epochs",
    "(chapter\n5)": "(chapter\n1)",
    "Chapter 5's loop, chapter 12's board": "Chapter 1's loop, chapter 5's board",
    "[chapter 5](05_five.ipynb#five-part)": "[chapter 1](01_five.ipynb#five-part)",
    "chapters [4](04_four.ipynb) and [5](../notebooks/05_five.ipynb)": (
        "chapters [2](02_four.ipynb) and [1](../notebooks/01_five.ipynb)"
    ),
    "Chapters {doc}`5 </notebooks/05_five>`, {doc}`chapter 11's </notebooks/11_eleven>`": (
        "Chapters {doc}`1 </notebooks/01_five>`, {doc}`chapter 3's </notebooks/03_eleven>`"
    ),
    "{ref}`chapter 12 <twelve-part>`": "{ref}`chapter 5 <twelve-part>`",
    "`make notebooks NAMES=05_five`": "`make notebooks NAMES=01_five`",
    "https://colab.org/github/a/b/blob/main/notebooks/05_five.ipynb": (
        "https://colab.org/github/a/b/blob/main/notebooks/01_five.ipynb"
    ),
    "{cite:t}`smith2000` (chapter 5), {cite:p}`smith2000`; chapter 5": (
        "{cite:t}`smith2000` (chapter 1), {cite:p}`smith2000`; chapter 1"
    ),
    "[5](04_four.ipynb) and [12](https://a.org/05)": "[5](02_four.ipynb) and [12](https://a.org/05)",
    "chapter new_more and [chapter new_more](new_more.ipynb)": "chapter 4 and [chapter 4](04_more.ipynb)",
}
STAYS = [
    "5 epochs, 12 images, section 5, case 4, version 11, equation 5, Figure 5.1",
    "chapter 5 of Bishop, chapters 4 and 5 of {cite:t}`smith2000`",
    "{cite:t}`smith2000`, chapters 4 and 11, and Jones and Hill (2001), chapter 5, prove it",
    "the subchapters 5 and 11, chapter 5.1 and chapter V",
    "a network 05_fivefold and x05_five",
    "chapter 7 was never written",
]
BOTH = "\n\n".join([*FOLLOWS, *STAYS])


def small_notebook(title: str, *more) -> nbformat.NotebookNode:
    notebook = new_notebook(cells=[new_markdown_cell(f"(label)=\n# {title}"), *more])
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    return notebook


def git(folder: Path, *command: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    return subprocess.run(["git", *who, *command], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "a")


def started(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """The command, in a process of its own."""
    known = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "tools.site.renumber", *arguments]
    return subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, timeout=300)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """What the command does in a folder, in this process: in a new one its imports take longer than its work."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["renumber", *arguments])
        patch.setattr(renumber, "ROOT", folder)
        patch.setattr(notebooks, "ROOT", folder)
        patch.setattr(notebooks, "NOTEBOOKS", folder / "notebooks")
        patch.setattr(notebooks, "PACKAGE", folder / "ganbook")
        try:
            renumber.main()
        except SystemExit as end:  # as Python does at the end of a process
            code = end.code if isinstance(end.code, int) else 1
            print("" if isinstance(end.code, int) else end.code, file=err)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def texts(folder: Path) -> dict[str, str]:
    names = git(folder, "ls-files", "--cached", "--others", "--exclude-standard").split()
    return {name: (folder / name).read_text(encoding="utf-8") for name in names if (folder / name).is_file()}


@pytest.fixture
def book(tmp_path):
    """The small book, committed, with the tool in it."""
    for name in (
        "tools/site/__init__.py",
        "tools/site/renumber.py",
        "tools/site/notebooks.py",
        "book/_ext/contents.py",
        "book/_ext/notebook_form.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for folder in ("notebooks", "book/quizzes", "tests/chapters/answers", "ganbook/assets"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / ".gitignore").write_text("__pycache__/\n")
    (tmp_path / "ganbook" / "__init__.py").write_text('"""As in chapter 5."""\nSOURCE = "This book, chapter 11"\n')
    (tmp_path / "ganbook" / "assets" / "run.json").write_text('{"source": "This book, chapter 11"}\n')
    (tmp_path / "book" / "page.md").write_text(BOTH)
    (tmp_path / "book" / "needs.yml").write_text("05_five: [04_four]\n12_twelve: [05_five, 04b_beside]\n")
    (tmp_path / "book" / "quizzes" / "05_five.yml").write_text(
        "# Questions on chapter 5.\n- question: Which chapter?\n"
    )
    (tmp_path / "tests" / "chapters" / "answers" / "05_five.py").write_text(
        '"""Of chapter 5."""\nx = "chapter 5"  # chapter 5\n'
    )
    for name, title in (("00_start", "0. A start"), ("04_four", "4. Four"), ("04b_beside", "4b. Beside")):
        nbformat.write(small_notebook(title), tmp_path / "notebooks" / f"{name}.ipynb")
    shown = {"mystnb": {"figure": {"caption": "As in chapter 5.", "name": "f"}, "image": {"alt": "of chapter 12"}}}
    code = new_code_cell(
        'import ganbook\n\nprint("chapter 5", 5)  # see chapter 12',
        metadata=shown,
        outputs=[new_output("stream", text="chapter 5 5\n"), new_output("display_data", {"image/png": "Chapter5\n"})],
    )
    for name, title, more in (
        ("05_five", "5. Five times 5", [new_markdown_cell(BOTH), code]),
        ("11_eleven", "11. Eleven", []),
        ("12_twelve", "12. Twelve", []),
    ):
        nbformat.write(small_notebook(title, *more), tmp_path / "notebooks" / f"{name}.ipynb")
    nbformat.write(small_notebook("More"), tmp_path / "notebooks" / "new_more.ipynb")
    table = TOC.replace("      - file: notebooks/05_five\n", "").replace(
        "      - file: notebooks/04_four\n", "      - file: notebooks/05_five\n      - file: notebooks/04_four\n"
    )
    table = table.replace("notebooks/11_eleven\n", "notebooks/11_eleven\n      - file: notebooks/new_more\n")
    (tmp_path / "_toc.yml").write_text(table)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def test_every_reference_follows_and_nothing_else_changes(book):
    before = texts(book)
    done = run(book)
    assert done.returncode == 0, done.stderr
    after = texts(book)
    names = ["00_start", "01_five", "02_four", "02b_beside", "03_eleven", "04_more", "05_twelve"]
    assert sorted(path.stem for path in (book / "notebooks").glob("*.ipynb")) == names
    assert [page for page in contents.pages(book) if page.startswith("notebooks")] == [f"notebooks/{n}" for n in names]
    expected = "\n\n".join([*FOLLOWS.values(), *STAYS])
    assert after["book/page.md"] == expected
    five = nbformat.read(book / "notebooks" / "01_five.ipynb", as_version=4)
    assert five.cells[0].source == "(label)=\n# 1. Five times 5" and five.cells[1].source == expected
    assert five.cells[2].source == 'import ganbook\n\nprint("chapter 1", 5)  # see chapter 5'
    assert five.cells[2].metadata.mystnb == {
        "figure": {"caption": "As in chapter 1.", "name": "f"}, "image": {"alt": "of chapter 5"}
    }  # fmt: skip
    assert (
        five.cells[2].outputs[0].text == "chapter 1 5\n" and five.cells[2].outputs[1].data["image/png"] == "Chapter5\n"
    )
    more = nbformat.read(book / "notebooks" / "04_more.ipynb", as_version=4)
    assert more.cells[0].source == "(label)=\n# 4. More"
    assert after["book/needs.yml"] == "01_five: [02_four]\n05_twelve: [01_five, 02b_beside]\n"
    assert after["book/quizzes/01_five.yml"] == "# Questions on chapter 1.\n- question: Which chapter?\n"
    assert after["tests/chapters/answers/01_five.py"] == '"""Of chapter 1."""\nx = "chapter 5"  # chapter 1\n'
    assert after["ganbook/__init__.py"] == '"""As in chapter 1."""\nSOURCE = "This book, chapter 3"\n'
    for name in ("ganbook/assets/run.json", ".gitignore", "notebooks/00_start.ipynb"):
        assert after[name] == before[name]
    assert not [name for name in after if name.endswith(".partial")]


def test_old_addresses_lead_to_the_new_ones_over_several_moves(book):
    run(book)
    first = yaml.safe_load((book / "book" / "redirects.yml").read_text())
    assert first["notebooks/05_five"] == "notebooks/01_five" and first["notebooks/12_twelve"] == "notebooks/05_twelve"
    assert "notebooks/00_start" not in first and first["notebooks/new_more"] == "notebooks/04_more"
    commit(book)
    assert run(book, "--rename", "01_five=fifth", "--rename", "02b_beside=clinic").returncode == 0
    second = redirects.redirects(book)
    assert second["notebooks/05_five"] == second["notebooks/01_five"] == "notebooks/01_fifth"
    assert second["notebooks/04b_beside"] == second["notebooks/02b_beside"] == "notebooks/03_clinic"
    pages = set(contents.pages(book))
    assert set(second.values()) <= pages and not set(second) & pages
    commit(book)
    table = (book / "_toc.yml").read_text()
    one, two = "      - file: notebooks/01_fifth\n", "      - file: notebooks/02_four\n"
    (book / "_toc.yml").write_text(table.replace(one + two, two + one))
    commit(book)
    assert run(book, "--rename", "01_fifth=four_again", "--rename", "02_four=five").returncode == 0
    third = redirects.redirects(book)
    assert third["notebooks/05_five"] == "notebooks/02_four_again"
    assert "notebooks/01_five" not in third, "an address that is in use again leads nowhere else"


def test_running_it_again_changes_nothing_and_says_so(book):
    run(book)
    before = texts(book)
    again = run(book)  # nothing is committed in between
    assert again.returncode == 0 and "every reference follows" in again.stdout and texts(book) == before


def test_a_list_shows_what_would_change_and_changes_nothing(book):
    before = texts(book)
    shown = run(book, "--list")
    assert shown.returncode == 0 and texts(book) == before
    assert "05_five -> 01_five" in shown.stdout and "00_start stays" in shown.stdout
    for line in ("of another work: ", "no chapter 7: "):
        assert line in shown.stdout, "what is left to a person is named"


def test_a_checkout_with_changes_is_refused_in_a_sentence(book):
    (book / "book" / "page.md").write_text("other")
    before = texts(book)
    refused = run(book)
    assert refused.returncode == 1 and refused.stderr.startswith("There are changes that are not committed.")
    assert "book/page.md" in refused.stderr and "Traceback" not in refused.stderr and texts(book) == before


@pytest.mark.parametrize(
    ("old", "new", "arguments", "sentence"),
    [
        ("notebooks/11_eleven", "notebooks/13_eleven", (), "13_eleven"),
        ("      - file: notebooks/11_eleven\n", "", (), "11_eleven"),
        ("", "", ("--rename", "06_six=six"), "06_six"),
        ("", "", ("--rename", "05_five=07_five"), "without a number"),
        ("", "", ("--rename", "05_five"), "OLD=NEW"),
        ("", "", ("--rename", "05_five=four", "--rename", "04_four=../x"), "without a number"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(book, old, new, arguments, sentence):
    path = book / "_toc.yml"
    path.write_text(path.read_text().replace(old, new) if old else path.read_text())
    commit(book)
    before = texts(book)
    refused = run(book, *arguments)
    assert refused.returncode and sentence in refused.stderr and "Traceback" not in refused.stderr
    assert texts(book) == before


def test_two_chapters_of_one_number_are_told_apart_by_name(book):
    shutil.move(book / "notebooks" / "new_more.ipynb", book / "notebooks" / "12_more.ipynb")
    (book / "_toc.yml").write_text((book / "_toc.yml").read_text().replace("new_more", "12_more"))
    commit(book)
    refused = run(book)
    assert refused.returncode == 1 and "Two notebooks have number 12" in refused.stderr


def test_outputs_that_were_true_stay_true(book):
    """A string of the code has changed, and the line it printed with it: no run is needed."""
    path, other = (book / "notebooks" / f"{name}.ipynb" for name in ("05_five", "12_twelve"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notebooks, "ROOT", book)
        patch.setattr(notebooks, "PACKAGE", book / "ganbook")
        notebooks.stamp(path, "a test")
        commit(book)
        assert not notebooks.stale(nbformat.read(path, as_version=4)) and notebooks.stale(nbformat.read(other, 4))
        run(book)
        after = nbformat.read(book / "notebooks" / "01_five.ipynb", as_version=4)
        assert not notebooks.stale(after) and "renumbered" in after.metadata.ganbook.stamped
        assert notebooks.stale(nbformat.read(book / "notebooks" / "05_twelve.ipynb", 4)), "it was never run"


# ---------------------------------------------------------------------------------------------- a copy of the real book


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The real book's text (no measurements, no vendored scripts), numbered by its table of contents and committed."""
    folder = tmp_path_factory.mktemp("copy")
    for name in renumber.tracked(ROOT):
        if not name.startswith(renumber.LEFT_ALONE) and Path(name).suffix in renumber.TEXT:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "-q")
    commit(folder)
    done = started(folder)
    assert done.returncode == 0, done.stderr
    commit(folder)
    return folder


def test_in_the_real_book_numbers_follow_the_table_of_contents(copy):
    numerals = [contents.numeral(page) for page in contents.chapters(copy)]
    whole = [number for number in numerals if number.isdigit()]
    assert whole == [str(number) for number in range(len(whole))]
    assert all(one == f"{numerals[at - 1].rstrip('b')}b" for at, one in enumerate(numerals) if one.endswith("b"))
    assert not references_that_disagree(copy)


def test_there_and_back_is_where_one_came_from(copy):
    def told(folder):
        own = ("book/redirects.yml", "tests/site/test_renumber.py")  # the second says new_put_in, which gets its number
        found = {name: text for name, text in texts(folder).items() if name not in own}
        return {name: re.sub(r'"(code|stamped|ganbook[\w.]*)": ".*"', "", text) for name, text in found.items()}

    before, table = told(copy), (copy / "_toc.yml").read_text()
    lines = [line for line in table.splitlines() if "notebooks/" in line]
    moved = table.replace(lines[4] + "\n", "").replace(lines[2] + "\n", f"{lines[4]}\n{lines[2]}\n")
    moved = moved.replace(lines[-5] + "\n", f"{lines[-5]}\n      - file: notebooks/new_put_in\n")
    (copy / "_toc.yml").write_text(moved)
    nbformat.write(small_notebook("Put in"), copy / "notebooks" / "new_put_in.ipynb")
    commit(copy)
    assert run(copy).returncode == 0
    assert not references_that_disagree(copy)
    between = told(copy)
    assert sum(between[name] != text for name, text in before.items() if name in between) > 10
    commit(copy)
    [new] = (copy / "notebooks").glob("*_put_in.ipynb")
    new.unlink()
    for path in (copy / "notebooks").glob("*.ipynb"):  # the old order, in the present names
        table = re.sub(rf"\d+b?_{path.stem.partition('_')[2]}$", path.stem, table, flags=re.MULTILINE)
    (copy / "_toc.yml").write_text(table)
    commit(copy)
    assert run(copy).returncode == 0
    after = told(copy)
    assert after.keys() == before.keys()
    assert [name for name in after if after[name] != before[name]] == []


# ------------------------------------------------------------------------------------------------ the book as it stands


def prose(folder: Path):
    """(file, text) of every text that a reader reads."""
    for path in [*(folder / "book").glob("*.md"), *(folder / "book" / "quizzes").glob("*.yml"), folder / "index.md"]:
        yield path.name, path.read_text(encoding="utf-8")
    for path in (folder / "notebooks").glob("*.ipynb"):
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
            yield f"{path.name}, cell {number}", cell.source


def references_that_disagree(folder: Path) -> list[str]:
    """Links whose words name another chapter than they lead to, and chapters that are named and not there."""
    found, numbered = [], contents.numbered(folder)
    for place, text in prose(folder):
        for link in renumber.LINK.finditer(text):
            page = link["target"].partition("#")[0].rpartition("/")[2].removesuffix(".ipynb")
            leads = (folder / "notebooks" / f"{page}.ipynb").exists()
            words = contents.mentioned(link["words"]) or set(re.findall(r"^\d+[a-z]?$", link["words"].strip()))
            if leads and words and words != {contents.numeral(page)}:
                found.append(f"{place}: {link[0]}")
        for mention in contents.MENTION.finditer(text):
            if not renumber.of_another_work(text, mention):
                missing = set(contents.NUMBER.findall(mention[0])) - set(numbered)
                found += [f"{place}: there is no chapter {number}: {mention[0]}" for number in missing]
    for path in (folder / "notebooks").glob("*.ipynb"):
        first = nbformat.read(path, as_version=4).cells[0].source
        if not re.search(rf"^# {contents.numeral(path.stem)}\. ", first, re.MULTILINE):
            found.append(f"{path.name}: its title has another number")
    return found


def test_references_of_the_book_agree_with_its_chapters():
    assert not references_that_disagree(ROOT)


# ------------------------------------------------------------------------------------------------------------ redirects

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_parser", "redirects"]
root_doc = "index"
html_baseurl = "https://a.org/book/"
"""


def built(folder: Path, table: dict[str, str]) -> subprocess.CompletedProcess:
    (folder / "book").mkdir()
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text("# A\n\n```{toctree}\nnotebooks/02_b\n```\n")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "02_b.md").write_text("# B\n")
    (folder / "book" / "redirects.yml").write_text(yaml.safe_dump(table))
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(folder), str(folder / "out")]
    return subprocess.run(command, capture_output=True, text=True)


def test_an_old_address_is_a_page_that_leads_on_with_and_without_scripts(tmp_path):
    done = built(tmp_path, {"notebooks/01_b": "notebooks/02_b", "old/deep/b": "notebooks/02_b"})
    assert done.returncode == 0, done.stderr
    for old, to in (("notebooks/01_b", "02_b.html"), ("old/deep/b", "../../notebooks/02_b.html")):
        path = tmp_path / "out" / f"{old}.html"
        page = BeautifulSoup(path.read_text(), "html.parser")
        assert page.select_one('meta[http-equiv="refresh"]')["content"] == f"0; url={to}"
        assert page.a["href"] == to and (path.parent / to).resolve() == (tmp_path / "out/notebooks/02_b.html").resolve()
        assert page.select_one('link[rel="canonical"]')["href"] == "https://a.org/book/notebooks/02_b.html"
        assert f'location.replace("{to}" + location.search + location.hash)' in page.script.string


@pytest.mark.parametrize("table", [{"notebooks/01_b": "notebooks/03_c"}, {"notebooks/02_b": "index"}])
def test_a_way_from_a_page_that_is_there_or_to_one_that_is_not_fails_the_build(tmp_path, table):
    done = built(tmp_path, table)
    assert done.returncode and "redirects.yml" in done.stderr
