"""APIs answered by the engine: each is a literal in a file of its own."""
