"""Workers that label pictures: processes of this machine, or Ray. Start with labeller.py."""
