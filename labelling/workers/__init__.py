"""Where pictures are labelled: in processes of this machine, or on Ray. Start with pool.py."""
