"""The release being served: load.py opens it, serving.py holds it, watcher.py swaps it."""
