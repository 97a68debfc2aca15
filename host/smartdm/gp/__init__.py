"""GlobalPlatform: what is loaded onto cards, and how."""
