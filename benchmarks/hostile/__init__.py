"""Broken and hostile files from a seed, the doors that they are brought to, and what came of it."""
