"""Measuring samples: pure functions on tensors, and the digit classifier whose features they are taken on."""
