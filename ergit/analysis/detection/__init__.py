"""How the commits that changed the energy are found: robust centres, noise, levels, change points."""
