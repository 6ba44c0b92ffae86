"""The forecast: what a study will take before anything is spent, and afterwards what it really took."""
