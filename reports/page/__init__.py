"""The report of a release as an HTML page: template, styles, and the sentences and numbers in them."""
