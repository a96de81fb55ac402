"""The explorable "The ladder" of chapter 5: ```{rungs}, as book/_ext/explorable.py has it.

`python -m tools.site.rungs_still` writes its digits and scores (book/_static/demos/rungs_stored.js) and draws its still
picture.
"""

from explorable import Explorable

INSIDE = """\
  <div class="rungs-parts">
    <div class="demo-bar" data-part="kinds" role="group" aria-label="Damage"></div>
    <label class="rungs-much"><span data-part="asks"></span>
      <input type="range" data-part="rung" min="0" step="1"></label>
    <p data-part="stops" class="demo-small"></p>
    <div class="rungs-columns">
      <div>
        <p data-part="title" class="rungs-title"></p>
        <canvas data-part="digits" class="rungs-digits" role="img"></canvas>
        <p data-part="marked" class="demo-small"></p>
      </div>
      <div>
        <fieldset data-part="question" class="earth-question"><legend>Predict first. Blur the digits more and more. What
          happens to the precision?</legend>
          <div class="demo-bar">
            <button type="button" value="falls">It falls</button>
            <button type="button" value="stays">It stays as it is</button>
            <button type="button" value="rises">It rises</button>
            <button type="button" value="asked">Show it without a guess</button>
          </div></fieldset>
        <table class="rungs-scores" data-part="scores"><caption class="visually-hidden">Scores</caption>
          <thead><tr><th scope="col">score</th><th scope="col"><span class="visually-hidden">bar</span></th>
            <th scope="col">here</th><th scope="col">untouched</th></tr></thead>
          <tbody></tbody></table>
        <p data-part="meaning" class="rungs-meaning"></p>
      </div>
    </div>
    <p class="demo-small">All numbers were measured on 10,000 digits with exactly this damage. The slider stops at no
      other places. A mark on a bar shows untouched digits. Bars of distances grow with the root of the number. We call
      a change clear if it is above 2.5 for a distance, and above 0.02 for another score.</p>
    <div class="demo-bar"><button type="button" data-part="copy">Copy link</button>
      <input type="text" data-part="copied" class="demo-link" readonly hidden aria-label="Link to this damage"></div>
    <p data-part="news" class="explorable-news" role="status"></p>
  </div>
  <p data-part="spoken" class="visually-hidden" role="status"></p>
"""


class Rungs(Explorable):
    inside = INSIDE
    live = "With JavaScript you choose the damage here, and the digits and the scores follow."
    scripts = ("page", "inflate", "state", "rungs_stored", "rungs", "rungs_page")


def setup(app):
    app.add_directive("rungs", Rungs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
