"""The decision which commits changed the energy: robust centres, noise, levels, borders, and what follows from them."""
