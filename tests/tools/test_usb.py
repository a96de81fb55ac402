"""The folder for a stick holds all that each system needs, and what its README says installs from it without a network.

pip is the real one. Its index is a folder of small wheels, made here.
"""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.site import usb

PLATFORMS = {"windows": "win_amd64", "macos": "macosx_11_0_arm64", "linux": "manylinux_2_17_x86_64"}
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
REQUIREMENTS = """\
# A comment
torch==2.0  # the pair
numpy==2.0; python_version >= "3.11"
numpy==1.0; python_version < "3.11"
"""


def a_wheel(folder, name, version, *needs, tag="py3-none-any", extras=()):
    """Write a wheel with nothing in it but what it is called and needs."""
    about = f"{name}-{version}.dist-info"
    header = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    header += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {need}" for need in needs]
    files = {
        f"{name}.py": "",
        f"{about}/METADATA": "\n".join(header) + "\n",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in (files | {f"{about}/RECORD": record}).items():
            archive.writestr(inside, text)
    return path


def compiled(folder, name, version, *needs, pythons=("3.10", "3.11", "3.12", "3.13", "3.14")):
    for python in pythons:
        for platform in PLATFORMS.values():
            cp = "cp" + python.replace(".", "")
            a_wheel(folder, name, version, *needs, tag=f"{cp}-{cp}-{platform}")


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of wheels that is all that pip can see, a small site, and a small ganbook."""
    index, root = tmp_path / "index", tmp_path / "root"
    index.mkdir()
    root.mkdir()
    (root / "requirements.txt").write_text(REQUIREMENTS)
    compiled(index, "torch", "2.0", "numpy", 'cuda[big]==1.*; platform_system == "Linux"')
    compiled(index, "torch", "2.1")
    compiled(index, "numpy", "1.0")
    compiled(index, "numpy", "2.0")
    a_wheel(index, "cuda", "1.5", 'blas; extra == "big"', 'never; extra == "small"', extras=("big", "small"))
    a_wheel(index, "cuda", "2.0")
    a_wheel(index, "blas", "1.0")
    a_wheel(index, "jupyterlab", "4.0", "a.server>=1", 'colour; sys_platform == "win32"')
    a_wheel(index, "a_server", "1.0", "shared<2", 'pty; os_name != "nt"', 'backport; python_version < "3.11"')
    a_wheel(index, "shared", "1.0")
    a_wheel(index, "shared", "2.0")
    for name in ("colour", "pty", "backport"):
        a_wheel(index, name, "1.0", "shared>=1")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setattr(usb, "ROOT", root)
    monkeypatch.setattr(usb, "wheel", lambda folder: a_wheel(folder, "ganbook", "0.1", "torch>=2"))
    monkeypatch.setattr(usb.edition, "make", lambda names, folder: (folder.mkdir(), (folder / "00.ipynb").touch()))
    monkeypatch.setattr(usb.downloads, "pages", lambda site: [("index.html", b"front"), ("book/a.html", b"page")])
    return index


def packages(folder: Path) -> set[str]:
    """What is in a folder of wheels, as name-version."""
    return {"-".join(path.name.split("-")[:2]) for path in folder.glob("*.whl")}


COMMON = {"ganbook-0.1", "jupyterlab-4.0", "torch-2.0", "a_server-1.0", "shared-1.0"}
NEEDED = {
    ("windows", "3.12"): {"numpy-2.0", "colour-1.0"},
    ("macos", "3.10"): {"numpy-1.0", "pty-1.0", "backport-1.0"},
    ("linux", "3.13"): {"numpy-2.0", "pty-1.0", "cuda-1.5", "blas-1.0"},
}


@pytest.mark.parametrize(("system", "python"), NEEDED)
def test_each_system_gets_what_it_needs_and_nothing_of_another(system, python, index, tmp_path):
    folder = tmp_path / "usb"
    usb.make([usb.Target(system, python)], folder, tmp_path)
    assert packages(folder / "wheels") == COMMON | NEEDED[system, python]
    built = {path.stem.split("-", 2)[2] for path in (folder / "wheels").glob("*-cp*.whl")}
    cp = "cp" + python.replace(".", "")
    assert built == {f"{cp}-{cp}-{PLATFORMS[system]}"}, "built for that system and that Python alone"


def test_a_stick_for_several_systems_has_all_their_wheels_and_says_so(index, tmp_path):
    folder = tmp_path / "usb"
    usb.make([usb.Target("windows", "3.12")], folder, tmp_path)
    usb.make([usb.Target("macos", "3.11")], folder, tmp_path)
    assert packages(folder / "wheels") == COMMON | {"numpy-2.0", "colour-1.0", "pty-1.0"}
    said = (folder / "README.txt").read_text(encoding="utf-8")
    assert re.findall(r"^  (\w+) \(.*\), Python (3\.\d+)$", said, re.MULTILINE) == [
        ("Windows", "3.12"),
        ("macOS", "3.11"),
    ]
    assert (folder / "book" / "book" / "a.html").read_bytes() == b"page"
    assert (folder / "notebooks" / "00.ipynb").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the small wheels for this machine are those of Linux")
def test_the_lines_of_the_readme_install_without_a_network(index, tmp_path, monkeypatch):
    folder, place = tmp_path / "usb", tmp_path / "installed"
    usb.make([usb.Target("", HERE)], folder, tmp_path)
    index.rename(tmp_path / "gone")
    monkeypatch.delenv("PIP_NO_INDEX")
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("PIP_FIND_LINKS")
    text = (folder / "README.txt").read_text(encoding="utf-8")
    lines = re.findall(r"python -m pip (install .*)$", text, re.MULTILINE)
    assert len(lines) == 2 and len(set(lines)) == 1, "the same on Windows and elsewhere"
    subprocess.run(
        [sys.executable, "-m", "pip", *lines[0].split(), "--quiet", "--target", str(place)], cwd=folder, check=True
    )
    there = {path.name.removesuffix(".dist-info") for path in place.glob("*.dist-info")}
    assert there == COMMON | {"pty-1.0", "cuda-1.5", "blas-1.0", "numpy-2.0" if HERE != "3.10" else "numpy-1.0"} | (
        {"backport-1.0"} if HERE == "3.10" else set()
    )


def test_a_wheel_that_is_missing_is_named_and_the_folder_stays_as_it_was(index, tmp_path):
    for path in index.glob("numpy-*win_amd64.whl"):
        path.unlink()
    with pytest.raises(SystemExit, match=r"could not fetch a wheel for windows and Python 3\.12: .*numpy"):
        usb.make([usb.Target("windows", "3.12")], tmp_path / "usb", tmp_path)
    assert not (tmp_path / "usb").exists()


def test_versions_that_contradict_each_other_are_a_sentence(index, tmp_path):
    a_wheel(index, "jupyterlab", "5.0", "torch>=2.1")
    with pytest.raises(SystemExit, match=r"could not fetch a wheel for macos .*torch"):
        usb.make([usb.Target("macos", "3.11")], tmp_path / "usb", tmp_path)


def test_without_a_site_the_command_says_what_to_do_first(tmp_path, monkeypatch):
    monkeypatch.setattr(usb.downloads, "BUILT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["usb"])
    with pytest.raises(SystemExit, match="run `make book` first"):
        usb.main()
