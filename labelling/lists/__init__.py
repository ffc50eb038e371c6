"""Read what a shop's list says: its rows, its words, and the columns that have them."""
