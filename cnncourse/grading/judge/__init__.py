"""From a submitted notebook to verdicts: it is put together anew, run, and each answer is judged."""
