"""What an answer costs as the work grows: more connections, larger pictures, larger batches, more workers.

`make growth` runs __main__.py: curves.py is what is sent at each point, slopes.py whether a cost grows faster
than the work, kept.py lets a stopped run go on, plot.py draws. Servers and load are those of
benchmarks/side_by_side.
"""
