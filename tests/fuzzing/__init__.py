"""Inputs that nobody should write, and what becomes of them: ``python -m fuzzing FAMILY COUNT SEED``."""
