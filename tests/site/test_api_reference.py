"""Every public name has an example that runs, and the page book/api.md shows what Python itself says of the name."""

import doctest
import inspect
import re
import sys
from pathlib import Path

import pytest

import ganbook

ROOT = Path(ganbook.__file__).resolve().parents[1]
sys.path.append(str(ROOT / "book" / "_ext"))
NAMES = [name for name in ganbook.__all__ if not name.startswith("__")]
REPOSITORY = "https://example.org/owner/name"


def examples(name: str) -> list[doctest.DocTest]:
    """The examples in the docstring of a public name and of its methods; each must import what it needs."""
    return [test for test in doctest.DocTestFinder().find(getattr(ganbook, name), name, globs={}) if test.examples]


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_every_public_name_runs_and_gives_what_it_says(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example may write files
    found = examples(name)
    assert any(test.name == name for test in found), f"{name} is public and needs an example, in >>> lines"
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in found:
        runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """The Markdown of the page, by name."""
    import api

    made, _ = api.reference(ROOT, REPOSITORY, "main")
    parts = re.split(r"^\(api-(\w+)\)=\n", made, flags=re.MULTILINE)
    assert parts[0] == ""
    return dict(zip(parts[1::2], parts[2::2]))


def test_the_page_has_the_names_of_all_and_no_others(sections):
    assert list(sections) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_signature_words_examples_and_source_are_those_of_the_object(name, sections):
    thing, section = getattr(ganbook, name), sections[name]
    head = re.search(rf"^`+\{{py:\w+\}} ganbook\.{name}\b(.*)$", section, flags=re.MULTILINE)[1]
    if not (inspect.isclass(thing) and issubclass(thing, Exception)):
        for parameter in inspect.signature(thing).parameters.values():
            assert re.search(rf"[(,] ?\**{parameter.name}[:=,)]", head), f"{head} has no {parameter.name}"
    body = re.split(r"^`+\{py:.*\n", section, maxsplit=1, flags=re.MULTILINE)[1]
    assert re.sub(r"\\(.)", r"\1", body).split()[:3] == inspect.getdoc(thing).split()[:3]
    shown = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL))
    for test in examples(name):
        for example in test.examples:
            assert all(line in shown for line in (example.source + example.want).splitlines()), example.source
    place, start = re.search(rf"\({REPOSITORY}/blob/main/(\S+)#L(\d+)-L\d+\)", section).groups()
    assert place == Path(inspect.getsourcefile(inspect.unwrap(thing))).relative_to(ROOT).as_posix()
    line = (ROOT / place).read_text(encoding="utf-8").splitlines()[int(start) - 1]
    assert line.startswith((f"def {name}", f"class {name}", "@")), line


# A package that cannot be imported: the page is made from its text alone.
PACKAGE = {
    "__init__.py": 'from pack.room import Kept, loop\n__all__ = ["Kept", "__version__", "loop"]\n__version__ = "1"\n',
    "room/__init__.py": "from .loop import loop\nfrom .inner.kept import Kept as Kept\n",
    "room/loop.py": '''import nowhere\ndef loop(n: int, *, rate: nowhere.Rate = 0.5) -> None:
    """Turn `n` times, never *less*; see `Kept`.\n\n    n: how often. rate: how\n        fast, in 1/s.\n    """\n''',
    "room/inner/__init__.py": "",
    "room/inner/base.py": 'class Base:\n    def shown(self):\n        """Inherited."""\n    def hidden(self): ...\n',
    "room/inner/kept.py": '''from nowhere import more\nfrom pack.room.inner.base import Base
class Kept(Base):\n    """Kept.\n\n    >>> Kept()\n    Kept()\n    """
    def _own(self):\n        """Private."""\n''',
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_name_is_followed_through_packages_and_modules_of_its_own_name_without_an_import(tmp_path):
    import api

    made, files = api.reference(written(tmp_path, PACKAGE), REPOSITORY, "main", "pack")
    assert "{py:class} pack.Kept\n" in made.replace("()", "") and "{py:method} pack.Kept.shown()" in made
    assert "hidden" not in made and "Private" not in made and "```pycon\n>>> Kept()\nKept()\n```" in made
    assert "{py:function} pack.loop(n: int, *, rate: nowhere.Rate = 0.5)\n" in made
    assert "Turn `n` times, never \\*less\\*; see {py:obj}`pack.Kept`." in made
    assert "`n`\n: how often." in made and "`rate`\n: how fast, in 1/s." in made
    assert {path.name for path in files} == {"loop.py", "kept.py"}
    assert "pack" not in sys.modules


def test_a_public_name_that_the_text_does_not_explain_is_an_error_that_says_so(tmp_path):
    import api

    folder = written(tmp_path, PACKAGE | {"__init__.py": '__all__ = ["late"]\ndef __getattr__(name): ...\n'})
    with pytest.raises(ValueError, match=r"pack\.late is public.*TYPE_CHECKING"):
        api.reference(folder, REPOSITORY, "main", "pack")
