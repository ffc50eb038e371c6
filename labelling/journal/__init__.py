"""Keep the answers of model and people, and the list, in an SQLite file beside the table: the journal."""
