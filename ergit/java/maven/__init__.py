"""Maven projects: what their poms ask for, as ergit reads them and as Maven itself does."""
