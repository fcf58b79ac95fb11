"""The kinds of index: each a faster way to the answer of a predicate, over the rows of a segment."""
