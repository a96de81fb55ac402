"""Number the chapters by their order in `_toc.yml`, and let every reference follow.

    python -m tools.site.renumber --list                        what would change; nothing is written
    python -m tools.site.renumber                               rename, renumber, redirect
    python -m tools.site.renumber --rename 04b_bug_clinic=clinic  and give a chapter another name

A chapter's number is typed once: it is the first part of its file's name, notebooks/03_dcgan.ipynb, and it follows
from the order of the notebooks in `_toc.yml`, the first of which has number 0. A letter behind it, as in
04b_bug_clinic, makes a chapter the companion of the one before. To move a chapter, move its line in `_toc.yml`. To
insert one, list its notebook there under a name that begins with new_, notebooks/new_attention.ipynb, and write
"chapter new" where its number is to stand. Then commit, and run this.

What follows: the names of the notebook and of every file that is called like it (questions, answers to exercises); the
number in the title; names and links in all sources; "chapter 3" and "chapters 3, 8 and 14" in prose, captions, comments
and docstrings, with the link's text where it is a number only. Old addresses go into book/redirects.yml, from which the
site makes pages that lead on. Stored outputs stay; a notebook that was up to date is stamped, since no result changes.

Not changed are chapters of other works, known by the work that is named beside them ("chapter 5 of Bishop", a citation
and a comma before), measurements and weights in ganbook/assets, and strings in tests, which make up books of their own.
"""

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from contents import MENTION, NUMBER, numeral, pages

from tools.site import notebooks as tool

ROOT = Path(__file__).resolve().parents[2]
TEXT = {"", ".md", ".py", ".ipynb", ".yml", ".yaml", ".toml", ".json", ".js", ".css", ".txt", ".bib", ".html"}
LEFT_ALONE = ("ganbook/assets/", "book/_static/vendor/", "book/redirects.yml")
NAME = re.compile(r"^(?:(?P<number>\d+)(?P<letter>[a-z]?)|new)_(?P<slug>[a-z]\w*)$")
TITLE = re.compile(r"^# (?:\d+[a-z]?\. +)?(?=\S)", re.MULTILINE)
# A citation, or a name and a year, with a comma: the chapters behind it are those of that work.
WORK_BEFORE = re.compile(r"(?:\{cite:\w+\}`[^`]+`|\((?:19|20)\d\d\)),\s+$")
WORK_BEHIND = re.compile(r"\s+(?:of|in)\s+(?:\{cite|their\b|his\b|her\b)|\s+of\s+(?:[A-Z][\w-]+(?!`))")
NEW = re.compile(r"\b([Cc]hapters?\s+)(new_\w+)\b")
LINK = re.compile(r"(?P<open>\[|\{doc\}`)(?P<words>[^\]`<]*?)(?P<middle>\]\(| *<)(?P<target>[^)>\s]+)")


class Plan(NamedTuple):
    """Which file is called how (stems), and which chapter has which number; only what is there now is a key."""

    names: dict[str, str]
    numbers: dict[str, str]


def plan(root: Path, renamed: dict[str, str]) -> Plan:
    """The names that follow from the order in `_toc.yml`; `renamed` gives some chapters another name (no number)."""
    there = {path.stem for path in (root / "notebooks").glob("*.ipynb")}
    listed = [page.removeprefix("notebooks/") for page in pages(root) if page.startswith("notebooks/")]
    if there != set(listed):
        odd = ", ".join(sorted(there ^ set(listed)))
        raise SystemExit(f"_toc.yml and the folder notebooks/ do not have the same notebooks: {odd}.")
    if unknown := set(renamed) - there:
        raise SystemExit(f"No notebook is called {', '.join(sorted(unknown))}; there are: {', '.join(listed)}.")
    names, numbers, number = {}, {}, -1
    for name in listed:
        parts = NAME.match(name)
        slug = renamed.get(name, parts["slug"] if parts else name)
        if not parts:
            raise SystemExit(
                f"{name}: expected a number and a name, as in 03_dcgan, or a new one, as in new_attention."
            )
        if not re.fullmatch(r"[a-z][a-z0-9_]*", slug):
            raise SystemExit(f"{slug}: expected a name of small letters, digits and _, without a number, as in dcgan.")
        letter = (parts["letter"] or "") if name not in renamed else ""
        number += not letter
        if letter and number < 0:
            raise SystemExit(f"{name} is a companion, by its letter, and there is no chapter before it in _toc.yml.")
        names[name] = f"{number:02d}{letter}_{slug}"
        if parts["number"] and numbers.setdefault(numeral(name), numeral(names[name])) != numeral(names[name]):
            raise SystemExit(f"Two notebooks have number {numeral(name)}: let the name of the new one begin with new_.")
    for what, values in (("name", names), ("number", {name: numeral(new) for name, new in names.items()})):
        twice = {one for one in values.values() if list(values.values()).count(one) > 1}
        if twice:
            raise SystemExit(f"Two chapters would have the {what} {', '.join(sorted(twice))}.")
    return Plan(names, numbers)


