"""The command line: one module per command, drawing and signals in the modules that begin with ``_``."""
