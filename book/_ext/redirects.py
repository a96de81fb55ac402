"""Old addresses lead on: for each in book/redirects.yml a small page that sends its reader to the new one.

`python -m tools.site.renumber` writes that file: {old page: new page}, as in `_toc.yml`. The page says the new address
to search engines, keeps the anchor of a link, and works without scripts.
"""

import html
import os
from pathlib import Path

import yaml
from sphinx.util import logging

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>This page has moved</title>
<link rel="canonical" href="{home}{new}.html">
<meta name="robots" content="noindex">
<script>location.replace("{to}" + location.search + location.hash);</script>
<meta http-equiv="refresh" content="0; url={to}">
</head>
<body><p>This page has moved: <a href="{to}">go on to where it is now</a>.</p></body>
</html>
"""


def redirects(source: Path) -> dict[str, str]:
    """Old page -> new page, as in {"notebooks/04b_bug_clinic": "notebooks/05_bug_clinic"}."""
    path = source / "book" / "redirects.yml"
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def lead_on(app, error):
    """Sphinx's event `build-finished`."""
    if error or app.builder.name != "html":
        return
    log = logging.getLogger(__name__)
    for old, new in redirects(Path(app.srcdir)).items():
        if new not in app.env.found_docs or old in app.env.found_docs:
            log.warning("book/redirects.yml: %s -> %s is no way from an old page to one of the book", old, new)
            continue
        to = html.escape(Path(os.path.relpath(f"{new}.html", Path(old).parent)).as_posix())
        target = Path(app.outdir) / f"{old}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(PAGE.format(home=app.config.html_baseurl, new=new, to=to), encoding="utf-8")


def setup(app):
    app.connect("build-finished", lead_on)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
