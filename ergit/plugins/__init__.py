"""Stages of a study's own: files of `modules_enabled`, each run in a process of its own."""
