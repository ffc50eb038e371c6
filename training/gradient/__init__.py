"""Networks that are trained by gradient: their shapes, recipes, the fit, comparison and search."""
