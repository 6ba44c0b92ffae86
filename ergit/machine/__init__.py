"""The machine that measures: its state, its disturbances, its settings, and what it lacks."""
