"""Make a folder for a USB stick: a class reads, installs and runs the book from it without a network (`make usb`).

    python -m tools.site.usb                                           for machines like this one
    python -m tools.site.usb --system windows macos --python 3.11 3.12  adds wheels for others

_build/usb then has

    README.txt         three steps for Windows, macOS and Linux
    requirements.txt   what the steps install
    wheels/            the package ganbook, JupyterLab, and all that they need
    notebooks/         the edition of the chapters
    book/              the site; open index.html

The command needs a network, and the site of `make book`. Versions are those of requirements.txt. Only wheels are taken,
so that nothing is compiled in class. Wheels for another system are fetched round by round, because pip reads the
conditions in a wheel ("only on Windows") for the machine on which it runs: each round asks for what the wheels of the
round before need there.
"""

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]

from tools.checks.colab import wheel  # noqa: E402
from tools.site import downloads, edition  # noqa: E402

USB = ROOT / "_build" / "usb"
STUDENT = ("ganbook", "jupyterlab")  # what a student's machine needs, by name
ROUNDS = 30  # more than any chain of needs is long
# What pip and the conditions in wheels call each system. Linux has a name for every age of its C library.
LINUX = ["manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64"]
SYSTEMS = {
    "windows": ({"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"}, "AMD64", ["win_amd64"]),
    "macos": (
        {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
        *("arm64", ["macosx_14_0_arm64"]),
    ),
    "linux": (
        {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
        *("x86_64", [f"manylinux_2_{age}_x86_64" for age in range(28, 4, -1)] + LINUX),
    ),
}
README = """\
From Noise to Digits: GANs by running them
==========================================

Nothing here needs a network.

To read the book, open the file index.html in the folder book.

To run the notebooks you need Python. There are wheels for:
{targets}
Then follow three steps.

On Windows
  1. Copy this folder to your disk, and open the copy. Click into the address bar, type cmd and press Enter.
  2. Type these two lines:
       py -m venv ganbook-env
       ganbook-env\\Scripts\\python -m pip install --no-index --find-links wheels -r requirements.txt
  3. Type this line whenever you want to work:
       ganbook-env\\Scripts\\python -m jupyter lab notebooks

On macOS and Linux
  1. Copy this folder to your disk, open a terminal, and go to the copy with cd.
  2. Type these two lines:
       python3 -m venv ganbook-env
       ganbook-env/bin/python -m pip install --no-index --find-links wheels -r requirements.txt
  3. Type this line whenever you want to work:
       ganbook-env/bin/python -m jupyter lab notebooks

If pip finds no matching distribution, your Python is none of those above. `py -3.11` and `python3.11` name one of them.
Begin with 00_setup.ipynb: it checks that everything is there.
"""


@dataclass
class Target:
    """A machine of the class: `system` is empty for one like this."""

    system: str
    python: str

    def __str__(self) -> str:
        return f"{self.system or 'this machine'} and Python {self.python}"

    def environment(self) -> dict[str, str]:
        """What the conditions in wheels are read with there."""
        here = {str(name): str(value) for name, value in default_environment().items()}
        if not self.system:
            return here
        names, machine, _ = SYSTEMS[self.system]
        return here | names | {
            "platform_machine": machine,
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
        }  # fmt: skip

    def options(self) -> list[str]:
        """What pip is told about the machine."""
        if not self.system:
            return []
        names = [word for name in SYSTEMS[self.system][2] for word in ("--platform", name)]
        return [*names, "--python-version", self.python, "--implementation", "cp"]


def needs_of(path: Path) -> list[Requirement]:
    """What a wheel asks for."""
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1)
        header = HeaderParser().parsestr(archive.read(name).decode())
    return [Requirement(line) for line in header.get_all("Requires-Dist", [])]


def holds(requirement: Requirement, environment: dict[str, str], extras: Iterable[str] = ("",)) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate(environment | {"extra": extra}) for extra in extras)


def pins(environment: dict[str, str]) -> dict[str, SpecifierSet]:
    """The versions of requirements.txt for a machine."""
    lines = (line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines())
    wanted = [Requirement(line) for line in lines if line]
    return {canonicalize_name(one.name): one.specifier for one in wanted if holds(one, environment)}


def asked(roots: Iterable[str], wheels: dict[str, Path], environment: dict[str, str]) -> dict[str, SpecifierSet]:
    """Each package that is needed, also through others as far as their wheels are here -> versions that will do."""
    pinned, needed = pins(environment), {}
    queue, seen = [Requirement(name) for name in roots], set()
    while queue:
        one = queue.pop()
        name = canonicalize_name(one.name)
        needed[name] = needed.get(name, pinned.get(name, SpecifierSet())) & one.specifier
        for extra in {"", *one.extras}:
            if name in wheels and (name, extra) not in seen:
                seen.add((name, extra))
                queue += [need for need in needs_of(wheels[name]) if holds(need, environment, [extra])]
    return needed


