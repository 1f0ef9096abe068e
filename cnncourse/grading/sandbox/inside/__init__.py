"""What runs inside the sandbox: a warm process that forks a kernel a submission. Nothing here knows an answer."""
