"""Files of the pages for browsers: the page at /, the report page and /docs."""
