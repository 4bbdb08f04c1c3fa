"""Measures live video on this machine: how late, how much lost, at what cost."""
