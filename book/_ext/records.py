"""What `ganbook.chapters.notebook` stores among a notebook's outputs: records of claims, and numbers for the prose.

A claim is an output with its line as text/plain and its record beside it. A page of the site shows neither: the prose
says what was found, and the records stay in the notebook. On slides that are cut from a chapter the lines of a cell
stand together, below what the cell prints. A number is what MyST-NB's `glue` stores, and
MyST-NB prints it where the text has {glue:text}`name`.
"""

import json

CLAIM = "application/vnd.ganbook.claim+json"
GLUE = "application/papermill.record/"


def _text(value: str | list[str]) -> str:
    """A text of a notebook, which its file holds as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def _outputs(notebook: dict) -> list[dict]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


def claims(notebook: dict) -> list[dict]:
    """The records of all claims, in the order of the notebook."""
    return [output["data"][CLAIM] for output in _outputs(notebook) if CLAIM in output.get("data", {})]


def numbers(notebook: dict) -> dict[str, str]:
    """The numbers that the prose can print: name -> text."""
    found = {}
    for output in _outputs(notebook):
        if name := output.get("metadata", {}).get("scrapbook", {}).get("name"):
            if name in found:
                raise ValueError(f"two numbers of one chapter are called {name}")
            prefix = output["metadata"]["scrapbook"]["mime_prefix"]
            found[name] = _text(output["data"][f"{prefix}text/plain"])
    return found


def as_printed(notebook: dict) -> None:
    """Turn each claim's output into the line it shows, as if it were printed after what the cell prints."""
    for cell in notebook["cells"]:
        outputs = cell.get("outputs", [])
        lines = [_text(output["data"]["text/plain"]) for output in outputs if CLAIM in output.get("data", {})]
        if not lines:
            continue
        printed = [output for output in outputs if output["output_type"] == "stream" and output["name"] == "stdout"]
        if printed:
            kept = [output for output in outputs if CLAIM not in output.get("data", {})]
        else:  # the first claim makes room for all
            place = next(at for at, output in enumerate(outputs) if CLAIM in output.get("data", {}))
            printed = [type(outputs[place])(output_type="stream", name="stdout", text="")]
            kept = [output for output in outputs[place:] if CLAIM not in output.get("data", {})]
            kept = [*outputs[:place], *printed, *kept]
        before = _text(printed[-1]["text"])
        before += "\n" if before and not before.endswith("\n") else ""
        printed[-1]["text"] = before + "".join(f"{line}\n" for line in lines)
        cell["outputs"] = kept


def leave_out(notebook: dict) -> None:
    """Take the outputs of claims out of the notebook."""
    for cell in notebook["cells"]:
        if "outputs" in cell:
            cell["outputs"] = [output for output in cell["outputs"] if CLAIM not in output.get("data", {})]


def silence_claims(app, docname, source):
    """Sphinx's event `source-read`."""
    if app.env.doc2path(docname).endswith(".ipynb"):
        notebook = json.loads(source[0])
        leave_out(notebook)
        source[0] = json.dumps(notebook)


def setup(app):
    app.connect("source-read", silence_claims)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
