/* The explorable "The ladder": what is chosen and seen. The rows and their drawing are in rungs.js. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { say, speaker } = ganbook.page;
  const { oneOf, whole, keep, copies } = ganbook.state;
  const { KINDS, SCORES, rows, words, clear, draw, table } = ganbook.rungs;
  const GUESSES = {
    falls: "You predicted that it falls. It does not.",
    stays: "You predicted that it stays. It does not.",
    rises: "This is what you predicted.",
    asked: "",
  };

  const root = document.getElementById("rungs-demo");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const state = { kind: "blurred", rung: 0, guess: "", levels: null };

  const MOST = rows("blurred").length - 1; // all ladders have equally many rungs
  const FIELDS = { damage: oneOf(...Object.keys(KINDS)), rung: whole(0, MOST), scores: oneOf("hidden", "shown") };
  const START = { damage: "blurred", rung: 0, scores: "hidden" };

  const row = () => rows(state.kind)[state.rung];

  /** Which scores have noticed the damage; and whether the reader's guess about the precision was right. */
  function meaning() {
    if (!state.guess || row().kind === "untouched") return "";
    const found = clear(row()).map(([name, way]) => `${SCORES[name].name} ${way}`);
    const guess = row().kind === "blurred" && found.includes("precision up") ? GUESSES[state.guess] : "";
    return `${found.length ? `Clearly changed: ${found.join(", ")}.` : "No score has changed clearly."} ${guess}`.trim();
  }

  function show() {
    const { kind, rung, guess } = state;
    const all = rows(kind);
    for (const button of part("kinds").children) button.setAttribute("aria-pressed", button.value === kind);
    say(part("asks"), `${KINDS[kind].asks}: ${words(row())}`);
    Object.assign(part("rung"), { max: all.length - 1, value: rung });
    part("rung").setAttribute("aria-valuetext", words(row()));
    say(part("stops"), `The slider stops at: ${all.map(words).join(", ")}.`);
    say(part("title"), rung ? `${KINDS[kind].name}: ${words(row())}` : "Untouched digits");
    const framed = row().copies.split("1").length - 1;
    say(part("marked"), framed ? `Framed: ${framed} of 16 are exact copies of training images.` : "Sixteen of the 10,000 digits.");
    part("digits").setAttribute("aria-label", `Sixteen digits. ${part("title").textContent}. ${framed ? part("marked").textContent : ""}`.trim());
    if (state.levels) draw(part("digits"), row(), state.levels, "#ee8a45");
    part("question").hidden = Boolean(guess);
    part("scores").tBodies[0].innerHTML = table(row(), Boolean(guess));
    say(part("meaning"), meaning());
  }

  const news = (text) => say(part("news"), text);
  /** Speak what the page shows, once the reader's hand rests. */
  const speak = speaker(part("spoken"), () => {
    const values = Object.entries(SCORES).map(([name, { name: said, write }]) => `${said} ${write(row().scores[name])}`);
    return `${part("title").textContent}. ${state.guess ? `${values.join(", ")}. ${meaning()}` : ""}`.trim();
  });

  function changed() {
    news("");
    show();
    speak();
    address.note();
  }

  /** What an address asks for. Scores stay shown to a reader who has seen them. */
  function take({ damage, rung, scores }) {
    Object.assign(state, { kind: damage, rung });
    if (scores === "shown") state.guess = state.guess || "asked";
    changed();
  }

  const now = () => ({ damage: state.kind, rung: state.rung, scores: state.guess ? "shown" : "hidden" });

  part("kinds").replaceChildren(
    ...Object.entries(KINDS).map(([kind, { name }]) => {
      const button = Object.assign(document.createElement("button"), { type: "button", value: kind, textContent: name });
      button.addEventListener("click", () => {
        state.kind = kind; // on the same rung of the other ladder
        changed();
      });
      return button;
    }),
  );
  part("rung").addEventListener("input", ({ target }) => {
    state.rung = Number(target.value);
    changed();
  });
  for (const button of part("question").querySelectorAll("button"))
    button.addEventListener("click", () => {
      state.guess = button.value;
      changed();
      part("rung").focus({ preventScroll: true });
    });

  const address = keep(root, { name: "rungs", fields: FIELDS, start: START, always: ["damage", "rung"], take, refuse: news, now });
  copies(part("copy"), part("copied"), address.link, news);
  ganbook.rungsDemo = { state }; // for the tests, and for a curious reader's console

  ganbook.greys(ganbook.rungsStored).then((levels) => {
    state.levels = levels;
    ganbook.page.show(root);
    show();
    address.follow();
    root.dataset.state = "ready"; // for the tests
  }, (error) => {
    root.dataset.state = "failed"; // the still picture stays
    console.warn(error.message);
  });
})(globalThis.ganbook);
