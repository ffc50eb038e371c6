"""The release that is served: load.py opens it, serving.py holds it, watcher.py looks for a newer one."""
