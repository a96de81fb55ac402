"""Every command that a page, a docstring, the Makefile, CONTRIBUTING or a stored result names can be started.

The quick tests know each named command: how to try it at smoke size, or why it is left out. The test marked `commands`
(`make commands`) starts them, in a copy of the repository, and sees that none touches a stored result.
"""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "ganbook" / "assets"
WORDS = r"(?:[ \t]+[^\s`;|&#<>]+)*"  # what may follow in the same line
COMMAND = re.compile(
    r"(?<![\w./-])(?:python -m (?:tools\.[\w.]+|ganbook)|ganbook (?:recipes|train|sample|evaluate|export)\b"
    rf"|torchrun -\S+|make [a-z]+\b|nbgrader [a-z_]+\b){WORDS}"
)


def in_markdown(text: str) -> set[str]:
    """Commands in code: `spans`, fenced blocks, and lines that are indented and start with a command."""
    found: list[str] = []
    open_: list[tuple[str, bool]] = []  # fences: their marks, and whether they hold code (a directive holds text)
    for line in text.splitlines():
        if fence := re.match(r"(`{3,}|:{3,})(.*)", line):
            if open_ and line.strip() == open_[-1][0]:
                open_.pop()
            else:
                open_.append((fence[1], not fence[2].startswith("{")))
        elif open_ and open_[-1][1]:
            found.append(line)
        elif line.startswith("    ") and COMMAND.match(line.strip()):
            found.append(line.strip())
        else:
            found += re.findall(r"(?<!`)`([^`]+)`(?!`)", line)
    return {command[0].strip() for code in found for command in COMMAND.finditer(code)}


def in_docstrings(path: Path) -> set[str]:
    """Tools that docstrings and messages name, without what follows them there, which is prose as often as not."""
    strings = (
        node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant)
    )
    text = " ".join(value for value in strings if isinstance(value, str))
    return set(re.findall(r"python -m tools\.\w+\.\w+", text))


def named() -> dict[str, set[str]]:
    """Command -> where it is named."""
    found: dict[str, set[str]] = {}

    def add(commands, path):
        for command in commands:
            found.setdefault(command.rstrip(".,:)"), set()).add(str(path.relative_to(ROOT)))

    for path in [*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md")]:
        add(in_markdown(path.read_text(encoding="utf-8")), path)
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        add(in_markdown("\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")), path)
    for path in [*(ROOT / "ganbook").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]:
        add(in_docstrings(path), path)
    for path in RESULTS.rglob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        add([content["command"]] if isinstance(content, dict) and "command" in content else [], path)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    add((f"python -m {tool}" for tool in re.findall(r"-m (tools\.[\w.]+)", makefile)), ROOT / "Makefile")
    return found


# What cannot be tried here, and why: the start of a command -> a reason.
LEFT_OUT = {
    "make test": "this is it",
    "make quick": "a part of `make test`",
    "make environment": "every other target calls it",
    "make lint": "a part of `make test`",
    "make commands": "this is it",
    "make answers": "CI calls it after this",
    "make colab": "CI calls it after this",
    "python -m tools.checks.colab": "CI calls it after this",
    "make book": "CI calls it after this",
    "make pdf": "`.ci/run all` calls it",
    "make zip": "tests/site/test_publish.py packs a small site",
    "make usb": "tests/tools/test_usb.py makes a small folder and installs from it",
    "python -m tools.site.usb": "tests/tools/test_usb.py makes a small folder and installs from it",
    "make downloads": "tests/site/test_publish.py publishes a small site",
    "python -m tools.site.downloads": "tests/site/test_publish.py packs and publishes a small site",
    "make release": "tests/site/test_version.py makes a release of a small tree",
    "python -m tools.site.release": "tests/site/test_version.py makes a release of a small tree",
    "python -m tools.site.pdf": "`.ci/run all` calls it, with a site",
    "make course": "CI calls it before this",
    "make mark": "tests/chapters/test_mark.py marks a class of forty with it",
    "python -m tools.site.mark": "tests/chapters/test_mark.py marks a class of forty with it",
    "python -m tools.site.draw": "it rewrites stored pictures; tests/site/test_diagrams.py draws one",
    "python -m tools.site.ask_still": "it rewrites a stored picture; tests/site/test_ask.py draws it",
    "python -m tools.site.stamping_still": "it rewrites a stored picture; tests/site/test_stamping.py draws it",
    "python -m tools.site.earth_still": "it rewrites a stored picture; tests/site/test_earth.py draws it",
    "python -m tools.site.clouds_still": "it rewrites a stored picture; tests/site/test_clouds.py compares it",
    "python -m tools.site.rungs_still": "it rewrites a stored picture; tests/site/test_rungs.py compares it",
    "python -m tools.site.times_still": "it rewrites a stored picture; tests/site/test_times.py compares it",
    "python -m tools.site.game_still": "it rewrites a stored picture; tests/site/test_game.py compares it",
    "make clean": "tests/chapters/test_course_folder.py calls it",
    "make slides": "CI calls it before this",
    "python -m tools.checks.matrix": "it makes environments of gigabytes",
    "make matrix": "it makes environments of gigabytes",
    "python -m tools.site.vendor": "it fetches packages of npm",
    "make vendor": "it fetches packages of npm",
    "make bench": "its tools are tried by name",
    "make board": "its tool is tried by name",
    "make peers": "its tool is tried by name",
    "make edition": "its tool is tried by name",
    "make questions": "its tool is tried by name",
    "make help": "it prints the Makefile",
    "make notebooks": "its tool is tried by name",
    "python -m tools.experiments.board --again": "it repeats a run of minutes; tests/tools/test_board.py calls it",
}
# What a placeholder of the text stands for in the copy.
STANDS_FOR = {"NAME": "01_noise", "FOLDER": "shapes", "shapes": "shapes", "RUN": "runs/tiny", "run": "runs/tiny"}
STANDS_FOR |= {"runs/dcgan": "runs/tiny", "SEED": "0", "REASON": "tried"}


