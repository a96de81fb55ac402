"""Measurements that take longer than a chapter, and what they share. Each stores its rows in ganbook/assets/results."""

from ganbook.base.devices import flush_denormals

flush_denormals()  # here, because the processes of a pool import this too, before they compute anything
