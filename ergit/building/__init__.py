"""Builds of commits: how one is made, where, and what is kept of it."""
