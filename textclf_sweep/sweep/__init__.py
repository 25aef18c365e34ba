"""The orchestrator: the only loop, and what the command line asks of a sweep."""
