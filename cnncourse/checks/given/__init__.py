"""How the tasks of a chapter ask for an answer, where that is more than a call: in a module for each such chapter.

These modules, unlike those with the answers, are there when a student's notebook is graded: keep answers out of them.
"""
