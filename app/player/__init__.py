"""Plays recorded procedures: in their own time, with every mask on its own frame. No Qt."""
