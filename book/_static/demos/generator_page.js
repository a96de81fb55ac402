/* The page "A generator in the page": what is pressed, dragged and seen. The arithmetic is in generator.js. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { calm, say, paint } = ganbook.page;
  const ROWS = 7; // digits on a side of the map
  const MANY = 16; // samples below
  const GLIDE = 500; // milliseconds from old corners to new ones
  const FIRST = 5; // the digit that is asked for at first: its shape says more of a slider than a zero's
  const STEP = 0.05; // of the square, for one press of an arrow key
  const folder = document.currentScript.src.replace(/[^/]*$/, "");

  const root = document.getElementById("generator-demo");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);

  const state = {
    name: null, // of the network, in ganbook.models
    G: null,
    random: new ganbook.Random(Math.floor(Math.random() * 2 ** 32)),
    corners: [], // four noises: top left, top right, bottom left, bottom right
    across: 0,
    down: 0,
    label: 0,
    amounts: [], // of the sliders
    many: [], // the noises of the samples below
    image: null, // the digit at the handle, numbers in [-1, 1]
    digits: null,
    map: 0, // the number of the last map that was begun
    mapped: 0, // and of the last that is complete
    gliding: false, // whether the corners are on their way
  };

  // ------------------------------------------------------------------------------------------------------ the digits

  /** The noise at a place of the square, with what the sliders add. */
  function noise(across, down) {
    const z = ganbook.blend(state.corners, across, down);
    state.G.directions.forEach(({ vector }, d) => {
      for (let i = 0; i < z.length; i++) z[i] += state.amounts[d] * vector[i];
    });
    return z;
  }

  const draw = (z) => state.G.draw(z, state.label);

  /** Draw the digit at the handle and find the nearest real one. */
  function show() {
    const { G, digits } = state;
    state.image = draw(noise(state.across, state.down));
    paint(part("digit"), state.image, G.side);
    const found = ganbook.nearest(state.image, digits);
    const n = digits.side ** 2;
    const real = Float32Array.from(digits.images.subarray(found.index * n, (found.index + 1) * n), (v) => v / 127.5 - 1);
    paint(part("nearest"), real, digits.side);
    say(part("apart"), `labelled ${found.label}, ${found.apart.toFixed(3)} apart`);
    part("nearest").setAttribute("aria-label", `Nearest real digit, a ${found.label}`);
    const handle = part("handle");
    handle.style.left = `${100 * state.across}%`;
    handle.style.top = `${100 * state.down}%`;
    handle.setAttribute("aria-valuenow", Math.round(100 * state.across));
    const place = `${Math.round(100 * state.across)} % across, ${Math.round(100 * state.down)} % down`;
    // For those who hear the page: what the digit is most like, since what it is nobody knows.
    handle.setAttribute("aria-valuetext", `${place}, nearest to a real ${found.label}`);
  }

  /** Draw the map behind the handle, a few digits a frame so that the page stays alive. */
  function drawMap() {
    const number = ++state.map; // a later call ends this one
    const { side } = state.G;
    const tile = document.createElement("canvas");
    const map = part("map");
    const size = ROWS * side;
    if (map.width !== size) [map.width, map.height] = [size, size];
    let i = 0;
    const more = () => {
      if (number !== state.map) return;
      const end = performance.now() + 12;
      while (i < ROWS * ROWS && performance.now() < end) {
        const [row, column] = [Math.floor(i / ROWS), i % ROWS];
        paint(tile, draw(noise(column / (ROWS - 1), row / (ROWS - 1))), side);
        map.getContext("2d").drawImage(tile, column * side, row * side);
        i++;
      }
      if (i < ROWS * ROWS) requestAnimationFrame(more);
      else state.mapped = number;
    };
    requestAnimationFrame(more);
  }

  /** Draw the sixteen samples, and say how long it took. */
  function drawMany() {
    const start = performance.now();
    const images = state.many.map(draw);
    const time = performance.now() - start;
    images.forEach((image, i) => paint(part("many").children[i].firstElementChild, image, state.G.side));
    say(part("time"), `${MANY} digits in ${Math.round(time)} ms, computed by your browser`);
  }

  function drawAll() {
    show();
    drawMap();
    drawMany();
  }

  // ----------------------------------------------------------------------------------------------- what can be done

  const fresh = () => state.random.normals(state.G.zDim);

  /** Four other corners; the digit glides there unless the reader wants no motion. */
  function moveCorners(to) {
    const from = state.corners;
    const start = performance.now();
    const frame = (now) => {
      const share = calm() ? 1 : Math.min(1, Math.max(0, now - start) / GLIDE);
      state.gliding = share < 1;
      state.corners = share === 1 ? to : from.map((corner, i) => ganbook.slerp(corner, to[i], share));
      show();
      if (share < 1) requestAnimationFrame(frame);
      else drawMap();
    };
    frame(start);
  }

  function moveHandle(across, down) {
    state.across = Math.min(1, Math.max(0, across));
    state.down = Math.min(1, Math.max(0, down));
    show();
  }

  function slidersToZero() {
    state.amounts.fill(0);
    for (const input of part("sliders").querySelectorAll("input")) input.value = 0;
    root.querySelectorAll("[data-amount]").forEach((element) => say(element, "0"));
    show();
    drawMap();
  }

  /** Put one of the sixteen into the top left corner, with the sliders at 0, and go there. */
  function toCorner(i) {
    state.corners = [state.many[i], ...state.corners.slice(1)];
    [state.across, state.down] = [0, 0];
    slidersToZero();
    part("handle").focus({ preventScroll: true });
  }

  function listenToMap() {
    const map = part("square");
    const handle = part("handle");
    const place = (event) => {
      const box = map.getBoundingClientRect();
      moveHandle((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    };
    map.addEventListener("pointerdown", (event) => {
      map.setPointerCapture(event.pointerId);
      place(event);
      handle.focus({ preventScroll: true });
      event.preventDefault(); // no text is selected by dragging
    });
    map.addEventListener("pointermove", (event) => {
      if (map.hasPointerCapture(event.pointerId)) place(event);
    });
    const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    handle.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const way = keys[event.key];
      if (way) moveHandle(state.across + STEP * way[0], state.down + STEP * way[1]);
      else if (event.key === "Home") moveHandle(0, 0);
      else if (event.key === "End") moveHandle(1, 1);
      else return;
      event.preventDefault(); // the page does not scroll
      event.stopPropagation(); // nor does it turn to the next chapter
    });
  }

  // ----------------------------------------------------------------------------------------------- building the page

  const UNITS = { ink: " %", slant: "°", width: " px", height: " px" };

  /** What was measured for one direction, in a line: the two properties that changed most, as in its name. */
  function evidence({ effect, from, to, renamed }) {
    const names = Object.keys(effect).sort((a, b) => Math.abs(effect[b]) - Math.abs(effect[a]));
    const said = names.slice(0, 2).map((name) => `${name} ${from[name]} to ${to[name]}${UNITS[name]}`);
    return `${said.join(", ")}; ${renamed} in 100 become another digit`.replaceAll(" -", " −");
  }

  function buildSliders() {
    const { directions } = state.G;
    state.amounts = directions.map(() => 0);
    part("sliders").replaceChildren(
      ...directions.map((direction, d) => {
        const row = document.createElement("div");
        row.className = "demo-slider";
        row.innerHTML = `<label for="direction-${d}">${d + 1}. ${direction.name}</label>
          <output data-amount for="direction-${d}">0</output>
          <input id="direction-${d}" type="range" min="-3" max="3" step="0.1" value="0"
                 aria-describedby="evidence-${d}">
          <p id="evidence-${d}" class="demo-small">${evidence(direction)}</p>`;
        row.querySelector("input").addEventListener("input", (event) => {
          state.amounts[d] = Number(event.target.value);
          say(row.querySelector("output"), event.target.value.replace("-", "−"));
          show();
          drawMap();
        });
        return row;
      }),
    );
  }

  function buildMany() {
    part("many").replaceChildren(
      ...Array.from({ length: MANY }, (_, i) => {
        const button = document.createElement("button");
        button.type = "button";
        button.setAttribute("aria-label", `Sample ${i + 1}: put it into the top left corner`);
        button.append(document.createElement("canvas"));
        button.addEventListener("click", () => toCorner(i));
        return button;
      }),
    );
  }

  function buildLabels() {
    const { classes, coded } = state.G;
    part("labels").hidden = !classes;
    part("labels").setAttribute("aria-label", coded ? "Which code to draw with" : "Which digit to draw");
    say(part("asked"), coded ? "Code" : "Digit");
    const buttons = part("labels").querySelector("[data-part=buttons]");
    buttons.replaceChildren(
      ...Array.from({ length: classes }, (_, y) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = y;
        button.setAttribute("aria-pressed", y === state.label);
        button.setAttribute("aria-label", coded ? `Draw with the code ${y}` : `Draw the digit ${y}`);
        button.addEventListener("click", () => {
          state.label = y;
          [...buttons.children].forEach((other, i) => other.setAttribute("aria-pressed", i === y));
          drawAll();
        });
        return button;
      }),
    );
  }

  /** Play with the generator `name` of ganbook.models. */
  async function use(name) {
    const G = await ganbook.Generator.load(ganbook.models[name]);
    state.digits = state.digits || (await ganbook.loadDigits(ganbook.realDigits));
    if (select.value !== name) return; // another was chosen meanwhile
    Object.assign(state, { name, G, label: G.classes > FIRST ? FIRST : 0 });
    state.corners = Array.from({ length: 4 }, fresh);
    state.many = Array.from({ length: MANY }, fresh);
    buildSliders();
    buildMany();
    buildLabels();
    drawAll();
    root.dataset.state = "ready";
  }

  /** The script with the weights of a network, which is fetched when it is first asked for. */
  function fetched(name) {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = `${folder}weights/${name}.js`;
      script.onload = done;
      script.onerror = () => failed(new Error(`The weights of ${name} did not load.`));
      document.head.append(script);
    });
  }

  /** Use the network that is chosen, or say why not. */
  async function choose() {
    const name = select.value;
    root.dataset.state = "loading";
    say(part("time"), "The weights are on their way.");
    try {
      if (!ganbook.models[name]) await fetched(name);
      await use(name);
    } catch (error) {
      root.dataset.state = "failed";
      say(part("time"), error.message);
    }
  }

  const select = part("network");
  select.replaceChildren(...Object.entries(ganbook.available).map(([name, title]) => new Option(title, name)));
  select.addEventListener("change", choose);
  part("corners").addEventListener("click", () => moveCorners(Array.from({ length: 4 }, fresh)));
  part("zero").addEventListener("click", slidersToZero);
  part("others").addEventListener("click", () => {
    state.many = Array.from({ length: MANY }, fresh);
    drawMany();
  });
  listenToMap();
  ganbook.generatorDemo = { state, noise }; // for the tests, and for a curious reader's console
  choose();
})(globalThis.ganbook);
