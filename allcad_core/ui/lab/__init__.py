"""The segmentation lab: one smear, and each step from the photograph to measured cells."""
