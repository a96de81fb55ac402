/* The explorable "The game": what is drawn, pressed and seen. The data and the six are in board.js, the games in game.js,
   their pictures in plane.js. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { calm, colour, onTheme, say } = ganbook.page;
  const { whole, oneOf, keep, copies } = ganbook.state;
  const { board, plane } = ganbook;
  const { SIDE, REACH, STEPS, LESSON, OBJECTIVES, STARTS } = board;
  const MOST = 2000; // steps of a game
  const REAL = 150; // points drawn
  const FAKES = 300;
  const SLICE = 18; // milliseconds of training between two looks at the reader's wishes
  const ONE = { reach: REACH, side: 44, fakes: FAKES, arrows: 30, lines: true };
  const PANEL = { reach: REACH, side: 26, fakes: 120, arrows: 14, lines: true, size: 0.8 };
  const PUSHED = 256; // fakes whose pushes are averaged
  const SAID = "Each panel has a D of its own. The number is the mean push on a fake.";

  const root = document.getElementById("game-demo");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);

  // What stands in the page's address: without its end it asks for a new game on the ring.
  const cells = { read: board.read, write: board.written,
    takes: "painted cells such as 33.a6, each a column and a row out of 0 to 9, a, b and c" };
  const FIELDS = { view: oneOf("draw", "game", "six"), data: cells, loss: oneOf(...Object.keys(OBJECTIVES)),
    k: oneOf("1", "5"), rate: oneOf("1", "5"), seed: whole(0, 999), step: whole(0, MOST) };
  const START = { view: "game", data: board.read(STARTS.ring), loss: "non-saturating", k: "1", rate: "1", seed: 0, step: 0 };

  // A tour in four steps: each sets the state, and its question is asked before anything runs.
  const TOUR = [
    { at: {}, says: "The fakes (dots) start as one clump. Each arrow is the push that one fake gets from D. Where do they go?" },
    { at: { rate: "5" }, says: "Nothing changes but one number: G now learns five times as fast as D." },
    { at: { view: "six" }, says: "The fakes of step 0 stand still, far from the data. Six new D learn from the same points. "
      + "The first two are equal at each step, and their arrows differ." },
    { at: { view: "six", step: STEPS }, says: `The same six, and the fakes of step ${STEPS}. They are among the data now.` },
  ];

  const state = { ...START, guess: "" }; // guess: until there is one, nothing runs that shows the answer
  let game, six, job, real, drawing, place;

  // ------------------------------------------------------------------------------------------------------------ seen

  const number = (x) => (x === null ? "none yet" : x.toFixed(2).replace("-", "−"));
  const push = (one) => ((x) => (x < 0.01 ? x.toPrecision(1) : x.toFixed(2)))(one.push(PUSHED));
  const news = (text) => say(part("news"), text);
  const clouds = (n) => `${n} ${n === 1 ? "cloud" : "clouds"}`;
  const learnt = () => (six ? six[0].updatesOfD : 0);
  const words = (loss) => OBJECTIVES[loss].words;

  function standing() {
    const { modes, near } = game.data.coverage(game.fakes());
    return { modes, all: game.data.means.length, near };
  }

  const percent = (share) => `${Math.round(100 * share)} %`;
  function summary() {
    const { modes, all, near } = standing();
    return `Step ${game.step}: ${modes} of ${clouds(all)} reached, ${percent(near)} of the fakes on a cloud.`;
  }

  /** The painted cells. */
  function drawBoard() {
    const painted = new Set(state.data);
    const [ink, empty, other] = [colour("d"), colour("paper"), ganbook.cells.mix(colour("paper"), colour("line"), 0.4)];
    const all = Array.from({ length: SIDE * SIDE }, (_, i) => (painted.has(i)
      ? { shade: ink, text: "●", size: 0.5 }
      : { shade: i % 2 ? other : empty, text: "", size: 0.5 }));
    ganbook.cells.draw(part("board").querySelector("canvas"), SIDE, all);
  }

  function drawOne() {
    plane.draw(part("plane"), game, { ...ONE, real });
    const { modes, all, near } = standing();
    const texts = { step: String(game.step), modes: `${modes} of ${all}`, near: percent(near),
      lossD: number(game.losses.d), lossG: number(game.losses.g) };
    for (const [name, text] of Object.entries(texts)) say(part(name), text);
    legend(game.objective.middle === null);
  }

  const panels = [...part("panels").children];
  /** One panel of the six, as its D is now. */
  function drawPanel(i) {
    plane.draw(panels[i].querySelector("canvas"), six[i], { ...PANEL, real, blank: !learnt() });
    say(panels[i].querySelector("span"), learnt() ? push(six[i]) : "?");
  }

  function legend(relative) {
    const ends = relative ? ["D: lowest", "between", "D: highest"] : ["D: fake", "D cannot tell", "D: real"];
    ["low", "middle", "high"].forEach((name, i) => say(part(name), ends[i]));
  }

  function drawSix() {
    six.forEach((_, i) => drawPanel(i));
    legend(false);
  }

  /** Everything but the pictures: what can be pressed, and what is asked. */
  function show() {
    const { view, data } = state;
    for (const name of ["draw", "game", "six"]) part(`${name}-view`).hidden = view !== name;
    part("scale").hidden = view === "draw";
    root.querySelector(`[name="game-view"][value="${view}"]`).checked = true;
    for (const name of ["loss", "k", "rate"]) part(name).value = state[name];
    part("settings").hidden = view !== "game";
    const running = Boolean(job && job.going);
    const asking = Boolean(data.length) && !job && !state.guess && view !== "draw" && (view === "six" || !game.step);
    part("question").hidden = !asking;
    if (asking) ask();
    part("play").hidden = view === "draw" || asking || !data.length || (view === "six" && learnt() >= LESSON);
    const on = view === "game" && game && game.step ? `Play ${STEPS} more steps` : "Play";
    say(part("play"), running ? "Pause" : job ? "Go on" : on);
    part("play").disabled = !job && view === "game" && Boolean(game) && game.step >= MOST;
    say(part("count"), data.length ? `${clouds(data.length)} of data.` : "No data yet: paint a cell.");
  }

  function draw() {
    const begin = performance.now();
    if (state.view === "draw") drawBoard();
    else if (game && state.view === "game") drawOne();
    else if (six) drawSix();
    label();
    drawing = { last: performance.now(), cost: performance.now() - begin };
  }

  /** What a screen reader is told of the pictures, unless they move. */
  function label() {
    if ((job && job.going) || !game) return;
    part("plane").setAttribute("aria-label", `The plane with D's answers, data and fakes. ${summary()}`);
    if (six) panels.forEach((panel, i) => panel.querySelector("canvas").setAttribute("aria-label",
      `The plane with the answers of the D of ${words(six[i].loss)}${learnt() ? `, mean push ${push(six[i])}` : ""}`));
  }

  // -------------------------------------------------------------------------------------------------------- questions

  const choice = (value, text) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", value, textContent: text });
    button.addEventListener("click", () => {
      state.guess = value;
      begin();
      part("play").focus({ preventScroll: true });
    });
    return button;
  };

  let asked;
  function ask() {
    const of = state.data.length;
    const text = state.view === "six"
      ? `Predict first. At which of the six D will the fakes feel the weakest push, after ${LESSON} updates?`
      : `Predict first. How many of the ${clouds(of)} will the fakes reach in ${STEPS} steps?`;
    if (asked === text) return;
    asked = text;
    say(part("asked"), text);
    const choices = state.view === "six" ? Object.keys(OBJECTIVES).map((loss) => [loss, words(loss)])
      : of > 1 ? [["all", `all ${of}`], ["some", "some"], ["none", "none"]] : [["all", "this one"], ["none", "none"]];
    part("choices").replaceChildren(...[...choices, ["asked", "Run it without a guess"]].map((one) => choice(...one)));
  }

  /** What became of the prediction, in a sentence. */
  function verdict(came, said) {
    if (!state.guess || state.guess === "asked") return "";
    return state.guess === came ? " You predicted this." : ` You predicted: ${said(state.guess)}.`;
  }

  // ------------------------------------------------------------------------------------------------------------- runs

  /** A game to `stop`, for which an address may ask; `after` comes then. */
  function playTo(stop, after) {
    return {
      begun: `Playing to step ${stop}.`,
      done: () => game.step >= stop || !game.alive,
      step: () => game.round(),
      paint: drawOne,
      end: after || (() => {
        const { modes, all } = standing();
        const came = modes === all ? "all" : modes ? "some" : "none";
        const told = stop === STEPS ? verdict(came, (guess) => guess) : "";
        news(game.alive ? summary() + told : "A loss is no longer a number. Start again.");
      }),
    };
  }

  function teach() {
    let turn = 0;
    return {
      begun: "Six discriminators learn.",
      done: () => learnt() >= LESSON,
      step: () => six.forEach((one) => one.updateD()),
      paint: () => (calm() ? drawSix() : drawPanel(turn++ % six.length)),
      end: () => {
        const pushes = six.map((one) => one.push(PUSHED));
        const [weak, strong] = [Math.min(...pushes), Math.max(...pushes)].map((value) => pushes.indexOf(value));
        const told = (i) => `${words(six[i].loss)} (${push(six[i])})`;
        news(`The weakest push: ${told(weak)}. The strongest: ${told(strong)}.${verdict(six[weak].loss, words)}`);
      },
    };
  }

  function begin() {
    job = job || (state.view === "six" ? teach() : playTo(Math.min(MOST, (Math.floor(game.step / STEPS) + 1) * STEPS)));
    job.going = true;
    news(job.begun);
    show();
    const now = job;
    drawing = { last: performance.now(), cost: 0 };
    const frame = () => {
      if (job !== now || !now.going) return;
      const end = performance.now() + SLICE;
      while (!now.done() && performance.now() < end) now.step();
      if (now.done()) return finish();
      // Pictures take at most half of the time; with less motion asked for there is one a second.
      if (performance.now() - drawing.last > (calm() ? 1000 : Math.max(40, drawing.cost))) {
        const begun = performance.now();
        now.paint();
        drawing = { last: performance.now(), cost: performance.now() - begun };
      }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  function finish() {
    const { end } = job;
    job = null;
    draw();
    end();
    show();
    label();
    address.note();
  }

  function pause(why = "Paused.") {
    if (!job || !job.going) return;
    job.going = false;
    draw();
    news(state.view === "six" ? `${why} ${learnt()} of ${LESSON} updates.` : `${why} ${summary()}`);
    show();
    label();
    address.note();
  }

  // ------------------------------------------------------------------------------------------------- what can be done

  /** A new game with the settings as they are. */
  function anew(told = "") {
    job = six = null;
    state.guess = "";
    asked = null;
    game = state.data.length ? board.game(state.data, { ...state, k: Number(state.k), rate: Number(state.rate) }) : null;
    real = game && board.points(game.data, REAL);
    enter(told);
  }

  /** Show the view that is chosen. */
  function enter(told = "") {
    if (state.view !== "draw" && !game) {
      state.view = "draw";
      told = "There are no data: paint at least one cell first.";
    }
    if (state.view === "six" && !six) {
      six = board.six(game);
      say(part("from"), `${SAID} The fakes are those of step ${game.step}, and G stands still.`);
    }
    show();
    draw();
    news(told);
  }

  function turnTo(view) {
    pause();
    job = null;
    if (view !== state.view) six = null; // the fakes may be others by then
    Object.assign(state, { view, guess: "" });
    enter();
    address.note();
  }

  const same = (values) => ["data", "loss", "k", "rate", "seed"].every((key) => String(values[key]) === String(state[key]));

  /** What an address or the tour asks for. A game is played to the step that is asked for, unless it stands there. */
  function take({ step, ...values }) {
    if (step && game && game.step === step && same(values)) return turnTo(values.view);
    Object.assign(state, values);
    const { view } = values;
    if (step && values.data.length) state.view = "game"; // it is played first
    anew();
    address.note();
    if (!step || !game) return;
    state.guess = "asked";
    job = playTo(step, view === "six" && (() => { turnTo("six"); }));
    begin();
  }

  const tour = (i) => {
    place = i;
    take({ ...START, ...TOUR[i].at });
    say(part("told"), `Tour, ${i + 1} of ${TOUR.length}. ${TOUR[i].says}`);
    part("back").disabled = i === 0;
    say(part("next"), "Next");
    part("next").disabled = i + 1 === TOUR.length;
  };
  function leave() {
    place = undefined;
    say(part("told"), "A tour of four steps, or your own data.");
    part("back").disabled = true;
    part("next").disabled = false;
    say(part("next"), "Take the tour");
  }

  function paint(i, on) {
    const rest = state.data.filter((cell) => cell !== i);
    state.data = on ? board.ordered([...rest, i]) : rest;
    leave();
    anew(tell(i));
    address.note();
  }

  const tell = (i) => `Row ${Math.floor(i / SIDE)}, column ${i % SIDE}: ${state.data.includes(i) ? "data" : "empty"}.`;

  // --------------------------------------------------------------------------------------------------------- building

  let inking = true; // a stroke that begins on a painted cell wipes
  ganbook.cells.walk(part("board"), {
    side: () => SIDE,
    tell: (i) => news(tell(i)),
    press: (i) => {
      inking = !state.data.includes(i);
      paint(i, inking);
    },
    drag: (i) => state.data.includes(i) !== inking && paint(i, inking),
    hover: false,
    key: (key, i) => [" ", "Enter", "Delete", "Backspace"].includes(key)
      && (paint(i, [" ", "Enter"].includes(key) && !state.data.includes(i)), true),
  });
  for (const button of part("starts").querySelectorAll("button"))
    button.addEventListener("click", () => {
      state.data = button.value ? board.read(STARTS[button.value]) : [];
      leave();
      anew(button.value ? "" : "Everything is wiped.");
      address.note();
    });
  part("views").addEventListener("change", ({ target }) => {
    leave();
    turnTo(target.value);
  });
  for (const [loss, { words: text }] of Object.entries(OBJECTIVES)) part("loss").append(new Option(text, loss));
  for (const name of ["loss", "k", "rate"])
    part(name).addEventListener("change", ({ target }) => {
      state[name] = target.value;
      leave();
      anew("A new game, with this setting.");
      address.note();
    });
  part("play").addEventListener("click", () => (job && job.going ? pause() : begin()));
  part("again").addEventListener("click", () => {
    anew("The same game, before its first step.");
    address.note();
  });
  part("another").addEventListener("click", () => {
    state.seed = (state.seed + 1) % 1000;
    anew(`A new game, seed ${state.seed}.`);
    address.note();
  });
  part("back").addEventListener("click", () => tour(place - 1));
  part("next").addEventListener("click", () => tour(place === undefined ? 0 : place + 1));

  const now = () => ({ ...state, step: game && state.view !== "draw" ? game.step : 0 });
  const address = keep(root, { name: "game", fields: FIELDS, start: START, always: ["view"], take: (values) => {
    leave();
    take(values);
  }, refuse: news, now });
  copies(part("copy"), part("copied"), address.link, news);

  document.addEventListener("visibilitychange", () => document.hidden && pause());
  new IntersectionObserver(([{ isIntersecting }]) => !isIntersecting && pause("Paused, out of sight.")).observe(root);
  ganbook.gameDemo = { state, get game() { return game; }, get six() { return six; }, get job() { return job; } }; // for the tests
  ganbook.page.show(root);
  leave();
  anew();
  new ResizeObserver(() => !(job && job.going) && draw()).observe(root);
  onTheme(draw);
  address.follow();
  root.dataset.state = "ready"; // for the tests
})(globalThis.ganbook);