# ---------------------------------------------------------------------------------------------------------------- text


def of_another_work(text: str, found: re.Match) -> bool:
    """Whether a mention is of a chapter of some other work, which is named beside it."""
    before = text[max(0, found.start() - 200) : found.start()]
    return bool(WORK_BEFORE.search(before) or WORK_BEHIND.match(text[found.end() :]))


def mentions(text: str, plan: Plan, seen: list[str] | None = None) -> str:
    """`text` with the numbers of the chapters that it names; `seen` gets a line for what is left as it is."""

    def one(found: re.Match) -> str:
        around = " ".join(text[max(0, found.start() - 30) : found.end() + 30].split())
        if of_another_work(text, found):
            if seen is not None:
                seen.append(f"of another work: {around}")
            return found[0]
        missing = [number for number in NUMBER.findall(found[0]) if number not in plan.numbers]
        if missing and seen is not None:
            seen.append(f"no chapter {', '.join(missing)}: {around}")
        if re.search(r"\bto\b|[-–]", found[0]) and seen is not None:
            seen.append(f"a range, to be read again: {around}")
        return NUMBER.sub(lambda number: plan.numbers.get(number[0], number[0]), found[0])

    return NEW.sub(lambda new: new[1] + numeral(plan.names.get(new[2], new[2])), MENTION.sub(one, text))


def names_in(text: str, plan: Plan) -> str:
    """`text` with the new names of chapters, in links, paths and commands."""
    if not plan.names:
        return text
    longest = sorted(plan.names, key=len, reverse=True)
    known = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
    return known.sub(lambda found: plan.names[found[0]], text)


def link_texts(text: str, plan: Plan) -> str:
    """Links to chapters whose whole text is a number, as in "chapters [6](06_game.ipynb)", with the new number."""

    def one(found: re.Match) -> str:
        stem = found["target"].partition("#")[0].rpartition("/")[2].removesuffix(".ipynb")
        if stem not in plan.names or found["words"].strip() != numeral(stem):
            return found[0]
        number = found["words"].replace(numeral(stem), numeral(plan.names[stem]))
        return f"{found['open']}{number}{found['middle']}{found['target']}"

    return LINK.sub(one, text)


def rewritten(text: str, plan: Plan, seen: list[str] | None = None) -> str:
    """A text with all that follows from `plan`."""
    return names_in(mentions(link_texts(text, plan), plan, seen), plan)


def said(source: str) -> list[tuple[int, int]]:
    """The places of comments and docstrings in a Python file, as pairs of offsets."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    strings = {
        node.body[0].value.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None
    }
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.start[0] in strings):
            (row, column), (end_row, end_column) = token.start, token.end
            found.append((starts[row - 1] + column, starts[end_row - 1] + end_column))
    return found


def rewritten_test(source: str, plan: Plan, seen: list[str] | None = None) -> str:
    """A Python file whose strings may tell of a book that is made up: only comments and docstrings name chapters."""
    parts, end = [], 0
    for start, stop in said(source):
        parts += [source[end:start], mentions(source[start:stop], plan, seen)]
        end = stop
    return names_in("".join([*parts, source[end:]]), plan)


def rewritten_notebook(text: str, new_name: str, plan: Plan, seen: list[str] | None = None) -> str:
    """A notebook: its text and code, captions and descriptions, what it printed, and the number in its title."""
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        cell.source = rewritten(cell.source, plan, seen)
        for holder, key in _strings(cell.metadata.get("mystnb", {})):
            holder[key] = rewritten(holder[key], plan, seen)
        for output in cell.get("outputs", []):
            data = {kind: value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")}
            for holder, key in [*_strings(data), *([(output, "text")] if "text" in output else [])]:
                holder[key] = rewritten(holder[key], plan)
            if data:
                output["data"].update(data)
    first = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    first.source = TITLE.sub(f"# {numeral(new_name)}. ", first.source, count=1)
    same = notebook == nbformat.reads(text, as_version=4)
    return text if same else nbformat.writes(notebook) + "\n"


def _strings(tree: dict) -> list[tuple[dict, str]]:
    """All strings in a nest of dictionaries, each as (dictionary, key)."""
    found = [(tree, key) for key, value in tree.items() if isinstance(value, str)]
    return found + [pair for value in tree.values() if isinstance(value, dict) for pair in _strings(value)]


# --------------------------------------------------------------------------------------------------------------- files


def tracked(root: Path) -> list[str]:
    """The files that git knows, by their path below the root."""
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(f"Expected a git checkout, whose files can be listed and restored: {answer.stderr.strip()}")
    return [name for name in answer.stdout.split("\0") if name and (root / name).is_file()]


def redirects(old: dict[str, str], plan: Plan) -> dict[str, str]:
    """Old address -> new address of every page that has moved, now or before; an address in use is no old one."""
    moved = {f"notebooks/{before}": f"notebooks/{after}" for before, after in plan.names.items()}
    found = {before: moved.get(after, after) for before, after in old.items()} | moved
    return {before: after for before, after in sorted(found.items()) if before not in moved.values()}


def changes(root: Path, plan: Plan) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Path -> (new path, new text) of every file that changes, and lines about what is left to a person."""
    found, lines = {}, []
    for name in tracked(root):
        path, seen = Path(name), []
        new = path.with_name(plan.names.get(path.stem, path.stem) + path.suffix)
        if name.startswith(LEFT_ALONE) or path.suffix not in TEXT:
            continue
        text = (root / name).read_text(encoding="utf-8")
        if path.suffix == ".ipynb" and path.parent.name == "notebooks":
            after = rewritten_notebook(text, new.stem, plan, seen)
        elif path.suffix == ".py" and path.parts[0] == "tests":
            after = rewritten_test(text, plan, seen)
        else:
            after = rewritten(text, plan, seen)
        if (new.as_posix(), after) != (name, text):
            found[name] = (new.as_posix(), after)
        lines += [f"{name}: {line}" for line in seen]
    old = root / "book" / "redirects.yml"
    before = yaml.safe_load(old.read_text(encoding="utf-8")) or {} if old.exists() else {}
    if (now := redirects(before, plan)) != before:
        head = (
            "# Old address: new address, written by `python -m tools.site.renumber`; book/_ext/redirects.py reads it.\n"
        )
        found["book/redirects.yml"] = ("book/redirects.yml", head + yaml.safe_dump(now, sort_keys=True))
    return found, lines


