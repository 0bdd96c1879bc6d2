"""Who is whose neighbor: across streets, along shared sides, as a study or libpysal has it."""
