"""Finds the commits that changed how much energy a program uses."""

__version__ = "0.2.0"
