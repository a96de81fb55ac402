"""Do the tests of the package pass on other versions? Tries those that this machine has: python -m tools.checks.matrix

Python 3.10, 3.11 and 3.13 with the versions of requirements.txt, and Python 3.10 with the oldest versions that
pyproject.toml allows. Each gets an environment of its own in .venv-matrix, which is kept and used again (some
gigabytes where PyTorch comes with CUDA). What is not installed here, or cannot be installed, is skipped and named. Only
the tests of the package run (tests/package): chapters, pages and tools belong to one set of versions. The exit status
is 1 if a test failed anywhere.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".venv-matrix"
CASES = {"3.10": "3.10", "3.11": "3.11", "3.13": "3.13", "oldest": "3.10"}  # name -> Python
# Of requirements.txt: what the package and its tests import
NEEDED = "torch torchvision numpy matplotlib tqdm ipywidgets ipython pytest pytest-xdist hypothesis scipy torchmetrics"
NEEDED += " prdc scikit-learn"


def interpreter(version: str) -> str | None:
    """A Python of this version that can be started: on the path, or one of pyenv's."""
    places = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python"))
    for place in filter(None, [shutil.which(f"python{version}"), *map(str, places)]):
        said = subprocess.run([place, "-V"], capture_output=True, text=True)
        if said.returncode == 0 and said.stdout.startswith(f"Python {version}."):
            return place
    return None


def requirements(case: str) -> list[str]:
    """What to install for the case, as pip reads it."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = [line for line in lines if re.split("[=;]", line)[0] in NEEDED.split()]
    if case != "oldest":
        return pinned
    allowed = re.search(r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL)
    oldest = re.findall(r'"(.+)>=(.+)"', allowed[1])
    names = {name for name, _ in oldest}
    return [f"{name}=={version}.0" if version.count(".") == 1 else f"{name}=={version}" for name, version in oldest] + [
        line for line in pinned if re.split("[=;]", line)[0] not in names
    ]


def tried(case: str, more: list[str]) -> str:
    """Make the environment if it is not there, run the tests; "passed", "failed" or why it was skipped."""
    python = interpreter(CASES[case])
    if python is None:
        return f"skipped: there is no Python {CASES[case]} here"
    folder, wanted = PLACE / case, requirements(case)
    done, own = folder / "installed.txt", folder / "bin" / "python"
    if not done.exists() or done.read_text().splitlines() != wanted:
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        listed = folder / "wanted.txt"
        listed.write_text("\n".join(wanted) + "\n")
        install = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", listed]
        if subprocess.run(install).returncode:
            return "skipped: its versions cannot be installed here"
        listed.rename(done)
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    # What libraries say of one another's age, and PyTorch of Python 3.13.0's speed.
    calm = ["-W", "ignore::DeprecationWarning", "-W", "ignore:Guards may run slower:RuntimeWarning"]
    tests = subprocess.run([own, "-m", "pytest", "-q", "-n", "2", *calm, "tests/package", *more], cwd=ROOT, env=env)
    return "failed" if tests.returncode else "passed"


def main() -> int:
    """Try the cases, print a line for each, and return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)} (default: all)")
    args, more = parser.parse_known_args()  # what else is said goes to pytest
    if unknown := set(args.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    results = {case: tried(case, more) for case in args.cases or CASES}
    print("\n".join(f"{case}: {result}" for case, result in results.items()))
    return int("failed" in results.values())


if __name__ == "__main__":
    sys.exit(main())
