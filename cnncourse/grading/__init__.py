"""Grading: a sandbox for the student's code, a judge outside it, and what a class needs around the two."""

import sys

# jsonschema, below nbformat, would build a parser of international addresses for two seconds, which nobody needs
sys.modules.setdefault("rfc3987_syntax", None)
