"""Readings that another tool took."""
