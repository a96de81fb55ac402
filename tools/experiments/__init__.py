"""Measurements that take longer than a chapter, and what they share. Each stores its rows in ganbook/assets/results."""
