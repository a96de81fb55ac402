/* The page "A game in the page": what is pressed and seen. The game is in game.js. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { onTheme, calm, say, drawCurves } = ganbook.page;
  const FAKES = 400; // points drawn
  const REAL = 150;
  const ARROWS = 36;
  const LATTICE = 56; // places on a side at which D is asked
  const LOOK_EVERY = 10; // steps between two points of the curves
  const SLICE = 22; // milliseconds of training between two looks at the reader's wishes
  const SPEEDS = [1, 5, 20, 60, Infinity]; // steps a second
  // Data, and how far the picture reaches.
  const DATA = {
    ring: { make: ganbook.ring, reach: 3, python: "ring()" },
    grid: { make: ganbook.grid, reach: 5.5, python: "grid()" },
    moons: { make: ganbook.moons, reach: 3.2, python: "moons()" },
    gaussian: { make: ganbook.gaussian, reach: 2.5, python: "Mixture(torch.zeros(1, 2), 0.5)" },
  };

  const root = document.getElementById("toy-demo");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const value = (name) => part(name).value;

  let game, real, curves, playing, due, lastFrame, lastDrawing, drawingCost, pace;

  // ------------------------------------------------------------------------------------------------------ settings

  function number(name) {
    const input = part(name);
    const found = Number(input.value);
    return input.value !== "" && input.checkValidity() ? found : Number(input.defaultValue);
  }

  function settings() {
    return {
      objective: value("objective"),
      weight: number("weight"),
      k: Number(value("k")),
      rateD: Number(value("rateD")),
      rateG: Number(value("rateG")),
      beta1: Number(value("beta1")),
    };
  }

  /** The same game in Python, which a reader may take to a notebook. */
  function python() {
    const s = settings();
    const objective = ganbook.objectives[s.objective].python(s.weight);
    const data = DATA[value("data")].python;
    const steps = Math.max(game.step, 1);
    return `import torch

from ganbook import sample, train
from ganbook.data.mixtures import ${data.match(/^\w+/)}
from ganbook.models import points
from ganbook.objectives import ${objective.match(/[A-Z]\w+/g).sort().join(", ")}

data = ${data}
torch.manual_seed(${number("seed")})
G, D = points.Generator(), points.Discriminator()
options = {
    "opt_g": torch.optim.Adam(G.parameters(), lr=${s.rateG}, betas=(${s.beta1}, 0.9)),
    "opt_d": torch.optim.Adam(D.parameters(), lr=${s.rateD}, betas=(${s.beta1}, 0.9)),
}
objective = ${objective}
for record in train(G, D, objective, data, **options, steps=${steps}, m=${game.m}, k=${s.k}, seed=${number("seed")}):
    pass
modes, near = data.coverage(sample(G, 1000))
print(f"step {record.step}: {modes} of {len(data.means)} modes, {near:.0%} near one")
`;
  }

  // ------------------------------------------------------------------------------------------------------ the game

  function reset() {
    pause();
    const { make } = DATA[value("data")];
    game = new ganbook.Game(make(), settings(), number("seed"));
    real = game.data.sample(REAL, new ganbook.Random(12345));
    curves = [];
    pace = null;
    look();
    draw();
    say(part("news"), "A new game, before its first step.");
  }

  /** Write down what the curves show. */
  function look() {
    const { modes, near } = game.data.coverage(game.fakes());
    curves.push({ step: game.step, ...game.losses, share: modes / game.data.means.length, near });
  }

  function round() {
    game.round();
    if (game.step % LOOK_EVERY === 0) look();
  }

  /** As many steps as are due, but no longer than SLICE. Returns how many. */
  function advance(most) {
    const end = performance.now() + SLICE;
    let done = 0;
    while (done < most && performance.now() < end && game.alive) {
      round();
      done++;
    }
    return done;
  }

  function frame(now) {
    if (!playing) return;
    const passed = Math.min(0.25, (now - lastFrame) / 1000); // a page that was hidden does not catch up
    lastFrame = now;
    const speed = SPEEDS[value("speed") - 1];
    due = speed === Infinity ? Infinity : Math.min(due + speed * passed, speed);
    const done = advance(Math.floor(due));
    if (speed !== Infinity) due -= done;
    pace.steps += done;
    // Drawing takes at most a third of the time; with less motion asked for, one picture a second.
    const wait = calm() ? 1000 : Math.max(50, 2 * drawingCost);
    if (done && now - lastDrawing > wait) draw();
    if (!game.alive) {
      pause();
      draw();
      say(part("news"), "A loss is no longer a number: the game is beyond repair. Start again with lower rates.");
      return;
    }
    requestAnimationFrame(frame);
  }

  function play() {
    playing = true;
    due = 1;
    lastFrame = lastDrawing = performance.now();
    pace = { since: lastFrame, steps: 0 };
    say(part("play"), "Pause");
    say(part("news"), "Playing.");
    requestAnimationFrame(frame);
  }

  function pause() {
    if (!playing) return;
    playing = false;
    say(part("play"), "Play");
    draw();
    say(part("news"), `Paused. ${summary()}`);
  }

  /** Updates of one player by hand, while the other stands still. */
  function single(player) {
    pause();
    const times = Number(value("times"));
    for (let i = 0; i < times; i++) {
      if (player === "D") game.updateD();
      else game.updateG();
    }
    look();
    draw();
    say(part("news"), `${player} updated ${times === 1 ? "once" : `${times} times`}. ${summary()}`);
  }

  // ------------------------------------------------------------------------------------------------------ seen

  const figure = (x) => (x === null ? "none yet" : x.toFixed(3).replace("-", "−"));

  function state() {
    const { modes, near } = game.data.coverage(game.fakes());
    return { modes, near, all: game.data.means.length, ...game.losses, step: game.step, updates: game.updatesOfD };
  }

  function summary() {
    const s = state();
    return `Step ${s.step}: ${s.modes} of ${s.all} modes reached, ${Math.round(100 * s.near)} % of the fakes near one.`;
  }

  function drawField() {
    const { reach } = DATA[value("data")];
    const arrows = part("arrows").checked ? ARROWS : 0;
    ganbook.plane.draw(part("plane"), game, { real, reach, side: LATTICE, fakes: FAKES, arrows });
  }

  function draw() {
    const begin = performance.now();
    drawField();
    const s = state();
    const losses = [
      { name: "d", shade: "d", dash: [], label: "loss of D" },
      { name: "g", shade: "g", dash: [5, 3], label: "loss of G" },
    ];
    const shares = [
      { name: "share", shade: "ink", dash: [], label: "modes reached" },
      { name: "near", shade: "quiet", dash: [5, 3], label: "fakes near one" },
    ];
    drawCurves(part("losses"), curves, losses, null, (mark) => String(Number(mark.toPrecision(3))).replace("-", "−"));
    drawCurves(part("reached"), curves, shares, [0, 0.5, 1], (mark) => `${100 * mark} %`);
    const wording = {
      step: s.step.toLocaleString("en"),
      updates: s.updates.toLocaleString("en"),
      modes: `${s.modes} of ${s.all}`,
      near: `${Math.round(100 * s.near)} %`,
      lossD: figure(s.d),
      lossG: figure(s.g),
    };
    for (const [name, text] of Object.entries(wording)) say(part(name), text);
    if (pace && pace.steps && playing) {
      const rate = pace.steps / ((performance.now() - pace.since) / 1000);
      say(part("pace"), `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} steps a second`);
      if (performance.now() - pace.since > 2000) pace = { since: performance.now(), steps: 0 };
    }
    const { middle } = game.objective;
    say(part("low"), middle === null ? "D: lowest" : "D: fake");
    say(part("middle"), middle === null ? "between" : "D cannot tell");
    say(part("high"), middle === null ? "D: highest" : "D: real");
    if (!playing) {
      part("plane").setAttribute("aria-label", `The plane with D's answers, real points and fakes. ${summary()}`);
      part("losses").setAttribute("aria-label", `Losses. D: ${figure(s.d)}, G: ${figure(s.g)}.`);
      part("reached").setAttribute("aria-label", `Modes reached: ${s.modes} of ${s.all}.`);
      if (part("twin").open) say(part("python"), python());
    }
    lastDrawing = performance.now();
    drawingCost = lastDrawing - begin;
  }

  // ------------------------------------------------------------------------------------------------------ building

  function showPenalty() {
    const { penalty, weight } = ganbook.objectives[value("objective")];
    part("weight").closest(".demo-field").hidden = !penalty;
    if (penalty) part("weight").value = part("weight").defaultValue = weight;
  }

  part("objective").replaceChildren(...Object.keys(ganbook.objectives).map((name) => new Option(name, name)));
  part("play").addEventListener("click", () => (playing ? pause() : play()));
  part("stepD").addEventListener("click", () => single("D"));
  part("stepG").addEventListener("click", () => single("G"));
  part("reset").addEventListener("click", reset);
  part("arrows").addEventListener("change", draw);
  part("twin").addEventListener("toggle", () => say(part("python"), python()));
  for (const name of ["data", "beta1", "seed"]) part(name).addEventListener("change", reset); // these begin a game
  part("objective").addEventListener("change", showPenalty);
  for (const name of ["objective", "weight", "k", "rateD", "rateG"])
    part(name).addEventListener("change", () => {
      game.settings = settings(); // these change the rules of the game that is going on
      if (!playing) draw();
    });
  const speed = () => {
    const chosen = SPEEDS[value("speed") - 1];
    say(part("pace"), chosen === Infinity ? "as fast as it goes" : `${chosen} steps a second`);
    part("speed").setAttribute("aria-valuetext", part("pace").textContent);
    due = 1;
  };
  part("speed").addEventListener("input", speed);
  new ResizeObserver(() => game && draw()).observe(part("plane"));
  onTheme(() => draw());
  showPenalty();
  speed();
  reset();
  ganbook.toyDemo = { get game() { return game; }, get playing() { return playing; } }; // for the tests
  root.dataset.state = "ready";
})(globalThis.ganbook);
