"""Why each block is in or out, what the other way would cost, and what would flip it."""
