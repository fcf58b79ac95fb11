"""The engine: records in memory, numbered in answer order. Only `store`, `durable` and `watch` enter it."""
