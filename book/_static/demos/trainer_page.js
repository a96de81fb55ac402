/* The trainer of the front page: what is pressed and seen. The training is in trainer.js, in a worker.

   Until the first click the page has only this file, page.js and state.js. The worker's scripts and the digits are
   loaded then. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { onTheme, calm, say, load, thread, drawCurves } = ganbook.page;
  const { whole, real, oneOf, keep, copies } = ganbook.state;
  const SIDE = 14; // pixels of a digit
  const ACROSS = 4; // digits
  const ENOUGH = 600; // seconds after which the training pauses, in case nobody looks
  const POINTS = 3000; // of a curve; beyond, every second one is dropped

  const root = document.getElementById("front-trainer");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const scripts = root.dataset.scripts; // their folder

  let worker = null;
  let run = 0; // its number; a report of an earlier one comes too late
  let playing = false;
  let awaited = false; // paused because nobody sees the page
  let reason = null; // why it was paused, until that is said
  let curves, last, drawn, since;

  const NEWS = { both: "Both players learn.", D: "Only D learns. G stands still.", G: "Only G learns. D stands still." };

  // ---------------------------------------------------------------------------------------------------- the training

  function number(name) {
    const input = part(name);
    return input.value !== "" && input.checkValidity() ? Number(input.value) : Number(input.defaultValue);
  }

  function settings() {
    const update = root.querySelector("[name=update]:checked").value;
    return { rateD: number("rateD"), rateG: number("rateG"), update };
  }

  async function begin() {
    if (!worker) {
      await Promise.all(["front_worker", "front_digits"].map((name) => load(`${scripts}${name}.js`)));
      worker = thread(ganbook.workerText, hear, failed);
    }
    [curves, last, drawn] = [[], null, 0];
    const order = { do: "begin", run: ++run, data: ganbook.frontDigits, seed: number("seed"), settings: settings() };
    worker.postMessage(order);
  }

  const news = (text) => say(part("news"), text);
  function failed(why) {
    playing = false;
    say(part("play"), "Train");
    news(`The training stopped: ${why}`);
  }

  function play() {
    playing = true;
    since = performance.now();
    awaited = false;
    reason = null;
    worker.postMessage({ do: "play" });
    say(part("play"), "Pause");
    news("Training.");
  }

  /** why: what is said once the worker stands still. */
  function pause(why = "Paused.") {
    if (!playing) return;
    playing = false;
    reason = why;
    worker.postMessage({ do: "pause" });
    say(part("play"), "Train");
  }

  /** A report of the worker. */
  function hear(report) {
    if (report.error) failed(report.error);
    if (report.run !== run) return;
    curves.push(...report.points);
    if (curves.length > POINTS) curves = curves.filter((_, i) => i % 2);
    last = report;
    if (!report.alive) pause("A loss is no longer a number. Start again with lower learning rates.");
    else if (performance.now() > since + 1000 * ENOUGH) pause("Paused after ten minutes.");
    if (!report.playing || performance.now() - drawn > (calm() ? 1000 : 0)) draw();
    if (reason !== null && !report.playing) {
      news(`${reason} ${summary()}`);
      reason = null;
    }
  }

  // ------------------------------------------------------------------------------------------------------------ seen

  const share = (x) => (x === undefined ? "–" : x.toFixed(2));
  const point = () => (curves.length ? curves[curves.length - 1] : {});

  function summary() {
    const { real, fake } = point();
    const answers = real === undefined ? "" : ` D(x) is ${share(real)} and D(G(z)) is ${share(fake)}.`;
    return `Step ${last.step.toLocaleString("en")}.${answers}`;
  }

  /** Sixteen digits, a pixel a pixel; the style sheet enlarges them. */
  function drawDigits() {
    const canvas = part("digits");
    const size = ACROSS * (SIDE + 1) - 1;
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const context = canvas.getContext("2d");
    const picture = context.createImageData(SIDE, SIDE);
    for (let digit = 0; digit < ACROSS * ACROSS; digit++) {
      for (let i = 0; i < SIDE * SIDE; i++) {
        const grey = Math.round((last.images[digit * SIDE * SIDE + i] + 1) * 127.5);
        picture.data.set([grey, grey, grey, 255], 4 * i);
      }
      context.putImageData(picture, (digit % ACROSS) * (SIDE + 1), Math.floor(digit / ACROSS) * (SIDE + 1));
    }
  }

  function draw() {
    drawDigits();
    const losses = [
      { name: "lossD", shade: "d", dash: [], label: "loss of D" },
      { name: "lossG", shade: "g", dash: [5, 3], label: "loss of G" },
    ];
    const answers = [
      { name: "real", shade: "d", dash: [], label: "D(x), real" },
      { name: "fake", shade: "g", dash: [5, 3], label: "D(G(z)), generated" },
    ];
    const shown = curves.length ? curves : [{ step: 0 }];
    drawCurves(part("losses"), shown, losses, null, (mark) => String(Number(mark.toPrecision(3))));
    drawCurves(part("answers"), shown, answers, [0, 0.5, 1], String);
    say(part("step"), last.step.toLocaleString("en"));
    say(part("rate"), last.rate === null ? "–" : last.rate < 10 ? last.rate.toFixed(1) : String(Math.round(last.rate)));
    const { lossD, lossG, real, fake } = point();
    for (const [name, value] of Object.entries({ lossD, lossG, real, fake })) say(part(`${name}Now`), share(value));
    if (!last.playing) {
      part("digits").setAttribute("aria-label", `Sixteen digits that G makes of sixteen noise vectors. ${summary()}`);
      part("losses").setAttribute("aria-label", `Curves of the losses. D: ${share(lossD)}, G: ${share(lossG)}.`);
      part("answers").setAttribute("aria-label", `Curves of D's answers. ${summary()}`);
    }
    drawn = performance.now();
  }

  // -------------------------------------------------------------------------------------------------------- building

  async function open() {
    part("open").disabled = true;
    news("Loading the digits.");
    try {
      await begin();
    } catch (error) {
      part("open").disabled = false;
      return failed(error.message);
    }
    part("offer").hidden = true;
    part("trainer").hidden = false;
    document.querySelector(".front-film").classList.add("replaced");
    part("play").focus();
    play();
  }

  // What stands in the page's address. A link sets the numbers; a click begins, or the training begins again.
  const FIELDS = { seed: whole(0, 9999), update: oneOf("both", "D", "G"), rateD: real(0, 0.1), rateG: real(0, 0.1) };
  const now = () => ({ seed: number("seed"), ...settings() });
  const START = now();

  function take(asked) {
    for (const name of ["seed", "rateD", "rateG"]) part(name).value = asked[name];
    root.querySelector(`[name=update][value=${asked.update}]`).checked = true;
    const rates = `the learning rates ${asked.rateD} of D and ${asked.rateG} of G`;
    if (worker) again();
    else news(`The link asks for seed ${asked.seed} and ${rates}. ${NEWS[asked.update]}`);
  }

  const address = keep(root, { name: "trainer", fields: FIELDS, start: START, always: ["seed"], take, refuse: news, now });
  copies(part("copy"), part("copied"), address.link, news);

  part("open").addEventListener("click", open);
  part("play").addEventListener("click", () => (playing ? pause() : play()));
  const again = async () => {
    pause();
    await begin();
    play();
  };
  part("again").addEventListener("click", again);
  part("seed").addEventListener("change", again);
  root.addEventListener("change", ({ target }) => {
    address.note();
    if (target === part("seed")) return;
    worker.postMessage({ do: "settings", settings: settings() });
    if (target.name === "update") news(NEWS[target.value]);
  });
  // A page that nobody sees does not train.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && playing) {
      pause();
      awaited = true;
    } else if (!document.hidden && awaited) play();
  });
  new ResizeObserver(() => last && draw()).observe(part("losses"));
  onTheme(() => last && draw());
  part("offer").hidden = false;
  address.follow();
  ganbook.frontTrainer = { get worker() { return worker; }, get curves() { return curves; }, get last() { return last; } };
  root.dataset.state = "ready"; // for the tests
})(globalThis.ganbook);
