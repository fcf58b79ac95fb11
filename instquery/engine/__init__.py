"""The engine: records in memory, numbered in answer order. Only stores enter it."""
