"""The served release: load.py opens it, serving.py holds it, watcher.py replaces it."""
