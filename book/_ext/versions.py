"""Which version of the book this is, and what a copy of a notebook installs so that it keeps working.

The version stands in pyproject.toml. A tree whose changelog lists nothing as unreleased is that release, and its tag is
`v` and the version. Any other tree is a release with later changes; what stays of it is its commit.
"""

import re
import subprocess
from pathlib import Path

SECTION = re.compile(
    r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?\n(?P<body>.*?)(?=^## |\Z)", re.M | re.S
)


def version(root: Path) -> str:
    """The version of the package."""
    return re.search(r'^version = "(.+)"$', (root / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]


def changes(root: Path) -> dict[str, str]:
    """The changelog: "Unreleased" and versions, the newest first -> what changed."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return {section["name"]: section["body"].strip() for section in SECTION.finditer(text)}


def released(root: Path) -> bool:
    """Whether this tree is the release whose version it bears: nothing is listed as unreleased."""
    return not changes(root)["Unreleased"]


def words(root: Path) -> str:
    """The version as readers are told it: 0.1.0, or 0.1.0 with later changes."""
    return version(root) if released(root) else f"{version(root)} with later changes"


def reference(root: Path) -> str:
    """What stays of this tree in the repository: the tag of its release, or its commit; "" where neither is known."""
    if released(root):
        return f"v{version(root)}"
    command = ["git", "-C", str(root), "rev-parse", "--verify", "--quiet", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:  # no git here
        return ""
