"""What the site says of itself to others: its address, a map of its pages, a page for addresses that lead nowhere.

All of it follows from the repository named in `_config.yml`. GitHub Pages serves github.com/OWNER/NAME at
OWNER.github.io/NAME/; who publishes elsewhere sets `html: {baseurl: ...}` there, and it is taken instead.
`{{ colab }}` on a page becomes a link that opens chapter 1 in Colab.

The directive `{downloads}` says where the book is to be had as a PDF and as an archive. A built site has neither, until
`python -m tools.site.downloads --publish` puts both into it, and the links to them between two marks. The foot of every
page names the version.

Every page ends in a link that opens an issue with its title filled in, and says in the words of schema.org that it is
material to learn from, so that collections of such material can list it.
"""

import json
import re
from pathlib import Path
from urllib.parse import quote, urlsplit

import versions
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

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
    options["extra_footer"] = f"{options.get('extra_footer', '')} Version {versions.words(Path(app.srcdir))}."
    config.notfound_context = {"title": "There is no such page", "body": MISSING.format(top=top)}
    place = urlsplit(options["repository_url"]).path.removesuffix(".git")
    colab = f"{options['launch_buttons']['colab_url']}/github{place}/blob/{options['repository_branch']}"
    config.myst_substitutions = {
        **(config.myst_substitutions or {}),
        "colab": f"[Chapter 1 in Colab]({colab}/notebooks/01_noise.ipynb)",
    }


DOWNLOADS = ("<!-- downloads -->", "<!-- end of downloads -->")  # what stands between them can be replaced
ABSENT = """This copy of the site holds neither the book as a PDF nor an archive of its pages.
<a href="{home}book/preface.html#how-to-run">The published site</a> has both.
In a copy of the repository, <code>make pdf</code> and <code>make zip</code> make them."""


class Downloads(SphinxDirective):
    """What a freshly built site says of its PDF and its archive, in a place where the links to them can stand."""

    def run(self):
        absent = ABSENT.format(home=self.env.config.html_baseurl)
        return [nodes.raw("", f'<p class="downloads">{DOWNLOADS[0]}{absent}{DOWNLOADS[1]}</p>', format="html")]


BARE = re.compile(r"<[^>]+>")  # what a title has beside its words
UNCLEAR = """<p class="unclear"><a href="{link}">Something unclear or wrong on this page? Tell us.</a></p>"""
ASK = "Which sentence or cell? What did you think it meant, or what did you see instead?\n\n"


def ask(repository: str, title: str, page: str) -> str:
    """The address at which a new issue about a page can be written."""
    words = {"title": f"{title}: unclear or wrong", "body": f"{ASK}Page: {page}\n"}
    return f"{repository}/issues/new?{'&'.join(f'{key}={quote(value)}' for key, value in words.items())}"


def resource(title: str, page: str, home: str, *, chapter: bool) -> dict:
    """What schema.org calls a LearningResource: a chapter or another page, as a part of the book."""
    book = {"@type": "Book", "name": "From Noise to Digits", "url": home}
    found = {"@context": "https://schema.org", "@type": "LearningResource", "name": title, "url": page}
    found |= {"isPartOf": book, "inLanguage": "en", "isAccessibleForFree": True, "educationalLevel": "university"}
    found |= {"license": "https://creativecommons.org/licenses/by/4.0/", "about": "generative adversarial networks"}
    found["learningResourceType"] = "tutorial with exercises" if chapter else "reference"
    return found


def tell(app, pagename, templatename, context, doctree):
    """Add both to a page that has a source."""
    if doctree is None or app.builder.name != "html":
        return
    title, home = context.get("title") or app.config.html_title, app.config.html_baseurl
    title = BARE.sub("", title)
    page = home + app.builder.get_target_uri(pagename)
    about = resource(title, page, home, chapter=pagename.startswith("notebooks/"))
    words = json.dumps(about, ensure_ascii=False).replace("</", "<\\/")
    context["metatags"] = f'{context.get("metatags", "")}\n<script type="application/ld+json">{words}</script>'
    if pagename != app.config.root_doc:
        link = ask(app.config.html_theme_options["repository_url"], title, page)
        context["body"] = context["body"] + UNCLEAR.format(link=link.replace("&", "&amp;"))


def draw_map(app, error):
    """Write sitemap.xml: the pages that have a source, not those that Sphinx makes."""
    if error or app.builder.name != "html":
        return
    pages = (app.config.html_baseurl + app.builder.get_target_uri(name) for name in sorted(app.env.found_docs))
    lines = "".join(f"<url><loc>{page}</loc></url>\n" for page in pages)
    (Path(app.outdir) / "sitemap.xml").write_text(MAP.format(lines=lines), encoding="utf-8")


def setup(app):
    app.add_directive("downloads", Downloads)
    app.connect("config-inited", settle, priority=100)
    app.connect("html-page-context", tell, priority=900)
    app.connect("build-finished", draw_map)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
