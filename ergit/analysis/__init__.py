"""What readings mean: changes, comparisons, the gate and the noise floor; reports put them into words."""
