"""What it takes to serve or label more than was measured.

`make capacity` runs __main__.py: fits.py draws curves through docs/results/*.json, model.py says which,
plan.py and strains.py do the arithmetic, tables.py and plot.py tell it in docs/scaling.md.
"""
