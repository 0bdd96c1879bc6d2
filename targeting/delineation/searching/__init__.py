"""The search for the best plan: groups grown, annealed, packed and grown again."""
