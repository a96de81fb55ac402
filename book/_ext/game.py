"""The explorable "The game" of chapter 6: ```{game}, as book/_ext/explorable.py has it.

It shares the game and its pictures (game.js, plane.js) with the page book/play_toy.md.
`python -m tools.site.game_still` makes its still picture.
"""

from explorable import Explorable

PANEL = """\
      <div><p>{words}</p><canvas class="demo-plane" role="img" aria-label="The plane of one D"></canvas>
        <p class="demo-small">push <span></span></p></div>
"""
# In the order of board.js.
PANELS = ("saturating", "non-saturating", "least squares", "hinge", "Wasserstein with penalty", "relativistic")

INSIDE = f"""\
  <div class="demo-bar game-tour" role="group" aria-label="Tour">
    <p data-part="told"></p>
    <button type="button" data-part="back">Back</button>
    <button type="button" data-part="next">Take the tour</button>
  </div>
  <div class="demo-bar">
    <fieldset class="demo-group" data-part="views"><legend class="visually-hidden">What to see</legend>
      <label><input type="radio" name="game-view" value="draw"> your data</label>
      <label><input type="radio" name="game-view" value="game" checked> one game</label>
      <label><input type="radio" name="game-view" value="six"> six losses, one <i>D</i> each</label>
    </fieldset>
  </div>
  <div data-part="settings" class="demo-bar game-settings">
    <label>Loss <select data-part="loss"></select></label>
    <label>Updates of <i>D</i> for one of <i>G</i> <select data-part="k"><option>1</option>
      <option>5</option></select></label>
    <label>Learning rate of <i>G</i> <select data-part="rate"><option value="1">as <i>D</i></option>
      <option value="5">5 times that of D</option></select></label>
  </div>
  <fieldset data-part="question" class="game-question" hidden><legend data-part="asked"></legend>
    <div class="demo-bar" data-part="choices"></div></fieldset>
  <div class="demo-bar"><button type="button" data-part="play" class="demo-main">Play</button></div>
  <div data-part="draw-view" hidden>
    <div class="demo-bar" data-part="starts" role="group" aria-label="Data to begin with">
      <button type="button" value="ring">ring of 8</button>
      <button type="button" value="two">two clouds</button>
      <button type="button" value="line">a line</button>
      <button type="button" value="">wipe all</button>
    </div>
    <div data-part="board" class="demo-cells demo-press game-board" role="application" tabindex="0"
         aria-label="Cells of the plane" aria-describedby="game-keys"
         ><canvas aria-hidden="true"></canvas><span class="demo-cursor"></span></div>
    <p><span data-part="count"></span> <span id="game-keys" class="demo-small">Each painted cell gets one cloud of
      points. Press a cell or draw a line. On a keyboard: arrow keys move, Space paints or wipes.</span></p>
  </div>
  <div data-part="game-view" class="game-one">
    <canvas data-part="plane" class="demo-plane" role="img" aria-label="The plane"></canvas>
    <div>
      <dl class="demo-numbers game-numbers">
        <div><dt>Step</dt><dd data-part="step"></dd></div>
        <div><dt>Clouds reached</dt><dd data-part="modes"></dd></div>
        <div><dt>Fakes on a cloud</dt><dd data-part="near"></dd></div>
        <div><dt>Loss of <i>D</i></dt><dd data-part="lossD"></dd></div>
        <div><dt>Loss of <i>G</i></dt><dd data-part="lossG"></dd></div>
      </dl>
      <p class="demo-small">Blue rings are data, dots are fakes. An arrow is the push of <i>D</i> on one fake. Lines
        join places where <i>D</i> says the same.</p>
      <div class="demo-bar"><button type="button" data-part="again">Start again</button>
        <button type="button" data-part="another">Another seed</button></div>
    </div>
  </div>
  <div data-part="six-view" hidden>
    <p data-part="from" class="demo-small"></p>
    <div data-part="panels" class="game-panels">
{"".join(PANEL.format(words=words) for words in PANELS)}    </div>
  </div>
  <div data-part="scale" class="demo-scale" aria-hidden="true"><span data-part="low">D: fake</span
    ><span data-part="middle">D cannot tell</span><span data-part="high">D: real</span></div>
  <p data-part="news" class="explorable-news" role="status"></p>
  <div class="demo-bar"><button type="button" data-part="copy">Copy link</button>
    <input type="text" data-part="copied" class="demo-link" readonly hidden aria-label="Link to this game">
    <a href="../book/play_toy.html">More settings, on a page of their own</a></div>
"""


class Game(Explorable):
    inside = INSIDE
    live = "With JavaScript you draw data here, and a game or six discriminators learn them."
    scripts = (
        *("random", "points", "network", "objectives", "game", "page", "state"),
        *("cells", "plane", "board", "game_page"),
    )


def setup(app):
    app.add_directive("game", Game)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
