"""The explorable "Two clouds" of chapter 5: ```{clouds}, as book/_ext/explorable.py has it.

`python -m tools.site.clouds_still` makes its still picture.
"""

from explorable import Explorable

INSIDE = """\
  <div class="earth-parts">
    <div data-part="stage" class="clouds-stage"><svg data-part="plane" class="clouds-plane" role="img"></svg></div>
    <dl class="earth-numbers clouds-numbers">
      <div><dt>of the means</dt><dd data-part="means"></dd></div>
      <div><dt>of the covariances</dt><dd data-part="spreads"></dd></div>
      <div><dt>sum <i>d</i>²</dt><dd data-part="d2"></dd></div>
    </dl>
    <p data-part="meaning" class="earth-meaning"></p>
    <div class="demo-bar">
      <fieldset class="demo-group" data-part="which"><legend>Change</legend>
        <label><input type="radio" name="clouds-which" value="fakes" checked>
          <b class="earth-key earth-key-fake"></b> the fakes</label>
        <label><input type="radio" name="clouds-which" value="data">
          <b class="earth-key earth-key-real"></b> the data</label>
      </fieldset>
      <fieldset class="demo-group" data-part="inside"><legend>The fakes lie</legend>
        <label><input type="radio" name="clouds-inside" value="cloud" checked> in a normal cloud</label>
        <label><input type="radio" name="clouds-inside" value="clumps"> in two clumps</label>
        <label><input type="radio" name="clouds-inside" value="ring"> on a ring</label>
      </fieldset>
    </div>
    <div data-part="sliders" class="clouds-sliders" role="group" aria-label="Mean and spread"></div>
    <div class="demo-bar"><button type="button" data-part="copy">Copy link</button>
      <input type="text" data-part="copied" class="demo-link" readonly hidden aria-label="Link to these clouds"></div>
    <p data-part="news" class="explorable-news" role="status"></p>
  </div>
  <p data-part="spoken" class="visually-hidden" role="status"></p>
"""


class Clouds(Explorable):
    inside = INSIDE
    live = "With JavaScript you drag the two clouds here, and the distance follows."
    scripts = ("page", "state", "clouds", "clouds_page")


def setup(app):
    app.add_directive("clouds", Clouds)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