def version(path: Path) -> Version:
    return parse_wheel_filename(path.name)[1]


def download(wanted: list[str], target: Target, folder: Path) -> None:
    """Fetch these wheels and nothing that they need."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(folder), *target.options(), *wanted]
    answer = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if answer.returncode:
        why = [line for line in answer.stderr.splitlines() if line.startswith("ERROR")] or [answer.stderr.strip()]
        raise SystemExit(f"pip could not fetch a wheel for {target}: {why[-1]}")


def fetch(own: Path, target: Target, folder: Path) -> list[Path]:
    """Put everything that a machine needs into `folder`; return the wheels. `own` is the wheel of ganbook."""
    wheels, environment = {"ganbook": own}, target.environment()
    with tempfile.TemporaryDirectory() as place:
        for turn in range(ROUNDS):
            needed = asked(STUDENT, wheels, environment)
            open_ = {
                name: versions
                for name, versions in needed.items()
                if name not in wheels or not versions.contains(version(wheels[name]), prereleases=True)
            }
            if not open_:
                break
            if "ganbook" in open_:
                raise SystemExit(f"A wheel asks for ganbook{open_['ganbook']}, and this is {version(own)}.")
            print(f"{target}: {', '.join(sorted(open_))}", flush=True)
            download([f"{name}{versions}" for name, versions in open_.items()], target, Path(place) / str(turn))
            wheels |= {parse_wheel_filename(path.name)[0]: path for path in (Path(place) / str(turn)).glob("*.whl")}
        else:
            raise SystemExit(f"The versions for {target} contradict each other: {', '.join(sorted(open_))}.")
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copy(wheels[name], folder)) for name in sorted(needed)]


def targets(wheels: Path) -> str:
    """For which machines there is a PyTorch, one a line."""
    found = set()
    for path in wheels.glob("torch-*.whl"):
        for tag in parse_wheel_filename(path.name)[3]:
            name = {"win": "Windows", "mac": "macOS", "man": "Linux", "lin": "Linux"}.get(tag.platform[:3], "")
            machine = next(
                (part for part in ("arm64", "aarch64") if tag.platform.endswith(part)), "64 bit, Intel or AMD"
            )
            found.add(f"  {name or tag.platform} ({machine}), Python {tag.interpreter[2]}.{tag.interpreter[3:]}\n")
    return "".join(sorted(found))


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\r\n")  # Windows' older editors need both signs


def make(machines: list[Target], folder: Path, site: Path) -> dict[str, int]:
    """Write the folder, or add wheels to it; return what its parts weigh, in bytes."""
    with tempfile.TemporaryDirectory() as place:
        own = wheel(Path(place))
        for target in machines:
            fetch(own, target, folder / "wheels")
    for name in ("book", "notebooks"):
        shutil.rmtree(folder / name, ignore_errors=True)
    edition.make([], folder / "notebooks")
    for name, content in downloads.pages(site):
        path = folder / "book" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write(folder / "requirements.txt", "\n".join(STUDENT) + "\n")
    write(folder / "README.txt", README.format(targets=targets(folder / "wheels")))
    sizes = {path.name: weight(path) for path in sorted(folder.iterdir())}
    return sizes | {"all of it": sum(sizes.values())}


def weight(path: Path) -> int:
    return sum(one.stat().st_size for one in [path, *path.rglob("*")] if one.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Make a folder for a USB stick, to read, install and run without a network."
    )
    parser.add_argument("--system", nargs="+", choices=SYSTEMS, default=[""], help="instead of machines like this one")
    here = ".".join(platform.python_version_tuple()[:2])
    parser.add_argument(
        "--python", nargs="+", default=[here], help=f"with --system: versions of Python (default: {here})"
    )
    parser.add_argument("--folder", type=Path, default=USB, help="where to (default: _build/usb)")
    options = parser.parse_args()
    site = downloads.BUILT / "html"
    if not (site / downloads.PAGE).exists():
        sys.exit("The site is not built: run `make book` first (`make usb` does).")
    machines = [Target(system, python) for system in options.system for python in options.python]
    for name, size in make(machines, options.folder, site).items():
        print(f"{name:16} {size / 1e6:8.1f} MB")
    print(f"Copy {options.folder} to a stick. README.txt in it has the three steps.")


if __name__ == "__main__":
    main()
