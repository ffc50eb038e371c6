"""The report as a page: its template, its styles, and the values that fill them in."""
