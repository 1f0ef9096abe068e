"""Grading: a sandbox for the student's code, a judge outside it, and what a class needs around the two."""
