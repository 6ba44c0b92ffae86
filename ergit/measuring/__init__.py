"""Readings of a workload: how they are taken, which are taken again, and the table they are sorted into."""
