"""Video4Linux2: what ``app.sources.camera`` is made of. Linux alone."""
