"""What the site says of itself to others: its address, a map of its pages, a page for addresses that lead nowhere.

All of it follows from the repository named in `_config.yml`. GitHub Pages serves github.com/OWNER/NAME at
OWNER.github.io/NAME/; who publishes elsewhere sets `html: {baseurl: ...}` there, and it is taken instead.
`{{ colab }}` on a page becomes a link that opens chapter 1 in Colab.
"""

from pathlib import Path
from urllib.parse import urlsplit

MISSING = """<h1>There is no such page</h1>
<p>The address leads nowhere on this site. The page may have moved; every page is in the contents beside this text.</p>
<ul class="ways-on">
<li><a href="{top}index.html">Front page</a></li>
<li><a href="{top}search.html">Search the book</a></li>
<li><a href="{top}book/bugs.html">Bugs by symptom</a></li>
</ul>"""

MAP = """<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
{lines}</urlset>
"""


def address(repository: str) -> str:
    """Where GitHub Pages serves a repository: the address of the site, with a slash at its end."""
    owner, name = urlsplit(repository).path.strip("/").removesuffix(".git").split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def settle(app, config):
    options = config.html_theme_options
    home = config.html_baseurl or address(options["repository_url"])
    top = urlsplit(home).path
    config.html_baseurl = config.ogp_site_url = home
    config.notfound_urls_prefix = top
    config.notfound_context = {"title": "There is no such page", "body": MISSING.format(top=top)}
    place = urlsplit(options["repository_url"]).path.removesuffix(".git")
    colab = f"{options['launch_buttons']['colab_url']}/github{place}/blob/{options['repository_branch']}"
    config.myst_substitutions = {
        **(config.myst_substitutions or {}),
        "colab": f"[Chapter 1 in Colab]({colab}/notebooks/01_noise.ipynb)",
    }


def draw_map(app, error):
    """Write sitemap.xml: the pages that have a source, not those that Sphinx makes."""
    if error or app.builder.name != "html":
        return
    pages = (app.config.html_baseurl + app.builder.get_target_uri(name) for name in sorted(app.env.found_docs))
    lines = "".join(f"<url><loc>{page}</loc></url>\n" for page in pages)
    (Path(app.outdir) / "sitemap.xml").write_text(MAP.format(lines=lines), encoding="utf-8")


def setup(app):
    app.connect("config-inited", settle, priority=100)
    app.connect("build-finished", draw_map)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
