"""The config of a study: its keys, how it is read, and what of it makes two readings comparable."""
