"""Answers to the exercises as students write them: RIGHT ones, and WRONG ones beside those that cnncourse.checks names.

Each chapter's file has two dictionaries from a task's id to a list of answers. A right answer is written differently
from the reference; a wrong one must be rejected, and must not be given the name of another mistake.
"""
