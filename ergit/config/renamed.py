"""Keys of the config that were renamed: the old path of each, and the new one."""

RENAMED: dict[str, str] = {}
