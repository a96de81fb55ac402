/* Written by tools/site/export_demo.py. Weights: MIT. */
globalThis.ganbook = globalThis.ganbook || {};
ganbook.models = ganbook.models || {};
ganbook.available = {"conditional": "conditional DCGAN", "a-dcgan": "DCGAN, no label"};
