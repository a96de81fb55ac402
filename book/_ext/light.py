"""What keeps the pages light.

1. A progress bar that tqdm left in a notebook is stored as a widget, and drawing a widget takes a program of 3.6 MB. On
   the site such a bar is an HTML <progress> between the words that tqdm stored with it.
2. The theme loads some two thousand icons, 1.5 MB, on every page. Those that no page names are taken out.
"""

import html
import json
import re
from pathlib import Path

from sphinx.util import logging

VIEW, STATE = (f"application/vnd.jupyter.widget-{kind}+json" for kind in ("view", "state"))
BAR = ["HTMLModel", "FloatProgressModel", "HTMLModel"]
# name:[width,height,[other names],"place in the font","outline"], as the theme's script writes it
ICON = re.compile(r'"?(?P<name>[a-z0-9-]+)"?:\[\d+,\d+,\[(?P<others>[^\]]*)\],"[0-9a-f]+","[^"]*"\],?')


def bar(view: dict, models: dict) -> str | None:
    """The stored progress bar as HTML; None if the widget is anything else."""
    children = models.get(view["model_id"], {}).get("state", {}).get("children", [])
    parts = [models[child.removeprefix("IPY_MODEL_")] for child in children]
    if [part["model_name"] for part in parts] != BAR:
        return None
    before, progress, after = (part["state"] for part in parts)
    name = html.escape(html.unescape(f"{before['value']} {after['value']}".strip()))
    return (
        f'<div class="bar"><span>{before["value"]}</span> <progress max="{progress["max"]:g}" '
        f'value="{progress["value"]:g}" aria-label="{name}"></progress> <span>{after["value"]}</span></div>'
    )


def plain_bars(notebook: dict) -> None:
    """Replace the bars in a notebook's outputs, and drop its widgets if there were no others."""
    models = notebook["metadata"].get("widgets", {}).get(STATE, {}).get("state", {})
    left = 0
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if VIEW in data:
                drawn = bar(data[VIEW], models)
                left += drawn is None
                output["data"] = data if drawn is None else {"text/html": drawn}
    if not left:
        notebook["metadata"].pop("widgets", None)


def change(app, docname, source):
    """Sphinx's event `source-read`."""
    if app.env.doc2path(docname).endswith(".ipynb"):
        notebook = json.loads(source[0])
        plain_bars(notebook)
        source[0] = json.dumps(notebook)


def fewer(script: str, pages: str) -> str:
    """The theme's script of icons with only those that `pages` name as fa-NAME."""
    named = set(re.findall(r"\bfa-([a-z0-9-]+)", pages))
    return ICON.sub(
        lambda icon: icon[0] if named & {icon["name"], *re.findall("[a-z-]+", icon["others"])} else "", script
    )


def fewer_icons(app, error):
    """Sphinx's event `build-finished`."""
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if error or not script.exists():
        return
    files = [*Path(app.outdir).rglob("*.html"), *(path for path in script.parent.glob("*.js") if path != script)]
    before = script.read_text(encoding="utf-8")
    after = fewer(before, "\n".join(path.read_text(encoding="utf-8") for path in files))
    if after == before:
        logging.getLogger(__name__).warning("light: the theme's icons were not found in %s", script.name)
    script.write_text(after, encoding="utf-8")


def setup(app):
    app.connect("source-read", change)
    app.connect("build-finished", fewer_icons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
