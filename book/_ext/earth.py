"""The explorable "Moving earth" of chapter 9: ```{earth}, as book/_ext/explorable.py has it.

`python -m tools.site.earth_still` makes its still picture.
"""

from explorable import Explorable

INSIDE = """\
  <div class="earth-parts">
    <div class="demo-bar" data-part="starts" role="group" aria-label="How the piles lie at first">
      <button type="button" value="overlap">Overlapping</button>
      <button type="button" value="points">Two points apart</button>
      <button type="button" value="missing">One mode missing</button>
      <button type="button" value="between">Fakes between two clouds</button>
    </div>
    <fieldset data-part="question" class="earth-question"><legend>Predict first. Move the fakes away until no column has
      blocks of both, and then further. What does the Jensen-Shannon divergence (JSD) do at the end?</legend>
      <div class="demo-bar">
        <button type="button" value="grows">It keeps growing</button>
        <button type="button" value="stays">It stays as it is</button>
        <button type="button" value="falls">It falls</button>
        <button type="button" value="asked">Show it without a guess</button>
      </div></fieldset>
    <label class="earth-move"><span><b class="earth-key earth-key-fake"></b> Fakes, <i>p</i><sub>g</sub>: piles</span>
      <input type="range" data-part="q" min="0" step="1"></label>
    <div data-part="stage" class="earth-stage" role="application" tabindex="0" aria-describedby="earth-keys"
         aria-label="Blocks of fakes above a line of 24 columns, blocks of data below it">
      <svg data-part="piles" class="earth-piles" aria-hidden="true"></svg></div>
    <label class="earth-move"><span><b class="earth-key earth-key-real"></b> Data, <i>p</i><sub>data</sub>: holes</span>
      <input type="range" data-part="p" min="0" step="1"></label>
    <div class="demo-bar">
      <fieldset class="demo-group" data-part="drag"><legend>Drag</legend>
        <label><input type="radio" name="earth-drag" value="pile" checked> a whole pile</label>
        <label><input type="radio" name="earth-drag" value="block"> one block</label>
      </fieldset>
      <span class="demo-group" data-part="carry" role="group" aria-label="Carry the block in the frame" hidden>
        <button type="button" data-part="left">← Carry</button>
        <button type="button" data-part="right">Carry →</button></span>
    </div>
    <p id="earth-keys" class="demo-small">On a keyboard: arrow keys choose a column, Shift and an arrow key carry one
      block of it.</p>
    <dl class="earth-numbers">
      <div><dt><i>W</i><sub>1</sub> by the plan</dt><dd data-part="plan"></dd></div>
      <div><dt><i>W</i><sub>1</sub> by the critic</dt><dd data-part="gap"></dd></div>
      <div><dt><abbr title="Jensen-Shannon divergence">JSD</abbr></dt><dd data-part="jsd"></dd></div>
      <div><dt><abbr title="total variation">TV</abbr></dt><dd data-part="tv"></dd></div>
    </dl>
    <p data-part="meaning" class="earth-meaning"></p>
    <p class="earth-title">The best critic <i>f</i> whose slope is at most 1, and its two means</p>
    <svg data-part="critic" class="earth-critics" role="img" aria-label="The critic"></svg>
    <div class="earth-curves">
      <svg data-part="far" role="img" aria-label="The Wasserstein distance"></svg>
      <svg data-part="flat" role="img" aria-label="The divergences"></svg>
      <p class="demo-small">Across: by how many columns the mean of the fakes lies right of the mean of the data. The
        curves grow as you move a pile. They begin anew when you carry a block.</p>
    </div>
    <div class="demo-bar"><button type="button" data-part="copy">Copy link</button>
      <input type="text" data-part="copied" class="demo-link" readonly hidden aria-label="Link to these piles"></div>
    <p data-part="news" class="explorable-news" role="status"></p>
  </div>
  <p data-part="spoken" class="visually-hidden" role="status"></p>
"""


class Earth(Explorable):
    inside = INSIDE
    live = "With JavaScript you move the piles here, and the distances follow."
    scripts = ("page", "state", "earth", "earth_draw", "earth_page")


def setup(app):
    app.add_directive("earth", Earth)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
