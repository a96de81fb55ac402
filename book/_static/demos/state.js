/* The state of an explorable in the page's address, such as #stamping:kernel=3,stride=2: a link carries an experiment.

   An explorable names its fields. A field reads one value from the text behind its name (undefined if that is nonsense),
   writes it, and says in words what it takes. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const REST = 300; // milliseconds after the last change until it stands in the address

  /** A whole number from low to high. */
  const whole = (low, high) => ({
    read: (text) => (/^\d{1,4}$/.test(text) && low <= +text && +text <= high ? +text : undefined),
    write: String,
    takes: `a whole number from ${low} to ${high}`,
  });

  /** A number from low to high, such as 0.001 or 1e-3. */
  const real = (low, high) => ({
    read: (text) => (/^\d*\.?\d+(e-?\d{1,2})?$/.test(text) && low <= +text && +text <= high ? +text : undefined),
    write: String,
    takes: `a number from ${low} to ${high}`,
  });

  /** One of some words. */
  const oneOf = (...words) => ({
    read: (text) => (words.includes(text) ? text : undefined),
    write: (word) => word,
    takes: `one of ${words.join(", ")}`,
  });

  /** A list of digits, written without anything between them. */
  const digits = {
    read: (text) => (/^\d{1,64}$/.test(text) ? Array.from(text, Number) : undefined),
    write: (values) => values.join(""),
    takes: "a row of digits",
  };

  /** What an address asks of the explorable `name`: null if nothing, {wrong: a sentence}, or {values}, those of `start`
      where the address says nothing. check(values): what is wrong with them together, in a sentence, or nothing. */
  function read(hash, name, fields, start, check = () => "") {
    if (!hash.startsWith(`#${name}:`)) return null;
    const values = { ...start };
    const said = new Set();
    for (const part of decoded(hash.slice(name.length + 2)).split(",")) {
      const [key, ...rest] = part.split("=");
      const text = rest.join("=");
      if (!Object.hasOwn(fields, key))
        return { wrong: `It says “${part}”, and there are only ${Object.keys(fields).join(", ")}.` };
      if (said.has(key)) return { wrong: `It says ${key} twice.` };
      said.add(key);
      values[key] = fields[key].read(text);
      if (values[key] === undefined) return { wrong: `It says “${part}”, and ${key} is ${fields[key].takes}.` };
    }
    const wrong = check(values);
    return wrong ? { wrong } : { values };
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // a lone %: no field reads it
    }
  }

  /** The state as the end of an address: the fields in `always`, and those that are not as in `start`. */
  function write(name, fields, start, values, always = []) {
    const texts = Object.keys(fields).map((key) => [key, ...[values, start].map((of) => fields[key].write(of[key]))]);
    const told = texts.filter(([key, text, first]) => always.includes(key) || text !== first);
    return `#${name}:${told.map(([key, text]) => `${key}=${text}`).join(",")}`;
  }

  /** Keep a state and the page's address together.

      take(values): the address asks for this. refuse(sentence): it asks for nonsense, and nothing was changed. now(): the
      values as they are. Returns {note, link}: note() after each change by the reader, link() the address as a text. */
  function keep(root, { name, fields, start, always, check, take, refuse, now }) {
    const figure = root.closest("figure") || root;
    const hash = () => write(name, fields, start, now(), always);
    function follow(address = location.hash) {
      const asked = read(address, name, fields, start, check);
      if (!asked) return;
      if (asked.values) take(asked.values);
      else refuse(`The link cannot be followed. ${asked.wrong} Nothing was changed.`);
      figure.tabIndex = -1; // the next Tab goes on from here, as behind any link
      figure.focus({ preventScroll: true });
      figure.scrollIntoView({ block: "start" });
    }
    // A change that waited to be noted may have replaced the address since the link was followed.
    addEventListener("hashchange", (event) => follow(new URL(event.newURL).hash));
    for (const link of document.querySelectorAll(`a[data-state^="${name}:"]`)) {
      // Its own address comes last: the theme takes the links that a page begins with for selectors, and this is none.
      addEventListener("load", () => setTimeout(() => { link.href = `#${link.dataset.state}`; }));
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab, another page
        event.preventDefault();
        if (location.hash === `#${link.dataset.state}`) follow(); // nothing changes, so no event tells of it
        else location.hash = link.dataset.state;
      });
    }
    let resting;
    const put = () => history.replaceState(history.state, "", hash());
    const note = () => {
      clearTimeout(resting);
      resting = setTimeout(put, REST);
    };
    const link = () => {
      clearTimeout(resting);
      put();
      return location.href;
    };
    return { follow, note, link };
  }

  /** Let `button` copy link(); tell(sentence) says so. Where the browser does not let it, the link is put into `field`,
      to be copied by hand. */
  function copies(button, field, link, tell) {
    button.addEventListener("click", async () => {
      const address = link();
      field.value = address;
      try {
        await navigator.clipboard.writeText(address);
        field.hidden = true;
        tell("The link is copied. It opens the book with this experiment.");
      } catch {
        field.hidden = false;
        field.select();
        tell("Your browser does not let the page copy. The link is in the field: copy it from there.");
      }
    });
  }

  ganbook.state = { whole, real, oneOf, digits, read, write, keep, copies };
})(globalThis.ganbook);
