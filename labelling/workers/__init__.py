"""Where pictures are labelled: in processes of this machine, or on Ray. Start with labeller.py."""
