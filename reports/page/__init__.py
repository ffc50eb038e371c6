"""The report as a page: its template, its styles, and what fills them in."""
