"""Refresh the scripts and fonts that the site serves itself: `make vendor` (needs npm and a network).

Each package is fetched with `npm pack` at the version below and only the files the site uses are kept.
The result is committed, so that neither building nor reading the book asks anything of another host.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "book" / "_static" / "vendor"

# package, version, {file in the package: file in VENDOR/<folder>}
PACKAGES = [
    (
        "mathjax",
        "3.2.2",
        "mathjax",
        {
            "es5/tex-chtml-full.js": "tex-chtml-full.js",  # all TeX extensions in one file: it never fetches another
            "es5/output/chtml/fonts/woff-v2/*": "output/chtml/fonts/woff-v2/",
            "LICENSE": "LICENSE",
        },
    ),
    (
        "reveal.js",
        "5.2.1",
        "reveal",  # for the decks of `make slides`
        {
            "dist/reveal.js": "reveal.js",
            "dist/reveal.css": "reveal.css",
            "plugin/notes/notes.js": "notes.js",
            "LICENSE": "LICENSE",
        },
    ),
    ("requirejs", "2.3.6", "requirejs", {"require.js": "require.js"}),
    (
        "@jupyter-widgets/html-manager",
        "1.0.15",
        "html-manager",
        {
            "dist/embed-amd.js": "embed-amd.js",
            "dist/1551f4f60c37af51121f.woff2": "1551f4f60c37af51121f.woff2",  # Font Awesome, solid
            "dist/d878b0a6a1144760244f.woff2": "d878b0a6a1144760244f.woff2",  # Font Awesome, brands
            "dist/7a3337626410ca2f4071.woff2": "7a3337626410ca2f4071.woff2",  # Font Awesome, regular
            "dist/embed.js.LICENSE.txt": "LICENSES-bundled.txt",
        },
    ),
]


def fetch(package: str, version: str, into: Path) -> Path:
    """Download and unpack one npm package; return the folder that holds it."""
    command = ["npm", "pack", "--json", f"{package}@{version}"]
    answer = json.loads(subprocess.run(command, cwd=into, check=True, capture_output=True, text=True).stdout)
    archives = list(into.glob("*.tgz"))
    assert len(archives) == 1, f"npm pack {package}@{version} left {len(archives)} archives, expected one ({answer})"
    with tarfile.open(archives[0]) as archive:
        archive.extractall(into, filter="data")
    return into / "package"


def copy(source: Path, target: Path, files: dict[str, str]) -> None:
    """Copy the listed files; a licence that the package does not ship stays as it is committed."""
    kept = [path for path in target.glob("LICENSE*") if path.name not in files.values()]
    licences = {path.name: path.read_text() for path in kept}
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, text in licences.items():
        (target / name).write_text(text)
    for pattern, name in files.items():
        found = sorted(source.glob(pattern))
        if not found:
            raise SystemExit(f"vendor: the package has no {pattern}; look at what its new version calls that file.")
        for path in found:
            destination = target / name / path.name if name.endswith("/") else target / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(path.read_bytes())
    if not list(target.glob("LICENSE*")):
        raise SystemExit(f"vendor: {target.name} has no licence beside it; add {target}/LICENSE first.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch the scripts and fonts that the site serves itself, with npm.")
    parser.parse_args()
    if shutil.which("npm") is None:
        sys.exit(
            "vendor: npm is not installed; it is needed only to refresh the vendored files, not to build the book."
        )
    versions = {}
    for package, version, folder, files in PACKAGES:
        with tempfile.TemporaryDirectory() as temporary:
            copy(fetch(package, version, Path(temporary)), VENDOR / folder, files)
        versions[folder] = f"{package}@{version}"
        size = sum(path.stat().st_size for path in (VENDOR / folder).rglob("*") if path.is_file())
        print(f"{package}@{version}: {size / 1e6:.1f} MB in {folder}/")
    (VENDOR / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
