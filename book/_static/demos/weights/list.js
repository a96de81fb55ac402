/* Written by tools/site/export_demo.py. Weights: MIT. */
globalThis.ganbook = globalThis.ganbook || {};
ganbook.models = ganbook.models || {};
ganbook.available = {"conditional": "conditional DCGAN", "coded": "DCGAN with a code", "a-dcgan": "DCGAN, no label"};
