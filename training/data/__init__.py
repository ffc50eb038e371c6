"""Pictures with labels as arrays: listing, reading, corrections, checks, and how they are divided."""
