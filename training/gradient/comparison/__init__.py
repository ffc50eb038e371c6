"""Several trainings beside one another: comparison and search."""
