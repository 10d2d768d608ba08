"""allcad: white cells and leukaemia blasts in photographs of blood smears, for research and teaching."""

__version__ = "0.1.0"
