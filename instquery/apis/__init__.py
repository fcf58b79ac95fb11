"""APIs answered by the engine: each has a drawer of its own."""
