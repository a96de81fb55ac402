"""The explorable "The time machine" of chapter 12: ```{times}, as book/_ext/explorable.py has it.

`python -m tools.site.time_machine` trains its generators (book/_static/demos/times_stored.js, which the page loads when
the reader starts), and `python -m tools.site.times_still` draws its still picture.
"""

from explorable import Explorable

INSIDE = """\
  <fieldset data-part="question" class="earth-question times-question"><legend>Predict first. One direction of the noise
    makes the digits of the trained generator lean. When in the training does it begin to do so?</legend>
    <div class="demo-bar">
      <button type="button" value="before">Before digits can be read</button>
      <button type="button" value="while">While digits become readable</button>
      <button type="button" value="after">Long after digits can be read</button>
      <button type="button" value="asked">Start without a guess</button>
    </div>
    <p class="demo-small">Any of the buttons loads twelve generators (0.8 MB) and starts the time machine.</p>
  </fieldset>
  <div data-part="machine" class="times-parts" hidden>
    <div class="times-top">
      <canvas data-part="digit" class="times-digit" role="img"></canvas>
      <div class="times-sliders">
        <label class="demo-slider">Training step <output data-part="step-now"></output>
          <input type="range" data-part="step" min="0" step="1"></label>
        <label class="demo-slider">Digit <output data-part="digit-now"></output>
          <input type="range" data-part="label" min="0" max="9" step="1"></label>
        <label class="demo-slider">Noise vector number <output data-part="noise-now"></output>
          <input type="range" data-part="noise" min="1" max="40" step="1"></label>
        <label class="demo-slider">Along the direction <output data-part="amount-now"></output>
          <input type="range" data-part="amount" min="-3" max="3" step="0.5"></label>
      </div>
    </div>
    <p data-part="answer" role="status"></p>
    <fieldset class="demo-group" data-part="ways"><legend>Direction</legend></fieldset>
    <dl class="earth-numbers times-numbers">
      <div><dt>the judge reads what was ordered</dt><dd data-part="read"></dd></div>
      <div><dt data-part="effect-name"></dt><dd data-part="effect"></dd></div>
      <div><dt data-part="this-name"></dt><dd data-part="this"></dd></div>
    </dl>
    <div class="times-map">
      <div data-part="heads" class="times-heads" aria-hidden="true"></div>
      <div data-part="sides" class="times-sides" aria-hidden="true"></div>
      <div data-part="square" class="times-square"><canvas data-part="map" role="img"></canvas>
        <span data-part="cursor" class="times-cursor"></span></div>
    </div>
    <p class="demo-small">Left to right: the same noise vector in the course of one training. Up and down: moved along
      the direction. Press a digit of the map to go there. The first two numbers are means over 300 noise vectors.</p>
    <div class="demo-bar"><button type="button" data-part="copy">Copy link</button>
      <input type="text" data-part="copied" class="demo-link" readonly hidden aria-label="Link to this digit"></div>
  </div>
  <p data-part="news" class="explorable-news" role="status"></p>
  <p data-part="spoken" class="visually-hidden" role="status"></p>
"""


class Times(Explorable):
    inside = INSIDE
    live = "With JavaScript you move through the training here, and the digits follow."
    scripts = ("page", "inflate", "random", "state", "generator", "times", "times_page")


def setup(app):
    app.add_directive("times", Times)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
