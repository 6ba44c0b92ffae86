"""ergit: the programs of the rules, and the modules they stand on."""
