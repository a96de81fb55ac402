/* The explorable "Ask the discriminator": what is drawn, pressed and seen. The arithmetic is in ask.js.

   The page has a trained D with it (ask_stored.js). The digits and the worker are loaded when something first needs
   them. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { onTheme, calm, say, speaker, load, thread, paint, drawCurves } = ganbook.page;
  const { walk } = ganbook.cells;
  const { oneOf, keep, copies } = ganbook.state;
  const { ask } = ganbook;
  const { PLAN, SIDE, PIXELS, Classes, Lesson } = ask;
  const LONGEST = 240; // steps of a climb, as in the chapter
  const NAMES = { noise: "noise", shuffled: "shuffled pixels", mixed: "mixed pixels" };

  const root = document.getElementById("ask-demo");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const chosen = (name) => root.querySelector(`[name="${name}"]:checked`).value;
  const random = new ganbook.Random(Math.floor(Math.random() * 2 ** 32)); // of what is put on the sheet

  let climb = null; // {from, steps, moving} since the image goes up the slope
  const { kind, seed, look } = ganbook.askStored;
  const state = {
    x: new Float64Array(PIXELS).fill(-1), // the image on the sheet
    before: new Float64Array(PIXELS).fill(-1), // and as it was before anybody drew on it
    D: Lesson.stored(ganbook.askStored),
    about: { kind, seed, look }, // what D was trained against, and its answers to held-out images
    black: null, // shares of digits and of fakes that are black, a pixel each
    curve: [], // looks at a D while it learned
    learning: null, // kind and seed of a D that learns
  };

  // What stands in the page's address: the image, which D was trained, and what is shown beside it.
  const sheetField = { read: (text) => ask.unwritten(text) || undefined, write: ask.written,
    takes: "an image as this page writes it: copy a whole link" };
  const learner = {
    read: (text) => {
      const [, of, at] = text.match(/^(noise|shuffled|mixed)-(\d{1,9})$/) || [];
      return of && { kind: of, seed: Number(at) };
    },
    write: ({ kind, seed }) => `${kind}-${seed}`,
    takes: "what D learned to reject and a seed, such as noise-7",
  };
  const FIELDS = { sheet: sheetField, against: learner, beside: oneOf("slope", "pixels") };
  const START = { sheet: state.x.slice(), against: { kind, seed }, beside: "slope" };

  const number = (value, digits = 1) => value.toFixed(digits).replace("-", "−");
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const place = (i) => `Row ${Math.floor(i / SIDE)}, column ${i % SIDE}`;
  const logit = () => state.D.forward(state.x, 1)[0];

  // ------------------------------------------------------------------------------------------------------------ seen

  /** What D says, in one sentence. */
  function answer() {
    const l = logit();
    return `D(x) = ${ask.sigmoid(l).toFixed(2)}, logit ${number(l)}: ${l > 0 ? "a digit" : "a fake"}.`;
  }

  /** The bar of the logit. The marks are the logits that half of the held-out fakes and digits stay below. */
  function drawGauge() {
    const l = logit();
    const { real, fake } = state.about.look;
    const reach = 1.6 * Math.max(Math.abs(real), Math.abs(fake), 1);
    const at = (value) => 50 + 50 * Math.min(1, Math.max(-1, value / reach));
    say(part("probability"), ask.sigmoid(l).toFixed(2));
    say(part("logit"), number(l));
    say(part("verdict"), l > 0 ? "“a digit”" : "“a fake”");
    const bar = part("bar");
    bar.style.left = `${Math.min(50, at(l))}%`;
    bar.style.width = `${Math.abs(at(l) - 50)}%`;
    bar.classList.toggle("fake", l <= 0);
    part("fakes").style.left = `${at(fake)}%`;
    part("digits").style.left = `${at(real)}%`;
    const inked = state.x.filter((value, i) => value !== state.before[i]).length;
    say(part("inked"), climb || !inked ? "draw on it" : `${inked} ${inked === 1 ? "pixel" : "pixels"} changed`);
  }

  function drawBeside() {
    const pixels = chosen("ask-beside") === "pixels";
    if (!pixels) ask.drawSlope(part("beside"), state.D.slopes(state.x, 1));
    else if (state.black) ask.drawPixels(part("beside"), ask.onePixel(state.black));
    part("slope-legend").hidden = pixels;
    part("pixel-legend").hidden = !pixels;
  }

  function drawCurve() {
    const { kind, seed, look } = state.about;
    const right = `right about ${look.right.toLocaleString("en")} of ${look.of.toLocaleString("en")} held-out images`;
    say(part("about"), `This D (seed ${seed}) learned to reject ${NAMES[kind]}. It is ${right}.`);
    part("curve").hidden = !state.curve.length;
    if (!state.curve.length) return;
    const line = { name: "accuracy", shade: "d", dash: [], label: "right about held-out images" };
    drawCurves(part("curve"), state.curve, [line], [0, 0.5, 1], (mark) => `${100 * mark} %`);
    part("curve").setAttribute("aria-label", `Curve of the accuracy, at step ${look.step} ${percent(look.accuracy)}`);
  }

  function show() {
    part("climb").hidden = calm(); // then there are single steps only
    paint(part("image"), state.x, SIDE);
    drawGauge();
    drawBeside();
    drawCurve();
  }

  const news = (text) => say(part("news"), text);
  /** Speak D's answer, which the page shows, to whoever hears the page: once the reader's hand rests. */
  const speak = speaker(part("spoken"), answer);

  /** What stands in the square beside, at one cell. */
  function tellCell(i) {
    if (chosen("ask-beside") === "slope") {
      const slope = state.D.slopes(state.x, 1)[i];
      news(`${place(i)}: slope ${number(slope, 2)}. A ${slope > 0 ? "brighter" : "darker"} pixel raises the logit.`);
    } else if (state.black) {
      const [p, q] = state.black.map((shares) => shares[i]);
      const right = percent(ask.onePixel(state.black)[i]);
      news(`${place(i)}: black in ${percent(p)} of digits and ${percent(q)} of fakes. Right in ${right} of all cases.`);
    }
  }

  /** Which pixel alone is right most often. */
  function tellBest() {
    const right = ask.onePixel(state.black);
    const best = right.indexOf(Math.max(...right));
    const others = right.filter((share) => share > right[best] - 1e-9).length - 1;
    const shared = others ? `, and ${others} more` : "";
    news(`The best pixel: ${place(best).toLowerCase()}${shared}. It is right in ${percent(right[best])} of all cases.`);
  }

  // --------------------------------------------------------------------------------------------------- two squares

  const white = () => chosen("ask-ink") === "white";
  const INKS = { " ": white, Enter: white, Backspace: () => false, Delete: () => false };

  const tellPixel = (i) => news(`${place(i)}: ${number(state.x[i])}. Black is −1, white is 1.`);
  const ink = (i) => draw(i, white());
  function key(name, i) {
    if (!(name in INKS)) return false;
    draw(i, INKS[name]());
    return true;
  }

  // ----------------------------------------------------------------------------------------------- digits and worker

  let digits, worker, fetching;
  let run = 0; // of the last order; an answer to an earlier one comes too late

  async function fetchAll() {
    news("Loading the digits.");
    await Promise.all(["ask_thread", "front_digits"].map((name) => load(`${root.dataset.scripts}${name}.js`)));
    worker = thread(ganbook.askThread, hear, failed);
    worker.postMessage({ do: "begin", data: ganbook.frontDigits });
    digits = await ganbook.greys(ganbook.frontDigits);
  }

  /** The digits and the worker, fetched once. */
  const fetched = () => (fetching = fetching || fetchAll());

  function failed(why) {
    state.learning = null;
    news(`This did not work: ${why}`);
  }

  /** Do what needs the digits, and say so if they do not come. */
  const later = (work) => async (event) => {
    try {
      await fetched();
      await work(event);
    } catch (error) {
      if (!digits) fetching = null; // the next click tries again
      failed(error.message);
    }
  };

  /** An answer of the worker. */
  function hear({ error, black, look, values, done, ...order }) {
    if (order.run !== run) return;
    if (error) return failed(error);
    if (black) state.black = black;
    if (black && !state.learning) tellBest();
    if (look) {
      state.D.values.set(values);
      state.about = { ...state.learning, look };
      state.curve.push(look);
    }
    if (done) {
      state.learning = null;
      news(`After ${look.step} steps D is right about ${percent(look.accuracy)} of the held-out images.`);
      speak();
    }
    if (!calm() || !look || done || look.step % 50 === 0) show();
  }

  let newest = seed;
  const train = later((which) => {
    forget();
    state.learning = which;
    Object.assign(state, { curve: [], black: null });
    news(`A new D learns to reject ${NAMES[which.kind]}.`);
    worker.postMessage({ do: "train", run: ++run, ...which });
    address.note();
  });

  /** Count black pixels, unless that is done, or done by a training. */
  const count = later(() => {
    const { kind, seed } = state.about;
    if (state.black) tellBest();
    else if (!state.learning) worker.postMessage({ do: "count", run: ++run, kind, seed });
  });

  // ----------------------------------------------------------------------------------------------- what can be done

  /** Put another image on the sheet. */
  function put(x) {
    forget();
    state.x = x;
    state.before = x.slice();
    show();
    news("");
    speak();
    address.note();
  }

  /** One of the digits that no D learns from. */
  function digit() {
    const i = digits.length / PIXELS - 1 - random.below(2 * PLAN.heldOut);
    return ask.shown(ask.imageAt(digits, i), ganbook.frontDigits.white);
  }

  const even = (x) => x.every((value) => value === x[0]);
  const STARTS = {
    blank: () => put(new Float64Array(PIXELS).fill(-1)),
    noise: () => put(Classes.generator(state.about.seed).draw(1, random)),
    digit: later(() => put(digit())),
    shuffled: later(() => put(ask.shuffled(even(state.x) ? digit() : state.x, random))),
    mixed: later(() => put(ask.shown(ask.mixed(digits, random), ganbook.frontDigits.white))),
  };

  function step() {
    climb = climb || { from: logit(), steps: 0, moving: false };
    climb.steps++;
    state.x = ask.climb(state.D, state.x);
    show();
    say(part("climbed"), `Step ${climb.steps} up the slope: logit ${number(climb.from)} → ${number(logit())}`);
  }

  function stop() {
    if (climb && climb.moving) {
      speak();
      address.note();
    }
    if (climb) climb.moving = false;
    say(part("climb"), "Climb");
  }

  function begin() {
    climb = { from: logit(), steps: 0, moving: true };
    say(part("climb"), "Stop");
    const frame = () => {
      if (!climb.moving) return;
      step();
      if (climb.steps >= LONGEST) stop();
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  function forget() {
    stop();
    climb = null;
    say(part("climbed"), "");
  }

  // -------------------------------------------------------------------------------------------------------- building

  function draw(i, ink) {
    if (climb) state.before = state.x.slice();
    forget();
    state.x[i] = ink ? 1 : -1;
    show();
    speak();
    address.note();
  }

  walk(part("sheet"), { side: () => SIDE, tell: tellPixel, press: ink, drag: ink, key });
  walk(part("map"), { side: () => SIDE, tell: tellCell });
  for (const [name, start] of Object.entries(STARTS))
    part(name).addEventListener("click", start);
  part("climb").addEventListener("click", () => (climb && climb.moving ? stop() : begin()));
  part("step").addEventListener("click", () => {
    stop();
    step();
    speak();
    address.note();
  });
  for (const button of part("learn").querySelectorAll("button"))
    button.addEventListener("click", () => train({ kind: button.value, seed: ++newest }));
  function showBeside() {
    show();
    if (chosen("ask-beside") === "pixels") count();
  }
  part("beside-choice").addEventListener("change", () => {
    showBeside();
    address.note();
  });

  // ------------------------------------------------------------------------------------------------------ in the address

  const which = () => state.learning || { kind: state.about.kind, seed: state.about.seed };
  const now = () => ({ sheet: state.x, against: which(), beside: chosen("ask-beside") });

  function take({ sheet, against, beside }) {
    put(sheet);
    for (const choice of root.querySelectorAll('[name="ask-beside"]')) choice.checked = choice.value === beside;
    newest = Math.max(newest, against.seed);
    if (learner.write(against) === learner.write(which())) showBeside();
    else train(against);
  }

  const address = keep(root, { name: "ask", fields: FIELDS, start: START, always: ["sheet"], take, refuse: news, now });
  copies(part("copy"), part("copied"), address.link, news);
  document.addEventListener("visibilitychange", () => document.hidden && stop());

  ganbook.askDemo = { state, logit, get worker() { return worker; } }; // for the tests, and for a curious reader's console
  ganbook.page.show(root);
  new ResizeObserver(show).observe(part("map"));
  onTheme(show);
  show();
  address.follow();
  root.dataset.state = "ready"; // for the tests
})(globalThis.ganbook);
