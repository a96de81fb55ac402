"""The explorable "Ask the discriminator" of chapter 1: ```{ask}, as book/_ext/explorable.py has it.

Its scripts are in book/_static/demos. Those that run in a worker are joined here into one, ask_thread.js.
`python -m tools.site.ask_still` makes the picture and the trained D.
"""

from explorable import Explorable
from trainer import write_thread

WORKER = ("random", "inflate", "network", "ask", "ask_worker")
INSIDE = """\
  <div class="ask-parts">
    <div class="ask-starts demo-bar" role="group" aria-label="What to put on the sheet">
      <button type="button" data-part="blank">Blank sheet</button>
      <button type="button" data-part="noise">Noise</button>
      <button type="button" data-part="digit">A digit</button>
      <button type="button" data-part="mixed">Mixed pixels</button>
      <button type="button" data-part="shuffled">Shuffle its pixels</button>
    </div>
    <div class="ask-sheet">
      <p class="ask-title"><span>Your image <i>x</i>: <span data-part="inked"></span></span></p>
      <div data-part="sheet" class="demo-cells demo-press" role="application" tabindex="0"
           aria-label="Your image, 14 by 14 pixels" aria-describedby="ask-keys">
        <canvas data-part="image" aria-hidden="true"></canvas><span class="demo-cursor"></span></div>
      <fieldset class="demo-group"><legend>Ink</legend>
        <label><input type="radio" name="ask-ink" value="white" checked> white</label>
        <label><input type="radio" name="ask-ink" value="black"> black</label>
      </fieldset>
      <p id="ask-keys" class="demo-small">On a keyboard: arrow keys move, Space inks, Backspace erases.</p>
    </div>
    <div class="ask-answer">
      <p class="ask-says"><span><i>D</i>(<i>x</i>) = <b data-part="probability"></b></span>
        <span><i>D</i> says <b data-part="verdict"></b></span> <span>logit <b data-part="logit"></b></span></p>
      <div class="ask-scale" aria-hidden="true">
        <div class="ask-track"><span data-part="bar" class="ask-bar"></span></div>
        <span data-part="fakes" class="ask-mark">typical fake</span><span class="ask-mark ask-zero">0</span>
        <span data-part="digits" class="ask-mark">typical digit</span>
      </div>
      <div class="demo-bar">
        <button type="button" data-part="climb" class="demo-main">Climb</button>
        <button type="button" data-part="step">One step up</button>
        <span data-part="climbed" class="ask-climbed"></span>
      </div>
    </div>
    <div class="ask-map">
      <fieldset data-part="beside-choice" class="demo-group"><legend class="visually-hidden">Beside the image</legend>
        <label><input type="radio" name="ask-beside" value="slope" checked> the slope of <i>D</i></label>
        <label><input type="radio" name="ask-beside" value="pixels"> one pixel alone</label>
      </fieldset>
      <div data-part="map" class="demo-cells demo-read" role="application" tabindex="0"
           aria-label="What D says about each pixel">
        <canvas data-part="beside" aria-hidden="true"></canvas><span class="demo-cursor"></span></div>
      <p data-part="slope-legend" class="demo-small">To raise the logit: <b class="ask-up">+</b> make this pixel
        brighter, <b class="ask-down">−</b> make it darker.</p>
      <p data-part="pixel-legend" class="demo-small" hidden>In each cell: how often the question “is this pixel black?”
        alone tells a digit from a fake, in %. The best cells have a frame.</p>
    </div>
    <div data-part="learn" class="ask-learn">
      <div class="demo-bar" role="group" aria-label="Train a new D in your browser">
        <span>Train a new <i>D</i> against</span>
        <button type="button" value="noise">noise</button>
        <button type="button" value="shuffled">shuffled pixels</button>
        <button type="button" value="mixed">mixed pixels</button>
      </div>
      <p data-part="about"></p>
      <canvas data-part="curve" class="demo-curves" role="img" aria-label="Accuracy" hidden></canvas>
      <div class="demo-bar"><button type="button" data-part="copy">Copy link</button>
        <input type="text" data-part="copied" class="demo-link" readonly hidden
               aria-label="Link to this image and this D"></div>
    </div>
    <p data-part="news" class="ask-news explorable-news" role="status"></p>
  </div>
  <p data-part="spoken" class="visually-hidden" role="status"></p>
"""


class Ask(Explorable):
    inside = INSIDE
    live = "With JavaScript you draw here, and D answers at every stroke."
    scripts = ("random", "inflate", "network", "page", "state", "cells", "ask", "ask_draw", "ask_stored", "ask_page")


def write_worker(app, error):
    """Sphinx's event `build-finished`."""
    if not error and app.builder.name == "html":
        write_thread(app, "ask_thread", "askThread", WORKER)


def setup(app):
    app.add_directive("ask", Ask)
    app.connect("build-finished", write_worker)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
