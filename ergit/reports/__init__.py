"""What people and other tools read of a study: pages, figures, exports."""
