"""Where annotated frames are written: marked video, masks, table and summary."""
