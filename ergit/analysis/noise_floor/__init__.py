"""The noise floor: a commit that is measured against itself, and what a study can see above that."""
