/* The explorable "Moving earth": what is dragged, pressed and seen. The arithmetic is in earth.js, the drawings are in
   earth_draw.js. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { say, speaker } = ganbook.page;
  const { oneOf, keep, copies } = ganbook.state;
  const { earth } = ganbook;
  const { COLUMNS, BLOCKS, STARTS, number } = earth;
  const PILES = { q: "fakes", p: "data" }; // in the order from above
  const GUESSES = {
    grows: "You predicted that JSD keeps growing. It does not.",
    stays: "This is what you predicted.",
    falls: "You predicted that JSD falls. It does not.",
    asked: "",
  };

  const root = document.getElementById("earth-demo");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const stage = part("stage");

  const state = {
    p: null, // blocks of data in each column
    q: null, // and of fakes
    shift: 0, // by how many columns the fakes were moved since a pile had its shape, from the data
    low: 0, // the least and the greatest shift so far: as far go the curves
    high: 0,
    guess: "", // about JSD; until there is one, JSD and TV are hidden
    cursor: { pile: "q", column: 0 },
  };

  // What stands in the page's address. Without its end the address asks for the first start.
  const pile = { read: (text) => earth.read(text) || undefined, write: earth.written,
    takes: `a pile of ${BLOCKS} blocks, such as 4x3-9x7: column 4 has 3 blocks and column 9 has 7` };
  const FIELDS = { data: pile, fakes: pile, jsd: oneOf("hidden", "shown") };
  const piles = (name) => ({ data: earth.read(STARTS[name].data), fakes: earth.read(STARTS[name].fakes) });
  const START = { ...piles("overlap"), jsd: "hidden" };

  // ------------------------------------------------------------------------------------------------------------ seen

  /** How many blocks of fakes can stay in their columns. */
  const staying = () => state.p.reduce((sum, blocks, t) => sum + Math.min(blocks, state.q[t]), 0);

  function meaning() {
    if (!state.guess) return "";
    const both = staying();
    if (both === BLOCKS) return "The piles are equal. Every measure is 0.";
    if (both) return `${both} of ${BLOCKS} blocks can stay in their columns. JSD and TV depend on this overlap.`;
    const apart = earth.trail(state.p, state.q, state.low - state.shift, state.high - state.shift);
    const seen = apart.filter(({ tv }) => tv > 1 - 1e-9).length > 2;
    return `No column has blocks of both. JSD is log 2 and TV is 1, however far the piles lie apart. ${
      seen ? GUESSES[state.guess] : ""}`.trim();
  }

  function numbers() {
    const { p, q } = state;
    const columns = Math.round(earth.w1(p, q) * BLOCKS);
    const { f } = earth.critic(p, q);
    const [real, fake] = [earth.mean(f, p), earth.mean(f, q)];
    const below = fake < -0.05 ? `(${number(fake)})` : number(fake);
    return {
      plan: `${columns} / ${BLOCKS} = ${number(earth.cost(earth.plan(p, q)))}`,
      gap: `${number(real)} − ${below} = ${number(real - fake)}`,
      jsd: state.guess ? number(earth.jsd(p, q), 2) : "?",
      tv: state.guess ? number(earth.tv(p, q), 2) : "?",
    };
  }

  function drawCurves() {
    const { p, q, shift, low, high } = state;
    const trail = earth.trail(p, q, low - shift, high - shift);
    const now = trail[shift - low].shift;
    const w1 = { name: "w1", label: 'W<tspan dy="0.25em" font-size="75%">1</tspan>', kind: "earth-w1" };
    const flat = [{ name: "jsd", label: "JSD", kind: "earth-jsd" }, { name: "tv", label: "TV", kind: "earth-tv" }];
    earth.drawCurves(part("far"), trail, now, [w1], [[0, "0"], [10, "10"], [20, "20"]]);
    earth.drawCurves(part("flat"), state.guess ? trail : [], now, flat, [[0, "0"], [Math.log(2), "log 2"], [1, "1"]]);
    const ways = `at shifts from ${number(trail[0].shift)} to ${number(trail[trail.length - 1].shift)}`;
    const ends = (name, digits) => `${number(trail[0][name], digits)} to ${number(trail[trail.length - 1][name], digits)}`;
    part("far").setAttribute("aria-label", `Curve of W1 ${ways}: ${ends("w1", 1)}`);
    part("flat").setAttribute("aria-label", state.guess
      ? `Curves ${ways}. JSD: ${ends("jsd", 2)}. TV: ${ends("tv", 2)}` : "Curves of JSD and TV: predict first");
  }

  const marked = () => stage.matches(":focus-visible") || chosen() === "block";
  const chosen = () => root.querySelector('[name="earth-drag"]:checked').value;

  function show() {
    const { p, q, cursor } = state;
    earth.drawPiles(part("piles"), p, q, marked() ? cursor : null);
    earth.drawCritic(part("critic"), p, q);
    for (const [name, text] of Object.entries(numbers())) say(part(name), text);
    part("critic").setAttribute("aria-label", `The critic: its mean on the data minus its mean on the fakes is ${numbers().gap}`);
    for (const pile of Object.keys(PILES)) {
      const [first, last] = earth.reach(state[pile]);
      part(pile).max = COLUMNS - 1 - (last - first);
      part(pile).value = first;
      const where = first === last ? `column ${first}` : `columns ${first} to ${last}`;
      part(pile).setAttribute("aria-valuetext", where);
    }
    part("question").hidden = Boolean(state.guess);
    say(part("meaning"), meaning());
    part("carry").hidden = chosen() !== "block";
    part("left").disabled = !canCarry(-1);
    part("right").disabled = !canCarry(1);
    stage.classList.toggle("earth-one", chosen() === "block");
    drawCurves();
  }

  const news = (text) => say(part("news"), text);
  /** Speak the numbers, which the page shows, to whoever hears the page: once the reader's hand rests. */
  const speak = speaker(part("spoken"), () => {
    const { plan, gap, jsd, tv } = numbers();
    const hidden = state.guess ? `JSD ${jsd}, TV ${tv}.` : "";
    return `W1 by the plan: ${plan}. By the critic: ${gap}. ${hidden} ${meaning()}`.trim();
  });

  function changed() {
    show();
    speak();
    address.note();
  }

  // ----------------------------------------------------------------------------------------------- what can be done

  /** Both piles anew; the curves begin at them. */
  function put({ data, fakes }) {
    Object.assign(state, { p: data, q: fakes, shift: 0, low: 0, high: 0 });
    state.cursor = { pile: "q", column: earth.reach(fakes)[0] };
    news("");
  }

  /** What an address asks for. JSD stays shown to a reader who has seen it. */
  function take({ jsd, ...both }) {
    put(both);
    if (jsd === "shown") state.guess = state.guess || "asked";
    changed();
  }

  /** Move a whole pile, as far as the line goes. */
  function move(pile, by) {
    const [before] = earth.reach(state[pile]);
    state[pile] = earth.moved(state[pile], by);
    const step = earth.reach(state[pile])[0] - before;
    if (!step) return;
    state.shift += pile === "q" ? step : -step;
    state.low = Math.min(state.low, state.shift);
    state.high = Math.max(state.high, state.shift);
    if (state.cursor.pile === pile) state.cursor.column += step;
    news("");
    changed();
  }

  const canCarry = (by) => state[state.cursor.pile][state.cursor.column] > 0 && state.cursor.column + by in state.p;

  /** Carry a block of the cursor's column; the cursor goes with it. */
  function carry(by) {
    const { pile, column } = state.cursor;
    if (!canCarry(by)) return;
    state[pile] = earth.carried(state[pile], column, column + by);
    Object.assign(state, { shift: 0, low: 0, high: 0 });
    state.cursor.column += by;
    tell();
    changed();
  }

  function go(pile, column) {
    state.cursor = { pile, column: Math.min(COLUMNS - 1, Math.max(0, column)) };
    tell();
    show();
  }

  function tell() {
    const { pile, column } = state.cursor;
    const blocks = state[pile][column];
    news(`Column ${column}: ${blocks} ${blocks === 1 ? "block" : "blocks"} of ${pile === "q" ? "fakes" : "data"}.`);
  }

  // ------------------------------------------------------------------------------------------------ pointer and keys

  /** The column under a pointer, and the pile on its side of the line. */
  function under(event) {
    const box = stage.getBoundingClientRect();
    const column = Math.floor((COLUMNS * (event.clientX - box.left)) / box.width);
    return {
      pile: event.clientY < box.top + box.height / 2 ? "q" : "p",
      column: Math.min(COLUMNS - 1, Math.max(0, column)),
    };
  }

  /** The column with blocks that is nearest to a place. */
  function nearest({ pile, column }) {
    const filled = state[pile].flatMap((blocks, t) => (blocks ? [t] : []));
    return filled.reduce((best, t) => (Math.abs(t - column) < Math.abs(best - column) ? t : best));
  }

  let held = null; // {pile, column, first}: the pile that a pointer took, where it took it, and where the pile began
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true, focusVisible: false });
    event.preventDefault(); // nothing is selected by dragging
    held = under(event);
    [held.first] = earth.reach(state[held.pile]);
    if (chosen() === "block") go(held.pile, nearest(held));
  });
  stage.addEventListener("pointermove", (event) => {
    if (!held || !stage.hasPointerCapture(event.pointerId)) return;
    const { column } = under(event);
    const { pile, first } = held;
    if (chosen() === "pile") move(pile, first + column - held.column - earth.reach(state[pile])[0]);
    else if (column !== state.cursor.column) carry(column - state.cursor.column);
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { held = null; });
  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { pile, column } = state.cursor;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && event.shiftKey) carry(by);
    else if (by) go(pile, column + by);
    else if (event.key === "ArrowUp") go("q", column);
    else if (event.key === "ArrowDown") go("p", column);
    else return;
    event.preventDefault(); // the page does not scroll
    event.stopPropagation(); // nor does it turn to the next chapter
  });
  for (const change of ["focus", "blur"]) stage.addEventListener(change, show);

  // -------------------------------------------------------------------------------------------------------- building

  const now = () => ({ data: state.p, fakes: state.q, jsd: state.guess ? "shown" : "hidden" });
  const address = keep(root, { name: "earth", fields: FIELDS, start: START, always: ["data", "fakes"], take, refuse: news, now });
  copies(part("copy"), part("copied"), address.link, news);
  for (const button of part("starts").querySelectorAll("button"))
    button.addEventListener("click", () => {
      put(piles(button.value));
      changed();
    });
  for (const pile of Object.keys(PILES))
    part(pile).addEventListener("input", ({ target }) => move(pile, target.value - earth.reach(state[pile])[0]));
  for (const button of part("question").querySelectorAll("button"))
    button.addEventListener("click", () => {
      state.guess = button.value;
      changed();
      stage.focus({ preventScroll: true });
    });
  part("left").addEventListener("click", () => carry(-1));
  part("right").addEventListener("click", () => carry(1));
  part("drag").addEventListener("change", show);

  put(START);
  ganbook.earthDemo = { state }; // for the tests, and for a curious reader's console
  ganbook.page.show(root);
  new ResizeObserver(show).observe(stage);
  show();
  address.follow();
  root.dataset.state = "ready"; // for the tests
})(globalThis.ganbook);
