"""Files of durable stores: whose they are, what is in them, and how it is checked."""
