"""Write tables, summaries, feeds (the files that sales platforms import) and folders of decided rows."""
