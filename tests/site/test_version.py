"""One version and one title, wherever they stand."""

import re
from pathlib import Path

import yaml

import ganbook

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
