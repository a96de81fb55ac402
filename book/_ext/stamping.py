"""The explorable "Stamping" of chapter 3: ```{stamping}, as book/_ext/explorable.py has it.

Its scripts are in book/_static/demos. `python -m tools.site.stamping_still` makes the picture and writes the shapes of
the generator's layers, read from the module, to stamping_shapes.js.
"""

from explorable import Explorable

INSIDE = """\
  <div class="demo-bar">
    <fieldset class="demo-group" data-part="nets"><legend>Stamp with</legend>
      <label><input type="radio" name="stamping-net" value="own" checked> your own layer</label>
      <label><input type="radio" name="stamping-net" value="book"> the layers of <i>G</i></label>
      <label><input type="radio" name="stamping-net" value="even"> <i>G</i> with <code>even=True</code></label>
    </fieldset>
  </div>
  <div data-part="own">
    <div class="stamping-sliders">
      <label class="demo-slider">kernel <output data-part="kernel-now"></output>
        <input type="range" data-part="kernel" min="1" max="6" step="1"></label>
      <label class="demo-slider">stride <output data-part="stride-now"></output>
        <input type="range" data-part="stride" min="1" max="3" step="1"></label>
      <label class="demo-slider">padding <output data-part="padding-now"></output>
        <input type="range" data-part="padding" min="0" max="2" step="1"></label>
      <label class="demo-slider">side of the input <output data-part="side-now"></output>
        <input type="range" data-part="side" min="1" max="5" step="1"></label>
    </div>
    <div class="stamping-squares">
      <div class="stamping-input">
        <p>Input</p>
        <div data-part="input" class="demo-cells demo-press" role="application" tabindex="0" aria-label="Input"
             aria-describedby="stamping-keys"
          ><canvas aria-hidden="true"></canvas><span class="demo-cursor"></span></div>
        <div class="demo-bar" role="group" aria-label="Values of the input">
          <button type="button" data-part="input-ones">all 1</button>
          <button type="button" data-part="input-one">one cell</button>
          <button type="button" data-part="input-random">random</button>
        </div>
      </div>
      <div class="stamping-kernel">
        <p>Kernel</p>
        <div data-part="weights" class="demo-cells demo-press" role="application" tabindex="0" aria-label="Kernel"
             aria-describedby="stamping-keys"
          ><canvas aria-hidden="true"></canvas><span class="demo-cursor"></span></div>
        <div class="demo-bar" role="group" aria-label="Weights of the kernel">
          <button type="button" data-part="weights-ones">all 1</button>
          <button type="button" data-part="weights-tent">a tent</button>
        </div>
      </div>
      <div class="stamping-output">
        <form data-part="question" class="stamping-question" novalidate>
          <p><b>Predict first.</b> <span data-part="asked"></span></p>
          <label>How long is a side of the output?
            <input type="number" data-part="guess" min="1" max="99" step="1" inputmode="numeric"></label>
          <fieldset class="demo-group"><legend>Away from the border: do equally many stamps reach every pixel?</legend>
            <label><input type="radio" name="stamping-even" value="yes"> yes</label>
            <label><input type="radio" name="stamping-even" value="no"> no</label>
          </fieldset>
          <div class="demo-bar">
            <button type="submit" class="demo-main">Show the output</button>
            <button type="button" data-part="skip">Show it without a guess</button>
          </div>
        </form>
        <div data-part="answer" hidden>
          <div class="stamping-title"><p data-part="title"></p>
            <fieldset class="demo-group" data-part="shows"><legend class="visually-hidden">In each cell</legend>
              <label><input type="radio" name="stamping-show" value="sum" checked> sums</label>
              <label><input type="radio" name="stamping-show" value="count"> number of stamps</label>
            </fieldset></div>
          <div data-part="output" class="demo-cells demo-read" role="application" tabindex="0" aria-label="Output"
            ><canvas aria-hidden="true"></canvas><span class="demo-cursor"></span></div>
          <div class="demo-bar">
            <button type="button" data-part="next">Next stamp</button>
            <button type="button" data-part="all">All stamps</button>
          </div>
        </div>
      </div>
    </div>
    <p id="stamping-keys" class="demo-small">Press a cell to add 1 to it; draw to give other cells the same number. On a
      keyboard: arrow keys move, digits set a cell, Space adds 1.</p>
    <p data-part="rule" class="stamping-rule"></p>
  </div>
  <div data-part="net" hidden>
    <p data-part="about" class="stamping-rule"></p>
    <div data-part="maps" class="stamping-maps"></div>
  </div>
  <p data-part="news" class="explorable-news" role="status"></p>
  <div class="demo-bar">
    <button type="button" data-part="another">Ask me another</button>
    <button type="button" data-part="copy">Copy link</button>
    <input type="text" data-part="copied" class="demo-link" readonly hidden aria-label="Link to this experiment">
  </div>
"""


class Stamping(Explorable):
    inside = INSIDE
    live = "With JavaScript you choose kernel, stride and padding here, and stamp cell by cell."
    scripts = ("page", "cells", "state", "stamping", "stamping_draw", "stamping_shapes", "stamping_page")


def setup(app):
    app.add_directive("stamping", Stamping)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
