"""One version and one title, wherever they stand."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import versions
import yaml
from bs4 import BeautifulSoup

import ganbook
from tools.site import release

ROOT = Path(ganbook.__file__).resolve().parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
CHANGES = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def test_the_version_is_the_same_in_the_package_its_metadata_the_citation_and_the_changelog():
    project = re.search(r'^version = "(.+)"$', PROJECT, flags=re.MULTILINE)[1]
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", CHANGES, flags=re.MULTILINE)
    assert {project, ganbook.__version__, CITATION["version"], released[0]} == {project}
    numbers = [tuple(map(int, version.split("."))) for version in released]
    assert numbers == sorted(set(numbers), reverse=True), "the newest release comes first"


def test_the_changelog_has_only_headings_of_its_form_and_begins_with_what_is_not_released():
    assert CHANGES.startswith("# Changelog\n")
    sections = re.findall(r"^## (.+)$", CHANGES, flags=re.MULTILINE)
    assert sections[0] == "[Unreleased]" and len(sections) > 1
    kinds = set(re.findall(r"^### (.+)$", CHANGES, flags=re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_citation_has_the_books_title_authors_and_licences():
    assert CITATION["title"] == CONFIG["title"]
    assert [author["name"] for author in CITATION["authors"]] == [CONFIG["author"]]
    licences = re.search(r'^license = "(.+)"$', PROJECT, flags=re.MULTILINE)[1].split(" AND ")
    assert set(CITATION["license"]) <= set(licences)
    assert {"cff-version", "message", "title", "authors"} <= set(CITATION)


# ----------------------------------------------------------------------------------------------- releases and copies


def git(tree: Path, *words: str) -> str:
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    return subprocess.run(["git", *who, *words], cwd=tree, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """The files that bear the version, committed, with one unreleased change; without notebooks."""
    for name in (*release.PLACES, "CHANGELOG.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    later = CHANGES.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- A mistake.\n", 1)
    (tmp_path / "CHANGELOG.md").write_text(later, encoding="utf-8")
    monkeypatch.setattr(release, "ROOT", tmp_path)
    monkeypatch.setattr(release.notebooks, "chosen", lambda names: [])
    for variable in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{variable}_NAME", "test")
        monkeypatch.setenv(f"{variable}_EMAIL", "test@localhost")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "a.txt").touch()
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "As it is now"]):
        git(tmp_path, *words)
    return tmp_path


def command(monkeypatch, *words: str) -> None:
    monkeypatch.setattr("sys.argv", ["release", *words])
    release.main()


def test_one_command_writes_commits_and_tags_a_version(tree, monkeypatch, capsys):
    unreleased, older = versions.changes(tree)["Unreleased"], versions.version(tree)
    command(monkeypatch, "7.1.0")
    assert versions.version(tree) == "7.1.0" and versions.released(tree)
    assert '__version__ = "7.1.0"' in (tree / "ganbook" / "__init__.py").read_text(encoding="utf-8")
    assert yaml.safe_load((tree / "CITATION.cff").read_text(encoding="utf-8"))["version"] == "7.1.0"
    assert list(versions.changes(tree))[:3] == ["Unreleased", "7.1.0", older]
    assert versions.changes(tree)["7.1.0"] == unreleased
    assert git(tree, "rev-parse", "v7.1.0^{commit}") == git(tree, "rev-parse", "HEAD")
    assert not git(tree, "status", "--porcelain")
    assert "git push origin main v7.1.0" in capsys.readouterr().out
    command(monkeypatch, "--notes")
    assert capsys.readouterr().out.strip() == unreleased


def nothing(tree):
    path = tree / "CHANGELOG.md"
    path.write_text(
        re.sub(r"(?s)(## \[Unreleased\]\n).*?(?=## \[)", r"\1\n", path.read_text(encoding="utf-8")), encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("version", "before", "says"),
    [
        ("7.1", None, "three numbers"),
        ("07.1.0", None, "three numbers"),
        (ganbook.__version__, None, "is not later"),
        ("0.0.9", None, "is not later"),
        ("7.1.0", nothing, "nothing to release"),
        ("7.1.0", lambda tree: git(tree, "tag", "v7.1.0"), "tag v7.1.0 already"),
        ("7.1.0", lambda tree: (tree / "CITATION.cff").write_text("", encoding="utf-8"), "not committed"),
    ],
)
def test_what_cannot_be_a_release_is_refused_and_nothing_changes(tree, monkeypatch, version, before, says):
    if before:
        before(tree)
    kept = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file() and ".git" not in path.parts}
    head = git(tree, "rev-parse", "HEAD")
    with pytest.raises(SystemExit, match=says):
        command(monkeypatch, version)
    assert {path: path.read_bytes() for path in kept} == kept and git(tree, "rev-parse", "HEAD") == head


def test_a_release_with_stale_outputs_is_refused(tree, monkeypatch):
    monkeypatch.setattr(release.notebooks, "chosen", lambda names: [ROOT / "notebooks" / "00_setup.ipynb"])
    monkeypatch.setattr(release.notebooks, "stale", lambda notebook: "its code changed")
    with pytest.raises(SystemExit, match="00_setup are not up to date"):
        command(monkeypatch, "7.1.0")
    assert versions.version(tree) != "7.1.0"


def test_a_notebook_that_prints_the_version_is_run_again_and_no_other(monkeypatch):
    ran, stamped = [], []
    monkeypatch.setattr(release.notebooks, "run", lambda path: ran.append(path.stem))
    monkeypatch.setattr(release.notebooks, "stamp", lambda path, reason: stamped.append(path.stem))
    release.keep_outputs(ganbook.__version__, "7.1.0")
    assert ran == ["00_setup"] and len(stamped) == len(list((ROOT / "notebooks").glob("*.ipynb"))) - 1


def test_a_release_is_known_by_its_tag_and_any_other_tree_by_its_commit(tree, monkeypatch):
    assert versions.reference(tree) == git(tree, "rev-parse", "HEAD") and "later changes" in versions.words(tree)
    command(monkeypatch, "7.1.0")
    assert versions.reference(tree) == "v7.1.0" and versions.words(tree) == "7.1.0"


def test_a_tree_without_git_that_is_no_release_is_known_by_nothing(tree, monkeypatch):
    shutil.rmtree(tree / ".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tree.parent))
    assert versions.reference(tree) == ""
    monkeypatch.setenv("PATH", "")
    assert versions.reference(tree) == ""


def test_every_page_of_the_site_says_the_version():
    pages = [path for path in (ROOT / "_build" / "html").rglob("*.html") if "_static" not in path.parts]
    assert len(pages) > 20, "the site is not built"
    for path in pages:
        footer = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("footer.bd-footer-content")
        assert f"Version {versions.words(ROOT)}." in " ".join(footer.get_text().split()), path
