"""The capture tests: a guest computer with the kernel's own virtual capture card, ``vivid``."""
