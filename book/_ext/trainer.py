"""The trainer of the front page: ```{trainer} with the sentence below its picture as the directive's content.

Its scripts are in book/_static/demos. Those that run in a worker are joined here into one, front_worker.js, as a text
that the page turns into the worker. How often trainings fail is printed from ganbook/assets/results/front_runs.json.
"""

import html
import json
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

WORKER = ("random", "inflate", "network", "product", "layers", "trainer", "trainer_worker")
RESULT = Path("ganbook", "assets", "results", "front_runs.json")
NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

PAGE = """<link rel="stylesheet" href="_static/demos/demos.css">
<div id="front-trainer" class="demo" data-scripts="_static/demos/" data-state="loading">
  <div data-part="offer" class="trainer-offer" hidden>
    <button type="button" data-part="open" class="demo-main">Train a GAN on this page</button>
    <p>{offer}</p>
  </div>
  <div data-part="trainer" hidden>
    <div class="demo-bar">
      <button type="button" data-part="play" class="demo-main">Pause</button>
      <button type="button" data-part="again">Start again</button>
      <fieldset class="demo-group"><legend>Update</legend>
        <label><input type="radio" name="update" value="both" checked> both</label>
        <label><input type="radio" name="update" value="D"> only D</label>
        <label><input type="radio" name="update" value="G"> only G</label>
      </fieldset>
    </div>
    <div class="trainer-columns">
      <canvas data-part="digits" class="trainer-digits" role="img" aria-label="Sixteen digits"></canvas>
      <div>
        <canvas data-part="answers" class="demo-curves" role="img" aria-label="D's answers"></canvas>
        <canvas data-part="losses" class="demo-curves" role="img" aria-label="Losses"></canvas>
      </div>
    </div>
    <p class="trainer-words">{words}</p>
    <dl class="demo-numbers">
      <div><dt>Step</dt><dd data-part="step"></dd></div>
      <div><dt>Steps a second</dt><dd data-part="rate"></dd></div>
      <div><dt>D(x)</dt><dd data-part="realNow"></dd></div>
      <div><dt>D(G(z))</dt><dd data-part="fakeNow"></dd></div>
      <div><dt>Loss of D</dt><dd data-part="lossDNow"></dd></div>
      <div><dt>Loss of G</dt><dd data-part="lossGNow"></dd></div>
    </dl>
    <div class="trainer-settings">
      <label>Learning rate of D
        <input data-part="rateD" type="number" min="0" max="0.1" step="any" value="{rate}"></label>
      <label>Learning rate of G
        <input data-part="rateG" type="number" min="0" max="0.1" step="any" value="{rate}"></label>
      <label>Seed <input data-part="seed" type="number" min="0" max="9999" step="1" value="0"></label>
    </div>
    <div class="demo-bar"><button type="button" data-part="copy">Copy link</button>
      <input type="text" data-part="copied" class="demo-link" readonly hidden aria-label="Link to these settings"></div>
  </div>
  <p data-part="news" class="demo-small" role="status"></p>
  <noscript><p>With JavaScript, this page also trains a GAN while you watch.</p></noscript>
</div>
<script src="_static/demos/page.js"></script>
<script src="_static/demos/state.js"></script>
<script src="_static/demos/trainer_page.js"></script>"""


def write_thread(app, file: str, name: str, scripts: tuple[str, ...]) -> None:
    """Join scripts, one after the other, into the text of a worker: `ganbook.NAME` in the site's file FILE.js."""
    folder = Path(app.srcdir) / "book" / "_static" / "demos"
    text = "\n".join((folder / f"{script}.js").read_text(encoding="utf-8") for script in scripts)
    path = Path(app.outdir) / "_static" / "demos" / f"{file}.js"
    path.write_text(f"ganbook.{name} = {json.dumps(text)};\n", encoding="utf-8")


def offer(stored: dict) -> str:
    """What stands beside the button: what it does, and how often that failed."""
    rows = stored["rows"]
    lost = sum(row["collapsed"] for row in rows)
    count = NUMBERS[lost] if lost < len(NUMBERS) else str(lost)
    return (
        f"Your browser trains a generator and a discriminator on {stored['settings']['images']:,} small digits. "
        f"We tried {len(rows)} seeds for {stored['settings']['seconds']:.0f} seconds each: {count} of the {len(rows)} "
        'trainings ended in <a href="book/glossary.html#term-mode-collapse">mode collapse</a>.'
    )


class Trainer(Directive):
    has_content = True

    def run(self):
        environment = self.state.document.settings.env
        root = Path(environment.srcdir)
        environment.note_dependency(str(root / RESULT))
        environment.note_dependency(__file__)
        stored = json.loads((root / RESULT).read_text(encoding="utf-8"))
        page = PAGE.format(
            offer=offer(stored), words=html.escape(" ".join(self.content)), rate=stored["settings"]["rate"]
        )
        return [nodes.raw("", page, format="html")]


def write_worker(app, error):
    """Sphinx's event `build-finished`."""
    if not error and app.builder.name == "html":
        write_thread(app, "front_worker", "workerText", WORKER)


def setup(app):
    app.add_directive("trainer", Trainer)
    app.connect("build-finished", write_worker)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