def left_out(command: str) -> str | None:
    return next((why for start, why in LEFT_OUT.items() if command == start or command.startswith(f"{start} ")), None)


def trial(command: str, number: int = 0) -> list[str]:
    """The words to start instead: the same command with a small amount of work, and folders of its own.

    Raises LookupError for a command that is neither known nor left out.
    """
    words = [STANDS_FOR.get(word, word) for word in command.replace("...", "").split()]
    if words[0] == "torchrun":
        words[:1] = ["python", "-m", "torch.distributed.run"]
        words = [word for word in words if word != "--standalone"]
        words.insert(3, "--standalone")
    elif words[0] == "ganbook":
        words[:1] = ["python", "-m", "ganbook"]
    if words[:2] != ["python", "-m"]:
        raise LookupError(f"how is {command!r} to be tried? Add it to this file, or to LEFT_OUT with the reason.")
    words[0] = sys.executable
    if "ganbook" in words:
        verb = words[words.index("ganbook") + 1 :][:1]
        if not verb or (len(words) - words.index("ganbook") == 2 and verb != ["recipes"]):
            return [*words, "--help"]  # the command is spoken of, not given
        if verb == ["train"]:
            words = words if words[words.index("train") + 1 :][:1] not in ([], ["--bf16"]) else [*words, "--help"]
            for option, value in (("--steps", "2"), ("--out", f"runs/{number}")):
                if "--help" not in words:
                    at = words.index(option) if option in words else len(words)
                    words[at : at + 2] = [option, value]
        if verb == ["evaluate"] and "--data" in words:  # a run that was trained on these images
            words = ["runs/own" if word == "runs/tiny" else word for word in words]
        if verb == ["evaluate"] and "--n" not in words:
            words += ["--n", "200"]
    elif words[2].startswith("tools.experiments.schedules"):
        words[3:] = ["d-linear"]
    elif words[2] == "tools.site.notebooks":
        words += [] if len(words) > 3 else ["--list"]  # to run chapters is what the other half of `make test` does
    elif words[2] == "tools.checks.kill":
        words += ["--kills", "2", "--steps", "6"]
    elif words[2] in ("tools.site.course", "tools.site.slides") and len(words) == 3:
        words += ["01_noise"]
    return words


PLACES = named()
NAMED = sorted(PLACES)


def test_commands_are_found_in_all_places():
    places = {place.split("/")[0] for command in NAMED for place in PLACES[command]}
    assert {"README.md", "CONTRIBUTING.md", "book", "notebooks", "ganbook", "tools", "Makefile"} <= places


@pytest.mark.parametrize("command", NAMED)
def test_every_named_command_is_known(command):
    where = ", ".join(sorted(PLACES[command]))
    if tool := re.match(r"python -m (tools\.[\w.]+)", command):
        assert (ROOT / f"{tool[1].replace('.', '/')}.py").is_file(), f"{where} names {command}, which does not exist"
    if target := re.match(r"make (\w+)", command):
        assert re.search(rf"^{target[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), f"{where} names {command}"
    assert left_out(command) or trial(command), where


@pytest.mark.parametrize("path", [ROOT / "index.md", *sorted((ROOT / "book").glob("*.md"))], ids=lambda path: path.stem)
def test_a_comment_behind_a_command_fits_the_column_of_its_page(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    commented = [line.strip() for line in lines if re.match(r" {4}[^#\s].* # ", line)]
    assert not [line for line in commented if len(line) > 84], "put the comment on the line above its command"


def test_nothing_is_left_out_that_nobody_names():
    unused = [start for start in LEFT_OUT if not any(left_out(command) == LEFT_OUT[start] for command in NAMED)]
    assert not unused


@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    """The repository as a clone has it, with what stands in the work tree, a folder of images, and two short runs."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.check_output(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, text=True)
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    from ganbook.data import Digits
    from ganbook.viewing.plots import save_png

    (folder / "shapes").mkdir()
    x, _ = Digits("test")[:2000]
    for i, image in enumerate(x):
        save_png(image[None], folder / "shapes" / f"{i}.png", scale=1)
    for more in (["--out", "runs/tiny"], ["--out", "runs/own", "--data", "shapes"]):
        start([sys.executable, "-m", "ganbook", "train", "d-linear", "--steps", "2", *more], folder)
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "As it is now"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def start(words, folder):
    env = os.environ | {"PYTHONPATH": str(folder), "GANBOOK_SMOKE": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{' '.join(words[1:])}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}"


def fingerprint(folder):
    files = sorted(path for path in (folder / "ganbook" / "assets").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.commands
@pytest.mark.parametrize("command", {tuple(trial(c)): c for c in NAMED if not left_out(c)}.values())
def test_a_named_command_runs_from_a_fresh_clone(command, copy):
    if "--compile" in command and shutil.which("c++") is None:
        pytest.skip("torch.compile needs a C++ compiler on a CPU")
    before = fingerprint(copy)
    torch.set_num_threads(1)
    start(trial(command, NAMED.index(command)), copy)
    assert fingerprint(copy) == before, "a quick trial changed what is stored"
