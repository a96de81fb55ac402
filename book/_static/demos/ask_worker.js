/* What takes the explorable "Ask the discriminator" longer than a moment, in a thread of its own. The page sends
   {do: "begin", data} once, then "count" and "train", each with a number `run`, a kind of fakes and a seed. A training is
   given up when the next order comes. */
"use strict";

(function ({ ask, greys }, thread) {
  const { Classes, Lesson, PLAN } = ask;
  let data = null;
  let latest; // the number of the last order

  /** Whether D is looked at after so many steps: the first five one by one, because they change most. */
  const seen = (step) => step <= 5 || step % PLAN.look === 0;
  const turn = () => new Promise((done) => setTimeout(done)); // in which the page's orders are heard

  const ORDERS = {
    async begin(order) {
      data = { digits: await greys(order.data), white: order.data.white };
    },
    count({ run, kind, seed }) {
      thread.postMessage({ run, black: new Classes(data, kind, seed).black() });
    },
    async train({ run, kind, seed }) {
      latest = run;
      const classes = new Classes(data, kind, seed);
      const lesson = new Lesson(classes);
      thread.postMessage({ run, black: classes.black() });
      for (; run === latest; lesson.learn()) {
        if (!seen(lesson.step)) continue;
        const done = lesson.step >= PLAN.steps;
        thread.postMessage({ run, done, look: lesson.look(), values: lesson.D.values.slice() });
        if (done) return;
        await turn();
      }
    },
  };

  let begun = Promise.resolve();
  thread.onmessage = ({ data: order }) => {
    const answer = (run) => run.catch(({ message }) => thread.postMessage({ run: order.run, error: message }));
    if (order.do === "begin") begun = ORDERS.begin(order);
    else answer(begun.then(() => ORDERS[order.do](order)));
  };
})(globalThis.ganbook, globalThis);
