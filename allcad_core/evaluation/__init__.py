"""Figures from stored out-of-fold predictions: nothing shown about accuracy comes from anywhere else."""
