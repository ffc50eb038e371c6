"""The page at /, the report page and /docs: templates and static files."""
