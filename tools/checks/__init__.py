"""Trials that are too long or too wide for the tests: kills, other versions, an imitation of Colab."""
