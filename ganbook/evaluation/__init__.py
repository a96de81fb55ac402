"""Judging a generator: its samples, or images that you have, against real ones, by every score at once."""
