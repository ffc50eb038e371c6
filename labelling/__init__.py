"""Label a whole catalogue: many pictures in, one table out, on every core, continued after a kill.

Start reading in run.py, which puts the parts together. A folder may use those above it:

    lists/    reads a shop's list: its titles, categories and colours
    sources/  finds the pictures in a folder, a list, a ZIP or a bucket
    workers/  asks the model, in several processes
    journal/  keeps all answers in an SQLite file beside the table, which survives a kill
    decide/   decides each row by the model, the list and people
    write/    writes tables, summaries, feeds and folders
    review/   makes sheets on which people answer, and reads their corrections

errors.py draws the errors.
"""
