"""The decision which commits changed the energy: robust centres, noise, levels, change_points, and what follows from them."""
