"""A night in ten minutes: mixed good, bad and huge uploads, promotions, S3 faults, killed workers.

`make soak` runs __main__.py: traffic.py is what clients do, kinds.py what they send and may be answered,
trouble.py what happens to the service meanwhile, watch.py what its processes hold, verdict.py what of it must
not be, plot.py the picture.
"""
