"""Label pictures in processes of this machine, or on a Ray cluster. Start with labeller.py."""
