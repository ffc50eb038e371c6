"""Write tables, summaries, feeds and folders from what was decided."""
