/* The explorable "Stamping": what is set, stamped and seen. The arithmetic is in stamping.js. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { onTheme, say, show: showFigure } = ganbook.page;
  const { walk } = ganbook.cells;
  const { whole, oneOf, digits, keep, copies } = ganbook.state;
  const { reach, stamped, reaching, stamp, counts, pattern, sums, field, table } = ganbook.stamping;

  const root = document.getElementById("stamping-demo");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const canvas = (name) => part(name).querySelector("canvas");
  const chosen = (name) => root.querySelector(`[name="stamping-${name}"]:checked`);
  const choose = (name, value) => { root.querySelector(`[name="stamping-${name}"][value="${value}"]`).checked = true; };

  const NUMBERS = ["kernel", "stride", "padding", "side"];
  const FIELDS = {
    kernel: whole(1, 6),
    stride: whole(1, 3),
    padding: whole(0, 2),
    side: whole(1, 5),
    input: digits, // row after row; where an address has none, all are 1
    weights: digits,
    show: oneOf("sum", "count"),
    net: oneOf("own", "book", "even"),
    ask: oneOf("no", "yes"), // whether the output waits for a prediction
  };
  const filled = (side) => new Array(side * side).fill(1);
  const START = { kernel: 3, stride: 2, padding: 0, side: 4, input: [], weights: [], show: "sum", net: "own", ask: "no" };

  /** Which of two tables does not fit, or that nothing is left of the output. */
  function check({ input, weights, ...layer }) {
    const sizes = [["input", input, layer.side], ["weights", weights, layer.kernel]];
    for (const [name, values, side] of sizes)
      if (values.length && values.length !== side * side)
        return `It gives ${values.length} numbers as ${name}, and a side of ${side} needs ${side * side}.`;
    return reach(layer) < 1 ? `A padding of ${layer.padding} cuts away the whole output.` : "";
  }

  const state = {
    ...START,
    ask: "yes",
    input: filled(START.side),
    weights: filled(START.kernel),
    done: null, // stamps that are made, while they are made one by one
    at: { of: "input", i: 0 }, // the cell that is looked at
    pixel: { map: 4, i: 14 * 28 + 9 }, // and that of the networks
  };

  const news = (text) => say(part("news"), text);
  const range = ([first, last], one) => (first === last ? `${one} ${first}` : `${one}s ${first} to ${last}`);
  const times = (count) => `${count} ${count === 1 ? "stamp" : "stamps"}`;
  const inTurn = (values) => `${[...values, ...values].join(", ")}, …`;
  const same = (values) => values.every((value) => value === values[0]);

  // ------------------------------------------------------------------------------------------------ one layer: seen

  /** The side of the output as a formula. */
  function formula() {
    const { kernel, stride, padding, side } = state;
    const cut = padding ? ` − 2 · ${padding}` : "";
    return `${stride} · (${side} − 1) + ${kernel}${cut} = ${reach(state)}`;
  }

  /** How the stamps lie far from the border, and what the weights make of it. */
  function rule() {
    const { weights } = state;
    const row = pattern(state);
    const told = [`Side of the output: ${formula()}.`];
    const away = "Away from the border, ";
    if (same(row)) told.push(`The stride divides the kernel. ${away}each pixel of a row gets ${times(row[0])}.`);
    else {
      const kind = row.includes(0) ? "There are gaps." : "This makes a checkerboard.";
      told.push(`The stride does not divide the kernel. ${away}the pixels of a row get ${inTurn(row)} stamps. ${kind}`);
    }
    const all = sums(state, weights);
    if (!same(weights)) {
      const if1 = "With these weights, and all inputs 1, ";
      told.push(same(all) ? `${if1}every pixel away from the border has the sum ${all[0]}.`
        : `${if1}the sums go from ${Math.min(...all)} to ${Math.max(...all)}.`);
    }
    return told.join(" ");
  }

  function drawOwn() {
    for (const name of NUMBERS) {
      part(name).value = state[name];
      say(part(`${name}-now`), String(state[name]));
    }
    const { side, kernel, input, weights, at, done } = state;
    const covered = state.ask === "yes";
    part("question").hidden = !covered;
    part("answer").hidden = covered;
    say(part("rule"), covered ? "" : rule());
    const count = done === null ? input.length : done;
    const cell = (i, width) => ({ rows: [Math.floor(i / width), Math.floor(i / width)], columns: [i % width, i % width] });
    const out = reach(state);
    const frames = { input: [], output: [] };
    if (at.of === "input") {
      frames.input = [cell(at.i, side)];
      const [rows, columns] = [Math.floor(at.i / side), at.i % side].map((i) => stamped(state, i));
      if (at.i < count) frames.output = [{ rows, columns }];
    } else {
      frames.output = [cell(at.i, out)];
      const [rows, columns] = [Math.floor(at.i / out), at.i % out].map((u) => reaching(state, u));
      frames.input = [{ rows, columns }];
    }
    table(canvas("input"), side, input, covered ? [] : frames.input, 9);
    table(canvas("weights"), kernel, weights, [], 9);
    if (covered) {
      const padding = `padding ${state.padding}`;
      return say(part("asked"), `Kernel ${kernel}, stride ${state.stride}, ${padding}, and an input of side ${side}.`);
    }
    const whole = state.show === "count" ? counts(state) : stamp(state, input, weights);
    const now = state.show === "count" ? counts(state, count) : stamp(state, input, weights, count);
    table(canvas("output"), out, now, frames.output, Math.max(...whole));
    const made = done === null ? "" : `, after ${times(count)} of ${input.length}`;
    say(part("title"), `Output, ${out} × ${out}${made}`);
    part("output").setAttribute("aria-label", `Output, ${out} by ${out}`);
  }

  function tellInput(i) {
    state.at = { of: "input", i };
    changed(false);
    const { side, input } = state;
    const [row, column] = [Math.floor(i / side), i % side];
    const value = `Input, row ${row}, column ${column}: ${input[i]}.`;
    if (state.ask === "yes") return news(value);
    const [rows, columns] = [row, column].map((at) => stamped(state, at));
    const gone = rows[0] > rows[1] || columns[0] > columns[1];
    news(`${value} ${gone ? "Padding cuts its whole stamp away."
      : `Its stamp covers ${range(rows, "row")} and ${range(columns, "column")} of the output.`}`);
  }

  function tellOutput(i) {
    state.at = { of: "output", i };
    changed(false);
    const out = reach(state);
    const [row, column] = [Math.floor(i / out), i % out];
    const [rows, columns] = [row, column].map((u) => reaching(state, u));
    const count = counts(state)[i];
    const place = `Output, row ${row}, column ${column}:`;
    if (!count) return news(`${place} no stamp reaches it.`);
    const sum = stamp(state, state.input, state.weights)[i];
    const reached = `${times(count)} ${count === 1 ? "reaches" : "reach"} it`;
    news(`${place} ${reached}, from ${range(rows, "row")} and ${range(columns, "column")} of the input. Sum: ${sum}.`);
  }

  // -------------------------------------------------------------------------------------------------- one layer: set

  /** A table at another side: what fits is kept, what is new is 1. */
  function resized(values, from, to) {
    const kept = (i) => (Math.floor(i / to) < from && i % to < from ? values[from * Math.floor(i / to) + (i % to)] : 1);
    return Array.from({ length: to * to }, (_, i) => kept(i));
  }

  /** Set some of the four numbers; the tables follow, and padding gives way where nothing would be left. */
  function set(numbers) {
    const next = { ...NUMBERS.reduce((all, name) => ({ ...all, [name]: state[name] }), {}), ...numbers };
    const wanted = next.padding;
    while (reach(next) < 1) next.padding--;
    state.input = resized(state.input, state.side, next.side);
    state.weights = resized(state.weights, state.kernel, next.kernel);
    Object.assign(state, next, { done: null, at: { of: "input", i: 0 } });
    for (const square of Object.values(squares)) square.reset();
    changed();
    news(wanted === next.padding ? ""
      : `A padding of ${wanted} would cut away the whole output, so padding is ${next.padding}.`);
  }

  const put = (name, values) => {
    Object.assign(state, { [name]: values, done: null });
    changed();
    news("");
  };

  /** Change one cell of the input or of the kernel. */
  const edits = (name) => {
    let brush = 1;
    const tell = name === "input" ? tellInput : (i) => {
      const k = state.kernel;
      news(`Kernel, row ${Math.floor(i / k)}, column ${i % k}: ${state.weights[i]}.`);
    };
    const paint = (i, value) => {
      state[name][i] = brush = value;
      state.done = null;
      changed();
      tell(i);
    };
    const add = (i) => paint(i, (state[name][i] + 1) % 10);
    return {
      side: () => (name === "input" ? state.side : state.kernel),
      tell,
      hover: name === "input",
      press: add,
      drag: (i) => paint(i, brush),
      key(key, i) {
        if (/^\d$/.test(key)) paint(i, Number(key));
        else if (key === " " || key === "Enter") add(i);
        else return false;
        return true;
      },
    };
  };

  const tent = (side) => {
    const slope = Array.from({ length: side }, (_, i) => Math.min(i + 1, side - i));
    return slope.flatMap((a) => slope.map((b) => a * b));
  };

  const BUTTONS = {
    "input-ones": () => put("input", filled(state.side)),
    "input-one": () => put("input", filled(state.side).map((_, i) => (i === Math.floor(state.side / 2) * (state.side + 1) ? 1 : 0))),
    "input-random": () => put("input", filled(state.side).map(() => Math.floor(10 * Math.random()))),
    "weights-ones": () => put("weights", filled(state.kernel)),
    "weights-tent": () => put("weights", tent(state.kernel)),
    next() {
      state.done = state.done === null || state.done === state.input.length ? 1 : state.done + 1;
      tellInput(state.done - 1);
    },
    all() {
      state.done = null;
      changed(false);
      news(`All ${state.input.length} stamps are made.`);
    },
    skip: () => reveal(""),
    another() {
      const any = (low, high) => low + Math.floor((high - low + 1) * Math.random());
      choose("net", "own");
      Object.assign(state, { net: "own", ask: "yes" });
      const before = NUMBERS.map((name) => state[name]).join();
      do set({ kernel: any(2, 5), stride: any(1, 3), padding: any(0, 1), side: any(2, 5) });
      while (before === NUMBERS.map((name) => state[name]).join());
      forget();
      part("guess").focus();
    },
  };

  // ------------------------------------------------------------------------------------------------- the prediction

  function forget() {
    part("guess").value = "";
    if (chosen("even")) chosen("even").checked = false;
  }

  function reveal(told) {
    state.ask = "no";
    changed();
    news(told);
    part("output").focus({ preventScroll: true, focusVisible: false });
  }

  function answer(event) {
    event.preventDefault();
    const text = part("guess").value.trim();
    if (!/^\d{1,3}$/.test(text) || text === "0")
      return news("A side is a whole number, such as 7. You can also press “Show it without a guess”.");
    if (!chosen("even"))
      return news("The second question is open: yes or no? You can also press “Show it without a guess”.");
    const [side, row] = [reach(state), pattern(state)];
    const said = chosen("even").value === "yes";
    const first = Number(text) === side ? `The side is ${side}, as you said.` : `You said side ${text}. It is ${side}: ${formula()}.`;
    const right = said === same(row) ? "as you said" : "other than you said";
    reveal(`${first} Equally many stamps for every pixel: ${same(row) ? "yes" : "no"}, ${right}.`);
  }

  // ---------------------------------------------------------------------------------------------------- the networks

  const layersOf = (net) => ganbook.stampingShapes[net];
  const sideOf = (layers, map) => (map ? reach(layers[map - 1]) : layers[0].side);

  /** One square for each map of G; the first has a single cell, and nothing reaches it. */
  function build() {
    const maps = layersOf("book").length + 1;
    for (let map = 0; map < maps; map++) {
      const one = document.createElement("div");
      one.className = "stamping-map";
      one.innerHTML = `<div class="demo-cells demo-read" data-part="map-${map}"><canvas aria-hidden="true"></canvas>
        <span class="demo-cursor"></span></div><p></p>`;
      part("maps").append(one);
      if (!map) continue;
      Object.entries({ role: "application", tabindex: "0" }).forEach((pair) => part(`map-${map}`).setAttribute(...pair));
      squares[`map-${map}`] = walk(part(`map-${map}`), {
        side: () => sideOf(layersOf(state.net === "own" ? "book" : state.net), map),
        tell: (i) => tellPixel(map, i),
      });
    }
  }

  const many = ([first, last]) => last - first + 1;

  function drawNet() {
    const layers = layersOf(state.net);
    const sides = [0, ...layers.map((_, n) => n + 1)].map((map) => sideOf(layers, map));
    const { map: looked, i } = state.pixel;
    const [rows, columns] = [Math.floor(i / sides[looked]), i % sides[looked]].map((u) => field(layers.slice(0, looked), [u, u]));
    const edge = Math.min(11, part("maps").clientWidth / sides[sides.length - 1]);
    sides.forEach((side, map) => {
      const square = part(`map-${map}`);
      square.style.width = `${edge * side}px`;
      const values = map ? counts(layers[map - 1]) : [1];
      const frames = map <= looked ? [{ rows: rows[map], columns: columns[map] }] : [];
      table(square.querySelector("canvas"), side, values, frames);
      const told = [...new Set(values)].sort((a, b) => a - b);
      const layer = map ? layers[map - 1] : null;
      const numbers = layer && `kernel ${layer.kernel}, stride ${layer.stride}${layer.padding ? `, padding ${layer.padding}` : ""}`;
      say(square.nextElementSibling, layer
        ? `${layer.side} → ${side}: ${numbers}. ${told.length > 3 ? `${told[0]} to ${told[told.length - 1]}` : told.join(", ")} ${told.length === 1 && told[0] === 1 ? "stamp" : "stamps"} a cell.`
        : "Side 1: z");
      if (layer) square.setAttribute("aria-label", `Map of side ${side}: number of stamps in each cell`);
    });
    say(part("about"), `The layers of G: ${sides.join(" → ")}. The colour of a cell says how many stamps reach it. Point at a cell: the frames show what it depends on.`);
  }

  /** Which cells of all maps before it reach a pixel. */
  function tellPixel(map, i) {
    state.pixel = { map, i };
    changed(false);
    const layers = layersOf(state.net);
    const side = sideOf(layers, map);
    const [row, column] = [Math.floor(i / side), i % side];
    const [rows, columns] = [row, column].map((u) => field(layers.slice(0, map), [u, u]));
    const before = rows.slice(0, -1).map((part, m) => `${many(part)} × ${many(columns[m])} of side ${sideOf(layers, m)}`);
    const count = counts(layers[map - 1])[i];
    news(`Side ${side}, row ${row}, column ${column}: ${times(count)}. It depends on these cells: ${before.reverse().join(", ")}.`);
  }

  // --------------------------------------------------------------------------------------------------------- together

  function show() {
    const own = state.net === "own";
    part("own").hidden = !own;
    part("net").hidden = own;
    choose("net", state.net);
    choose("show", state.show);
    if (own) drawOwn();
    else drawNet();
  }

  /** Draw again; `kept`: the change belongs to the experiment that the address carries. */
  function changed(kept = true) {
    show();
    if (kept) address.note();
  }

  /** The values of the address; a table of which all cells are 1 is left out. */
  function now() {
    const told = (values) => (values.every((value) => value === 1) ? [] : values);
    return { ...state, input: told(state.input), weights: told(state.weights) };
  }

  function take(values) {
    Object.assign(state, values, { done: null, at: { of: "input", i: 0 } });
    if (!values.input.length) state.input = filled(values.side);
    if (!values.weights.length) state.weights = filled(values.kernel);
    state.pixel = { map: 4, i: 14 * 28 + 9 };
    forget();
    for (const square of Object.values(squares)) square.reset();
    show();
    const layer = `kernel ${values.kernel}, stride ${values.stride}, padding ${values.padding}, side ${values.side}`;
    news(values.net === "own" ? `The link asks for ${layer}.` : "The link asks for the layers of the generator.");
  }

  const squares = {};
  const always = ["kernel", "stride", "padding", "side"];
  const address = keep(root, { name: "stamping", fields: FIELDS, start: START, always, check, take, refuse: news, now });

  squares.input = walk(part("input"), edits("input"));
  squares.weights = walk(part("weights"), edits("weights"));
  squares.output = walk(part("output"), { side: () => reach(state), tell: tellOutput });
  build();
  for (const name of NUMBERS) part(name).addEventListener("input", ({ target }) => set({ [name]: Number(target.value) }));
  for (const [name, press] of Object.entries(BUTTONS)) part(name).addEventListener("click", press);
  part("question").addEventListener("submit", answer);
  for (const name of ["net", "show"])
    part(`${name}s`).addEventListener("change", () => {
      state[name] = chosen(name).value;
      state.pixel = { map: 4, i: 14 * 28 + 9 };
      for (const square of Object.values(squares)) square.reset();
      changed();
      news("");
    });
  copies(part("copy"), part("copied"), address.link, news);

  ganbook.stampingDemo = { state }; // for the tests, and for a curious reader's console
  showFigure(root);
  show();
  new ResizeObserver(show).observe(root);
  onTheme(show);
  address.follow();
  root.dataset.state = "ready"; // for the tests
})(globalThis.ganbook);
