/* The explorable "The time machine": what is set and seen. The generators are in times.js. They are loaded when the reader
   starts. The still picture answers the question, so it is seen only if they cannot be loaded. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { say, speaker, paint, load } = ganbook.page;
  const { oneOf, whole, keep, copies } = ganbook.state;
  const { times } = ganbook;
  const { AMOUNTS } = times;
  const STEPS = [0, 100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 4500, 6000];
  const READABLE = 50; // per cent of the digits that the judge must read

  const root = document.getElementById("times-demo");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const state = { step: STEPS.length - 1, digit: 7, noise: 1, way: 1, amount: 0, guess: "", networks: null, map: 0 };

  const amount = { read: (text) => (/^-?[0-3](\.5)?$/.test(text) && Math.abs(text) <= 3 ? Number(text) : undefined),
    write: String, takes: "a number from -3 to 3 in steps of 0.5" };
  const FIELDS = { step: oneOf(...STEPS.map(String)), digit: whole(0, 9), noise: whole(1, 40), way: whole(1, 3), amount };
  const START = { step: "6000", digit: 7, noise: 1, way: 1, amount: 0 };

  const comma = (value) => value.toLocaleString("en");
  const direction = () => ganbook.timesStored.directions[state.way - 1];
  const draw = (step, by) => {
    const G = state.networks[step];
    return G.draw(times.noise(G, state.noise, state.way, by), state.digit);
  };

  // ------------------------------------------------------------------------------------------------------------ seen

  /** What the guess was worth, in words that stay: the first step at which most digits can be read, and the direction at that step. */
  function answer() {
    const { steps } = ganbook.timesStored;
    const first = steps.findIndex(({ read }) => read > READABLE);
    const [before, then, last] = [first - 1, first, steps.length - 1].map((step) => times.span(ganbook.timesStored, step, 1));
    const degrees = (value) => `${Math.round(value)}°`;
    const told = `At step ${comma(steps[first].step)} the judge reads ${steps[first].read} digits in 100. There the direction already
      turns digits by ${degrees(then)} of its final ${degrees(last)}, and one stored step earlier by ${degrees(before)}.`.replace(/\s+/g, " ");
    if (state.guess === "asked") return told;
    return `${told} ${state.guess === "while" ? "This is what you predicted." : "You predicted otherwise."}`;
  }

  /** The digit at the cursor, and the numbers. */
  function show() {
    const { step, digit, noise, amount: by } = state;
    const { property, name } = direction();
    const image = draw(step, by);
    const G = state.networks[step];
    paint(part("digit"), image, G.side);
    const { read, ends } = ganbook.timesStored.steps[step];
    const [low, high] = ends[state.way - 1][property];
    const here = times.properties(image, G.side)[property];
    say(part("read"), `${read} in 100`);
    say(part("effect-name"), `mean ${property}, from −3 to 3`);
    say(part("effect"), `${times.said(property, low)} to ${times.said(property, high)}`);
    say(part("this-name"), `${property} of this digit`);
    say(part("this"), times.said(property, here));
    const shown = { step: [step, comma(STEPS[step])], label: [digit, digit], noise: [noise, noise],
      amount: [by, String(by).replace("-", "−")] };
    for (const [field, [value, words]] of Object.entries(shown)) {
      part(field).value = value;
      part(field).setAttribute("aria-valuetext", field === "step" ? `step ${words}` : words);
    }
    for (const [out, field] of Object.entries({ "step-now": "step", "digit-now": "label", "noise-now": "noise", "amount-now": "amount" }))
      say(part(out), String(shown[field][1]));
    for (const radio of part("ways").querySelectorAll("input")) radio.checked = Number(radio.value) === state.way;
    part("digit").setAttribute("aria-label",
      `G(z) at step ${comma(STEPS[step])}, ordered: ${digit}. ${property} ${times.said(property, here)}`);
    part("map").setAttribute("aria-label", `Map of sixty images: ${STEPS.length} training steps across, from 0 to 6,000; ` +
      `five places of the direction “${name}” up and down. The same noise vector and the digit ${digit} everywhere.`);
    const { style } = part("cursor");
    style.left = `${(100 * step) / STEPS.length}%`;
    style.top = `${(100 * (3 - by)) / 1.5 / AMOUNTS.length}%`; // between two rows, where the slider is there
  }

  /** Draw the map, a few images a frame so that the page stays alive: first the last steps, which show most. */
  function drawMap() {
    const number = ++state.map; // a later call ends this one
    const { side } = state.networks[0];
    const [map, tile] = [part("map"), document.createElement("canvas")];
    const [wide, high] = [STEPS.length * side, AMOUNTS.length * side];
    if (map.width !== wide || map.height !== high) [map.width, map.height] = [wide, high];
    const order = STEPS.flatMap((_, step) => AMOUNTS.map((_, row) => [STEPS.length - 1 - step, row]));
    let i = 0;
    const more = () => {
      if (number !== state.map) return;
      const end = performance.now() + 12;
      while (i < order.length && performance.now() < end) {
        const [step, row] = order[i++];
        paint(tile, draw(step, AMOUNTS[row]), side);
        map.getContext("2d").drawImage(tile, step * side, row * side);
      }
      if (i < order.length) requestAnimationFrame(more);
      else root.dataset.mapped = number; // for the tests
    };
    requestAnimationFrame(more);
  }

  const news = (text) => say(part("news"), text);
  /** Speak the numbers, which the page shows, to whoever hears the page: once the reader's hand rests. */
  const speak = speaker(part("spoken"), () => {
    const { name } = direction();
    return `Step ${comma(STEPS[state.step])}, digit ${state.digit}. The judge reads ${part("read").textContent}. ` +
      `Direction ${name}: ${part("effect").textContent}. This digit: ${part("this").textContent}.`;
  });

  /** Take values from the reader; the map is drawn again if what it shows changed. */
  function set(values) {
    Object.assign(state, values);
    news("");
    show();
    if (["digit", "noise", "way"].some((name) => name in values)) drawMap();
    speak();
    address.note();
  }

  // ------------------------------------------------------------------------------------------------------- starting

  const folder = root.dataset.scripts;

  /** Load the generators, once, and show the machine; or say why not. */
  async function start(guess) {
    for (const button of part("question").querySelectorAll("button")) button.disabled = true;
    news("The generators are on their way.");
    try {
      if (!ganbook.timesStored) await load(`${folder}times_stored.js`);
      const { steps, directions } = ganbook.timesStored;
      if (steps.map(({ step }) => step).join() !== STEPS.join()) throw new Error("The generators are of another version.");
      state.networks = await times.load(ganbook.timesStored);
      state.guess = guess;
      build(directions);
      part("question").hidden = true;
      part("machine").hidden = false;
      ganbook.page.show(root); // in case a try before this one failed
      show();
      drawMap();
      news("");
      if (guess) say(part("answer"), answer());
      root.dataset.loaded = "yes"; // for the tests
    } catch (error) {
      for (const button of part("question").querySelectorAll("button")) button.disabled = false;
      root.closest("figure").classList.remove("explorable-live"); // the still picture has to do
      news(`The time machine could not start: ${error.message} Try again.`);
    }
  }

  function build(directions) {
    part("step").max = STEPS.length - 1;
    part("ways").append(
      ...directions.map(({ name }, i) => {
        const label = document.createElement("label");
        label.innerHTML = `<input type="radio" name="times-way" value="${i + 1}"> ${i + 1}: ${name}`;
        return label;
      }),
    );
    part("heads").innerHTML = STEPS.map((step) => `<span>${comma(step)}</span>`).join("");
    part("sides").innerHTML = AMOUNTS.map((by) => `<span>${String(by).replace("-", "−")}</span>`).join("");
  }

  for (const button of part("question").querySelectorAll("button"))
    button.addEventListener("click", async () => {
      await start(button.value);
      if (state.networks) part("step").focus({ preventScroll: true });
    });

  // ------------------------------------------------------------------------------------------------ what can be done

  for (const [field, name] of Object.entries({ step: "step", label: "digit", noise: "noise", amount: "amount" }))
    part(field).addEventListener("input", ({ target }) => set({ [name]: Number(target.value) }));
  part("ways").addEventListener("change", ({ target }) => set({ way: Number(target.value) }));

  const square = part("square");
  const go = (event) => {
    const box = square.getBoundingClientRect();
    const cell = (way, size, count) => Math.min(count - 1, Math.max(0, Math.floor((way / size) * count)));
    const step = cell(event.clientX - box.left, box.width, STEPS.length);
    const by = AMOUNTS[cell(event.clientY - box.top, box.height, AMOUNTS.length)];
    if (step !== state.step || by !== state.amount) set({ step, amount: by });
  };
  square.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    square.setPointerCapture(event.pointerId);
    event.preventDefault(); // nothing is selected by dragging
    go(event);
  });
  square.addEventListener("pointermove", (event) => {
    if (square.hasPointerCapture(event.pointerId)) go(event);
  });

  /** What an address asks for; a link starts the machine. */
  async function take({ step, ...values }) {
    if (!state.networks) await start(""); // nobody has guessed
    if (state.networks) set({ ...values, step: STEPS.indexOf(Number(step)) });
  }
  const now = () => ({ step: String(STEPS[state.step]), digit: state.digit, noise: state.noise, way: state.way, amount: state.amount });
  const address = keep(root, { name: "times", fields: FIELDS, start: START, always: ["step", "digit", "noise", "way", "amount"],
    take, refuse: news, now });
  copies(part("copy"), part("copied"), address.link, news);
  ganbook.timesDemo = { state, draw }; // for the tests, and for a curious reader's console
  ganbook.page.show(root);
  address.follow();
  root.dataset.state = "ready"; // for the tests
})(globalThis.ganbook);
