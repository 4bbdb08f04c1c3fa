"""Tests that run in the guest, against ``vivid``; also on a computer that has loaded it itself."""
