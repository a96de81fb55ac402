"""Make a release, or print what is said of one: `make release VERSION=0.2.0`.

    python -m tools.site.release 0.2.0     write the version everywhere, date the changelog's section, commit and tag
    python -m tools.site.release --notes   print the notes of the release whose version the files bear

The version stands in pyproject.toml, in the package and in CITATION.cff; the changelog's unreleased lines become the
section of the new version. Stored outputs stay as they are: only a notebook that prints the version is run again.
Nothing is pushed. The last line says the command that publishes the release.
"""

import argparse
import datetime
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import versions

from tools.site import notebooks

ROOT = Path(__file__).resolve().parents[2]

PLACES = {  # file -> the version's line in it
    "pyproject.toml": 'version = "{}"',
    "ganbook/__init__.py": '__version__ = "{}"',
    "CITATION.cff": "version: {}",
}
NUMBER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def git(root: Path, *words: str) -> str:
    """What git says; SystemExit with its words if it fails."""
    answer = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(f"git {words[0]}: {answer.stderr.strip() or answer.stdout.strip()}")
    return answer.stdout.strip()


def parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def refused(root: Path, new: str) -> str:
    """Why this tree cannot become release `new`; "" if it can."""
    if not NUMBER.fullmatch(new):
        return f"A version is three numbers, such as 0.2.0, and {new!r} is not."
    old = versions.version(root)
    if parts(new) <= parts(old):
        return f"The version is {old} now, and {new} is not later."
    if versions.released(root):
        return "The changelog lists nothing under [Unreleased], so there is nothing to release."
    if git(root, "tag", "--list", f"v{new}"):
        return f"There is a tag v{new} already, and a release that somebody may have stays as it is."
    if git(root, "status", "--porcelain", "--untracked-files=no"):
        return "Some files have changes that are not committed. Commit or undo them first: git status"
    return ""


def rewritten(path: Path, old: str, new: str) -> str:
    """The text of a file with its one line `old` replaced."""
    changed, count = re.subn(rf"^{re.escape(old)}$", new, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        raise SystemExit(f"{path.name} has {count} lines {old!r} where one was expected. No file was changed.")
    return changed


def write(root: Path, new: str, day: str) -> list[str]:
    """Write the version into the files and the changelog; return the files that changed."""
    old = versions.version(root)
    texts = {name: rewritten(root / name, line.format(old), line.format(new)) for name, line in PLACES.items()}
    texts["CHANGELOG.md"] = rewritten(
        root / "CHANGELOG.md", "## [Unreleased]", f"## [Unreleased]\n\n## [{new}] - {day}"
    )
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def prints(notebook, version: str) -> bool:
    """Whether a stored output names this version of the package."""
    shown = (str(output) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)
    return any(re.search(rf"ganbook\W+{re.escape(version)}\b", text) for text in shown)


def keep_outputs(old: str, new: str) -> list[str]:
    """Run the notebooks that print the version, declare the outputs of the others up to date; return their files."""
    for path in notebooks.chosen([]):
        if prints(nbformat.read(path, as_version=4), old):
            print(f"{path.stem} prints the version, and is run again", flush=True)
            notebooks.run(path)
        else:
            notebooks.stamp(path, f"version {new}: only the number of the version changed in the package")
    return ["notebooks"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a new version everywhere, commit it and tag it.")
    parser.add_argument("version", nargs="?", help="three numbers, such as 0.2.0")
    parser.add_argument("--notes", action="store_true", help="print the notes of the release that the files bear")
    options = parser.parse_args()
    if options.notes:
        print(versions.changes(ROOT)[versions.version(ROOT)])
        return
    if options.version is None:
        parser.error("say which version, such as 0.2.0")
    new, old = options.version, versions.version(ROOT)
    if why := refused(ROOT, new):
        raise SystemExit(why)
    whys = {path.stem: notebooks.stale(nbformat.read(path, as_version=4)) for path in notebooks.chosen([])}
    if late := [name for name, why in whys.items() if why]:
        raise SystemExit(f"The outputs of {', '.join(late)} are not up to date. Run them first: make notebooks")
    files = write(ROOT, new, datetime.date.today().isoformat()) + keep_outputs(old, new)
    git(ROOT, "add", *files)
    git(ROOT, "commit", "--quiet", "--message", f"Version {new}")
    git(ROOT, "tag", "--annotate", f"v{new}", "--message", f"Version {new}")
    branch = git(ROOT, "rev-parse", "--abbrev-ref", "HEAD")
    print(f"Version {new} is committed and tagged. This publishes it: git push origin {branch} v{new}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. `git status` shows what was written; `git checkout .` undoes it.")
