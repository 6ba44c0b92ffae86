"""Running the config's shell commands: whole trees of processes, with an end to all of them."""