def carry_out(root: Path, found: dict[str, tuple[str, str]]) -> None:
    """Write all files under their new names, then remove what is left under old ones."""
    for new, text in found.values():
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        partial = root / f"{new}.partial"
        partial.write_text(text, encoding="utf-8")
    for old, (new, _) in found.items():
        if old != new:
            (root / old).unlink()
    for new, _ in found.values():
        (root / f"{new}.partial").replace(root / new)


def difference(old: str, new: str) -> list[str]:
    """Each place where two texts differ, with some words around it."""
    lines = []
    for before, after in zip(old.splitlines(), new.splitlines()):
        a, b = before.split(), after.split()
        for kind, i, j, k, end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            if kind != "equal":
                lines.append(f"    {' '.join(a[max(0, i - 4) : j + 2])}\n    {' '.join(b[max(0, k - 4) : end + 2])}")
    return lines


def show(root: Path, plan: Plan, found: dict[str, tuple[str, str]], lines: list[str]) -> None:
    for before, after in plan.names.items():
        print(f"{before} -> {after}" if before != after else f"{before} stays")
    for old, (new, text) in found.items():
        print(f"\n{old}" + (f" -> {new}" if new != old else ""))
        if (root / old).exists():
            print("\n".join(difference((root / old).read_text(encoding="utf-8"), text)))
    if lines:
        print("\nLeft as they are:\n" + "\n".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description="Number the chapters by their order in _toc.yml.")
    parser.add_argument("--list", action="store_true", help="only show what would change")
    parser.add_argument(
        "--rename", metavar="OLD=NEW", action="append", default=[], help="another name, given without a number"
    )
    options = parser.parse_args()
    if odd := [one for one in options.rename if one.count("=") != 1]:
        parser.error(f"expected --rename OLD=NEW, as in 04b_bug_clinic=clinic, got {odd[0]!r}")
    intended = plan(ROOT, dict(one.split("=") for one in options.rename))
    found, lines = changes(ROOT, intended)
    if not found:
        print("Every chapter has the number of its place, and every reference follows.")
        return
    if options.list:
        show(ROOT, intended, found, lines)
        return
    state = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout
    if state.strip():
        raise SystemExit(
            "There are changes that are not committed. Commit them first (the new order in _toc.yml too), so that what "
            f"this command does can be looked at and undone:\n{state.rstrip()}"
        )
    fresh = [intended.names[name] for name in intended.names if not stale(name)]
    carry_out(ROOT, found)
    for name in filter(stale, fresh):
        tool.stamp(tool.NOTEBOOKS / f"{name}.ipynb", "chapters were renumbered; no result changes")
    show_short(intended, found, lines)


def stale(name: str) -> str:
    return tool.stale(nbformat.read(tool.NOTEBOOKS / f"{name}.ipynb", as_version=4))


def show_short(plan: Plan, found: dict[str, tuple[str, str]], lines: list[str]) -> None:
    moved = {before: after for before, after in plan.names.items() if before != after}
    print("\n".join(f"{before} -> {after}" for before, after in moved.items()))
    print(f"{len(found)} files written. Look at them (`git diff`), then `make test`.")
    if lines:
        print("Left as they are, for you to read:\n" + "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
