/* The explorable "Two clouds": what is dragged, set and seen. The arithmetic and the drawing are in clouds.js. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { say, speaker } = ganbook.page;
  const { oneOf, keep, copies } = ganbook.state;
  const { clouds } = ganbook;
  const { SIZES } = clouds;

  const root = document.getElementById("clouds-demo");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const stage = part("stage");

  const cloud = { read: clouds.read, write: clouds.written,
    takes: "a cloud such as x1y-0.5a2b1t30: mean 1 to the right and 0.5 down, spreads 2 and 1 from 0.2 to 2.5, turned by 30 degrees" };
  const FIELDS = { data: cloud, fakes: cloud, inside: oneOf(...Object.keys(clouds.SHAPES)) };
  const START = { data: clouds.read("x-1.5y0a1.5b0.8t30"), fakes: clouds.read("x2y0.5a0.8b0.8t0"), inside: "cloud" };

  const state = { ...START, which: "fakes" };
  const number = (value) => (Math.abs(value) < 0.005 ? "0.00" : value.toFixed(2)).replace("-", "−");

  // ------------------------------------------------------------------------------------------------------------ seen

  function meaning() {
    const { means, spreads, d2 } = clouds.distance(state.data, state.fakes);
    if (d2 < 0.005)
      return state.inside === "cloud"
        ? "Mean and covariance are equal, so d² is 0."
        : "d² is 0, although the points lie in another way: it sees only the mean and the covariance.";
    if (spreads < 0.005) return "The covariances are equal. All of d² comes from the means.";
    if (means < 0.005) return "The means are equal. All of d² comes from the covariances.";
    return `${Math.round((100 * means) / d2)} % of d² come from the means, the rest from the covariances.`;
  }

  const UNITS = (name, value) => (name === "turn" ? `${value}°` : String(value).replace("-", "−"));

  function show() {
    clouds.draw(part("plane"), state, state.which);
    const { means, spreads, d2 } = clouds.distance(state.data, state.fakes);
    for (const [name, value] of Object.entries({ means, spreads, d2 })) say(part(name), number(value));
    say(part("meaning"), meaning());
    for (const name of Object.keys(SIZES)) {
      const [value, input] = [state[state.which][name], part(`size-${name}`)];
      input.value = value;
      input.setAttribute("aria-valuetext", UNITS(name, value));
      say(part(`now-${name}`), UNITS(name, value));
    }
    for (const kind of ["which", "inside"])
      for (const radio of part(kind).querySelectorAll("input")) radio.checked = radio.value === state[kind];
    const told = (of) => `mean ${UNITS("x", of.x)} to the right and ${UNITS("y", of.y)} up, spreads ${of.a} and ${of.b}, turned by ${of.turn}°`;
    part("plane").setAttribute("aria-label", `Two clouds of points with their ellipses. Data: ${told(state.data)}. Fakes: ${told(state.fakes)}.`);
  }

  const news = (text) => say(part("news"), text);
  /** Speak the numbers, which the page shows, to whoever hears the page: once the reader's hand rests. */
  const speak = speaker(part("spoken"), () => {
    const { means, spreads, d2 } = clouds.distance(state.data, state.fakes);
    return `Means ${number(means)}, covariances ${number(spreads)}, d² ${number(d2)}. ${meaning()}`;
  });

  function changed() {
    news("");
    show();
    speak();
    address.note();
  }

  function set(values) {
    const kept = Object.entries(values).map(([name, value]) => [name, clouds.kept(name, value)]);
    state[state.which] = { ...state[state.which], ...Object.fromEntries(kept) };
    changed();
  }

  // ---------------------------------------------------------------------------------------------------- by pointer

  const at = (event) => {
    const box = stage.getBoundingClientRect();
    return clouds.under([event.clientX - box.left, event.clientY - box.top], box);
  };
  const apart = ([a, b], [c, d]) => Math.hypot(a - c, b - d);
  let held = null; // {grip, from, cloud}: what a pointer took, where, and how the cloud was

  /** The grip of the chosen cloud that is under a pointer; else the cloud whose mean is nearest, as a whole. */
  function taken(point) {
    const near = (48 / stage.getBoundingClientRect().width) * clouds.WIDE / 2; // a finger is 48 pixels wide
    for (const [grip, place] of Object.entries(clouds.grips(state[state.which])))
      if (grip !== "mean" && apart(point, place) < near) return grip;
    const [data, fakes] = [state.data, state.fakes].map(({ x, y }) => apart(point, [x, y]));
    if (data !== fakes) state.which = data < fakes ? "data" : "fakes";
    return "mean";
  }

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    event.preventDefault(); // nothing is selected by dragging
    const grip = taken(at(event));
    held = { grip, from: at(event), cloud: state[state.which] };
    show();
  });
  stage.addEventListener("pointermove", (event) => {
    if (!held || !stage.hasPointerCapture(event.pointerId)) return;
    const [right, up] = at(event);
    const { grip, from, cloud: { x, y } } = held;
    if (grip === "mean") set({ x: x + right - from[0], y: y + up - from[1] });
    else {
      const angle = (Math.atan2(up - y, right - x) * 180) / Math.PI - (grip === "b" ? 90 : 0);
      set({ [grip]: apart([right, up], [x, y]) / clouds.REACH, turn: (Math.round(angle / 5) * 5 + 360) % 180 });
    }
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { held = null; });

  // -------------------------------------------------------------------------------------------------------- building

  part("sliders").innerHTML = Object.entries(SIZES).map(([name, { least, most, step, name: said }]) =>
    `<label class="demo-slider">${said} <output data-part="now-${name}"></output>
      <input type="range" data-part="size-${name}" min="${least}" max="${most}" step="${step}"></label>`).join("");
  for (const name of Object.keys(SIZES))
    part(`size-${name}`).addEventListener("input", ({ target }) => set({ [name]: Number(target.value) }));
  part("which").addEventListener("change", ({ target }) => {
    state.which = target.value;
    show();
  });
  part("inside").addEventListener("change", ({ target }) => {
    state.inside = target.value;
    changed();
  });

  function take(values) {
    Object.assign(state, values);
    changed();
  }
  const now = () => ({ data: state.data, fakes: state.fakes, inside: state.inside });
  const address = keep(root, { name: "clouds", fields: FIELDS, start: START, always: ["data", "fakes"], take, refuse: news, now });
  copies(part("copy"), part("copied"), address.link, news);
  ganbook.cloudsDemo = { state }; // for the tests, and for a curious reader's console
  ganbook.page.show(root);
  new ResizeObserver(show).observe(stage);
  show();
  address.follow();
  root.dataset.state = "ready"; // for the tests
})(globalThis.ganbook);
