/* Written by tools/site/stamping_still.py from ganbook.models.dcgan. */
globalThis.ganbook = globalThis.ganbook || {};
ganbook.stampingShapes = {"book": [{"side": 1, "kernel": 3, "stride": 2, "padding": 0}, {"side": 3, "kernel": 4, "stride": 1, "padding": 0}, {"side": 6, "kernel": 3, "stride": 2, "padding": 0}, {"side": 13, "kernel": 4, "stride": 2, "padding": 0}], "even": [{"side": 1, "kernel": 3, "stride": 2, "padding": 0}, {"side": 3, "kernel": 4, "stride": 1, "padding": 0}, {"side": 6, "kernel": 4, "stride": 2, "padding": 0}, {"side": 14, "kernel": 4, "stride": 2, "padding": 1}]};
