"""Keys of the config that were renamed: the old path of each, and the new one."""

RENAMED = {
    "measure.shortest_window_seconds": "measure.minimum_window_seconds",
    "measure.temperature.otherwise": "measure.temperature.on_timeout",
    "measure.quiet.otherwise": "measure.quiet.on_timeout",
}
