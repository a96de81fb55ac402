"""Measuring samples: pure functions on features, class probabilities and labels. They import nothing else of the
package and raise ValueError."""
