"""Pack the built site for reading without a network: `make zip` writes _build/ganbook-site.zip.

    python -m tools.site.downloads             the archive
    python -m tools.site.downloads --publish   the same, and puts archive and PDF into the site, linked from the preface

The archive holds the site as `make book` built it. Its bytes depend on the pages and on nothing else.
"""

import argparse
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from publish import ABSENT, DOWNLOADS, address

from ganbook.base.files import replace

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build"
PAGE = "book/preface.html"
FOLDER = "downloads"  # within the site
PDF, ARCHIVE = "ganbook.pdf", "ganbook-site.zip"
LEFT_OUT = (".buildinfo", f"{FOLDER}/")
PRESENT = """Two files are for reading without a network:
<a href="../{folder}/{pdf}">the whole book as a PDF</a> ({pdf_size:.0f} MB) and
<a href="../{folder}/{archive}">these pages as an archive</a> ({archive_size:.0f} MB).
Unpack the archive and open <code>index.html</code> in it."""


def home() -> str:
    """The address of the published site."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return config.get("html", {}).get("baseurl") or address(config["repository"]["url"])


def told(page: str, words: str) -> str:
    """The page with these words on what there is to download."""
    before, begins, rest = page.partition(DOWNLOADS[0])
    _, ends, after = rest.partition(DOWNLOADS[1])
    if not (begins and ends):
        raise SystemExit(f"{PAGE} has no place for its downloads: build the site again (`make book`).")
    return f"{before}{begins}{words}{ends}{after}"


def pages(site: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a site as it was built, by name: without what `publish` put into it."""
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if not path.is_file() or name.startswith(LEFT_OUT):
            continue
        content = path.read_bytes()
        if name == PAGE:  # the archive does not hold itself
            content = told(content.decode(), ABSENT.format(home=home())).encode()
        yield name, content


def pack(site: Path, target: Path) -> int:
    """Write the archive of a site; return how many files it has."""
    count = 0
    with replace(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in pages(site):
            archive.writestr(zipfile.ZipInfo(f"{target.stem}/{name}"), content, zipfile.ZIP_DEFLATED)
            count += 1
    return count


def publish(site: Path, pdf: Path, archive: Path) -> None:
    """Put both files into the site and link them from its page."""
    folder = site / FOLDER
    folder.mkdir(exist_ok=True)
    for path, name in ((pdf, PDF), (archive, ARCHIVE)):
        shutil.copy(path, folder / name)
    sizes = {"pdf_size": pdf.stat().st_size / 1e6, "archive_size": archive.stat().st_size / 1e6}
    words = PRESENT.format(folder=FOLDER, pdf=PDF, archive=ARCHIVE, **sizes)
    page = site / PAGE
    page.write_text(told(page.read_text(encoding="utf-8"), words), encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Pack the built site as an archive for reading without a network.")
    parser.add_argument("--publish", action="store_true", help="put the archive and the PDF into the site, with links")
    options = parser.parse_args()
    site, pdf, archive = BUILT / "html", BUILT / PDF, BUILT / ARCHIVE
    if not (site / PAGE).exists():
        sys.exit("The site is not built: run `make book` first (`make zip` does).")
    if options.publish and not pdf.exists():
        sys.exit("There is no PDF: run `make pdf` first (`make downloads` does).")
    count = pack(site, archive)
    print(f"{archive}: {count} files, {archive.stat().st_size / 1e6:.1f} MB")
    if options.publish:
        publish(site, pdf, archive)
        print(f"{site / FOLDER}: {PDF} and {ARCHIVE}, linked from {PAGE}")


if __name__ == "__main__":
    main()
