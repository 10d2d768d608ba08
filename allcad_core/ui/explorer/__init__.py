"""Pieces of the confusion explorer: what is stored, its matrix at any threshold, its curves, and what lies behind them."""
