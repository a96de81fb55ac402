/* The front page's training, in a thread of its own. The page sends {do: "begin", run, data, seed, settings}, "play",
   "pause", "settings" and "weights"; the answer is a report of where the training `run` stands, many times a second
   while it goes on. */
"use strict";

(function (ganbook, thread) {
  const SLICE = 80; // milliseconds of training between two reports
  const BIN = 10; // steps whose mean makes a point of the curves

  let trainer, run, playing, bin, points, pace;

  async function begin({ data, seed, settings, ...order }) {
    playing = false;
    const digits = await ganbook.greys(data);
    trainer = new ganbook.Trainer({ digits, white: data.white }, settings, seed);
    [run, bin, points] = [order.run, [], []];
    pace = { steps: 0, milliseconds: 0, since: null };
    report();
  }

  function round() {
    bin.push(trainer.round());
    if (bin.length < BIN) return;
    const mean = (name) => bin.reduce((sum, state) => sum + state[name], 0) / BIN;
    const names = ["lossD", "lossG", "real", "fake"];
    points.push({ step: trainer.step, ...Object.fromEntries(names.map((name) => [name, mean(name)])) });
    bin = [];
  }

  // A message to itself, so that those of the page are heard between two slices; timers would wait for 4 milliseconds.
  const self = new MessageChannel();
  let sent = false; // at most one is on its way
  function next() {
    if (!sent) self.port2.postMessage("on");
    sent = true;
  }
  self.port1.onmessage = () => {
    sent = false;
    if (!playing) return;
    const now = performance.now();
    if (pace.since !== null) pace.milliseconds += now - pace.since;
    pace.since = now;
    while (performance.now() < now + SLICE && trainer.alive) {
      round();
      pace.steps++;
    }
    playing = trainer.alive;
    report();
    next();
  };

  /** Points since the last report, and what the sixteen noise vectors have become. */
  function report() {
    const rate = pace.milliseconds ? (1000 * pace.steps) / pace.milliseconds : null;
    const { step, alive } = trainer;
    thread.postMessage({ run, step, alive, playing, points, rate, images: trainer.look() });
    points = [];
    // The mean of about the last second.
    if (pace.milliseconds > 1000) pace = { ...pace, steps: pace.steps / 2, milliseconds: pace.milliseconds / 2 };
  }

  const ORDERS = {
    begin,
    play() {
      if (playing) return;
      [playing, pace.since] = [true, null];
      next();
    },
    pause() {
      playing = false;
      report();
    },
    settings({ settings }) {
      trainer.settings = settings;
    },
    weights() {
      const { G, D, average, step } = trainer;
      const values = Object.entries({ G, D, average }).map(([name, network]) => [name, network.values.slice()]);
      thread.postMessage({ step, weights: Object.fromEntries(values) });
    },
  };
  let before = Promise.resolve(); // orders are carried out one after the other
  thread.onmessage = ({ data }) => {
    before = before.then(() => ORDERS[data.do](data)).catch(({ message }) => thread.postMessage({ error: message }));
  };
})(globalThis.ganbook, globalThis);
