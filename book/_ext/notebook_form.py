"""Is a notebook in the form that the site and the tools need? If not: one sentence that names it and says what to do.

The site, `make notebooks`, `make course` and `make slides` read notebooks through `read`; the site looks at all of
them before anything else.
"""

import json
import re
from pathlib import Path

import nbformat

VIEW, STATE = (f"application/vnd.jupyter.widget-{kind}+json" for kind in ("view", "state"))
CONFLICT = re.compile(rb"^(?:<{7} |={7}$|>{7} )", re.MULTILINE)


def widgets_missing(notebook: dict) -> str:
    """What the site lacks to draw the notebook's widgets; an empty string if it lacks nothing."""
    stored = notebook["metadata"].get("widgets")
    if stored is not None:
        stored = stored.get(STATE) if isinstance(stored, dict) else None
        if not isinstance(stored, dict) or not isinstance(stored.get("state"), dict):
            return "its widgets are stored without `state`, as Colab saves them"
    models = stored["state"] if stored else {}
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    waiting, seen = [output["data"][VIEW]["model_id"] for output in outputs if VIEW in output.get("data", {})], set()
    while waiting:
        name = waiting.pop()
        if not {"model_name", "state"} <= set(models.get(name, ())):
            return f"an output shows the widget {name[:8]}, whose state is not stored"
        seen.add(name)
        children = models[name]["state"].get("children") or []
        waiting += {child.removeprefix("IPY_MODEL_") for child in children} - seen
    return ""


def wrong(raw: bytes, file: str, *, widgets: bool = True) -> str:
    """What is wrong with the content of a notebook, and what to do; an empty string if nothing is."""
    name = Path(file).stem
    again = f"take it from git again (`git checkout -- {file}`), or save it again in Jupyter"
    if conflict := CONFLICT.search(raw):
        line = raw[: conflict.start()].count(b"\n") + 1
        take = f"`git checkout --ours {file}` or `--theirs`"
        return f"has the marks of a merge conflict, the first in line {line}: keep one of the two versions ({take})."
    if not raw.strip():
        return f"is empty: {again}."
    try:
        notebook = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"is not text in UTF-8, from byte {error.start} on: {again}."
    except json.JSONDecodeError as error:
        return f"is not valid JSON, at line {error.lineno}, column {error.colno} ({error.msg}): {again}."
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        return f"is JSON and no notebook, because it does not say its `nbformat`: {again}."
    if notebook["nbformat"] != 4:
        convert = f"`.venv/bin/jupyter nbconvert --to notebook --inplace {file}`"
        return f"is in notebook format {notebook['nbformat']}, and the book needs format 4: convert it with {convert}."
    for key, kind, empty in (("metadata", dict, "{}"), ("cells", list, "[]")):
        if not isinstance(notebook.get(key), kind):
            return f'has no `{key}`: {again}, or write `"{key}": {empty}` into it.'
    error = next(iter(nbformat.validator.iter_validate(notebook, version=4)), None)
    if error is not None:
        place = "".join(f"[{part!r}]" for part in error.absolute_path) or "its top level"
        said = error.message if len(error.message) < 200 else f"{error.message[:200]} ..."
        return f"is not in notebook format 4, at {place} ({said}): {again}."
    if widgets and (missing := widgets_missing(notebook)):
        return f"cannot be drawn, because {missing}: run `make notebooks NAMES={name}`, which stores them anew."
    return ""


def relative(path: Path) -> str:
    """notebooks/NAME.ipynb"""
    return f"{path.parent.name}/{path.name}"


def read(path: Path, *, widgets: bool = True):
    """The notebook, in format 4; ends the program with a sentence if it is not in the form that is needed.

    `widgets=False` is for who runs the notebook and stores its widgets anew.
    """
    raw = path.read_bytes()
    if why := wrong(raw, relative(path), widgets=widgets):
        raise SystemExit(f"{relative(path)} {why}")
    return nbformat.reads(raw.decode("utf-8"), as_version=4)


def look(app, config):
    """Sphinx's event `config-inited`: all notebooks, before any of them is used."""
    found = sorted((Path(app.srcdir) / "notebooks").glob("*.ipynb"))
    sentences = [f"{relative(path)} {why}" for path in found if (why := wrong(path.read_bytes(), relative(path)))]
    if sentences:
        raise SystemExit("\n".join(sentences))


def setup(app):
    app.connect("config-inited", look, priority=1)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
