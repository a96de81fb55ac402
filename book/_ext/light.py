"""What keeps the pages light.

1. A widget is stored in a notebook as its state, and drawing it takes a program of 3.6 MB. On the site tqdm's progress
   bars, and sliders over a printed result, are plain HTML; the sliders cannot be moved, because what they would move is
   a running notebook. A page with any other widget still loads the program.
2. Figures are stored as PNG. On the site they are WebP without loss: the same pixels in about two thirds of the bytes.
3. The theme loads some two thousand icons, 1.5 MB, on every page. Those that no page names are taken out.
"""

import html
import json
import re
from pathlib import Path

from PIL import Image
from sphinx.util import logging

VIEW, STATE = (f"application/vnd.jupyter.widget-{kind}+json" for kind in ("view", "state"))
UNSEEN = {"remove-output", "remove-cell"}
# name:[width,height,[other names],"place in the font","outline"], as the theme's script writes it
ICON = re.compile(r'"?(?P<name>[a-z0-9-]+)"?:\[\d+,\d+,\[(?P<others>[^\]]*)\],"[0-9a-f]+","[^"]*"\],?')
# What tqdm says of the time, "[00:41<00:00, 24.3step/s]": that of the machine which drew the page, whatever else it did
TIMES = re.compile(r"\s*\[[\d:]+(?:<|&lt;)[^\]]*\]")


# ------------------------------------------------------------------------------------------------------------ widgets


def plain(name: str, models: dict, beside: str = "") -> str | None:
    """A stored widget as HTML, or None if it has no plain form here. `beside` is the text that stands next to it."""
    kind, state = models[name]["model_name"], models[name]["state"]
    if kind in ("HBoxModel", "VBoxModel"):
        names = [child.removeprefix("IPY_MODEL_") for child in state["children"]]
        texts = (models[one]["state"]["value"] for one in names if models[one]["model_name"] == "HTMLModel")
        words = TIMES.sub("", " ".join(texts))
        parts = [plain(one, models, words) for one in names]
        if None in parts:
            return None
        note = "<p>In a running notebook these can be moved.</p>" if any("<input" in part for part in parts) else ""
        return f'<div class="{"bar" if kind == "HBoxModel" else "controls"}">{note}{"".join(parts)}</div>'
    if kind == "HTMLModel":
        return f"<span>{TIMES.sub('', state['value'])}</span>"
    if kind == "FloatProgressModel":
        label = html.escape(html.unescape(beside).strip())
        return f'<progress max="{state["max"]:g}" value="{state["value"]:g}" aria-label="{label}"></progress>'
    if kind in ("IntSliderModel", "FloatSliderModel"):
        numbers = " ".join(f'{key}="{state[key]:g}"' for key in ("min", "max", "step", "value"))
        label = html.escape(state["description"])
        return f'<label><span>{label}</span> <input type="range" disabled {numbers}> {state["value"]:g}</label>'
    if kind == "OutputModel" and all(output["output_type"] == "stream" for output in state["outputs"]):
        return f"<pre>{html.escape(''.join(output['text'] for output in state['outputs']))}</pre>"
    return None


def plain_widgets(notebook: dict) -> None:
    """Replace the widgets in a notebook's outputs, and drop their state if all that are seen have a plain form."""
    models = notebook["metadata"].get("widgets", {}).get(STATE, {}).get("state", {})
    left = 0
    for cell in notebook["cells"]:
        if UNSEEN & set(cell["metadata"].get("tags", [])):
            continue
        for output in cell.get("outputs", []):
            if VIEW in output.get("data", {}):
                drawn = plain(output["data"][VIEW]["model_id"], models)
                left += drawn is None
                output["data"] = output["data"] if drawn is None else {"text/html": drawn}
    if not left:
        notebook["metadata"].pop("widgets", None)


def change(app, docname, source):
    """Sphinx's event `source-read`."""
    if app.env.doc2path(docname).endswith(".ipynb"):
        notebook = json.loads(source[0])
        try:
            plain_widgets(notebook)
        except (KeyError, TypeError) as error:
            raise SystemExit(
                f"{docname}.ipynb cannot be drawn, because a stored widget does not say its {error}: "
                f"run `make notebooks NAMES={Path(docname).name} ARGS=--all`, which stores them anew."
            ) from None
        source[0] = json.dumps(notebook)


# -------------------------------------------------------------------------------------------------- pictures and icons


def smaller(picture: Path) -> None:
    """Replace a PNG file by a WebP file of the same pixels."""
    with Image.open(picture) as image:
        opaque = image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255)
        (image.convert("RGB") if opaque else image).save(
            picture.with_suffix(".webp"), lossless=True, quality=50, method=2
        )
    picture.unlink()


def fewer(script: str, pages: str) -> str:
    """The theme's script of icons with only those that `pages` name as fa-NAME."""
    named = set(re.findall(r"\bfa-([a-z0-9-]+)", pages))
    return ICON.sub(
        lambda icon: icon[0] if named & {icon["name"], *re.findall("[a-z-]+", icon["others"])} else "", script
    )


def finish(app, error):
    """Sphinx's event `build-finished`."""
    out, log = Path(app.outdir), logging.getLogger(__name__)
    script = out / "_static" / "scripts" / "fontawesome.js"
    if error or not script.exists():
        return
    for picture in (out / "_images").glob("*.png"):
        smaller(picture)
    text = ""
    for path in out.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r'(="[^":]*\b_images/[^":]+)\.png"', r'\1.webp"', page), encoding="utf-8")
        text += page
    text += "".join(path.read_text(encoding="utf-8") for path in script.parent.glob("*.js") if path != script)
    before = script.read_text(encoding="utf-8")
    script.write_text(fewer(before, text), encoding="utf-8")
    if not ICON.search(before):
        log.warning("light: the theme's icons were not found in %s", script.name)


def setup(app):
    app.connect("source-read", change)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
