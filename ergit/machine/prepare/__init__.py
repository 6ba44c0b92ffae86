"""Prepares a machine for measuring, and takes that back."""
