// Two small repairs: for pages opened from a disk, and for readers without a mouse.
(function () {
  // From a disk no script may read another page: the search names the pages it finds and leaves out their first lines.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  // What scrolls sideways on a narrow screen can be reached, and scrolled, with the keyboard.
  const BOXES = "mjx-container[display], div.math, .cell_output .output, .pst-scrollable-table-container";
  function reach(entries) {
    for (const { target } of entries)
      if (target.scrollWidth > target.clientWidth && getComputedStyle(target).overflowX !== "visible") target.tabIndex = 0;
      else if (target.tabIndex === 0) target.removeAttribute("tabindex");
  }

  window.addEventListener("load", async function () {
    if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
    const sizes = new ResizeObserver(reach); // also tells when something folded is opened
    for (const box of document.querySelectorAll(BOXES)) sizes.observe(box);
  });
})();
