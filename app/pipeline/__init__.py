"""What happens to a frame between its source and its sink: one thread per stage."""
