"""Keep a run's answers, its list and people's answers in a file beside the table."""
