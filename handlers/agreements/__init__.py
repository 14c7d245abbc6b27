"""The two signed consents: which address counts as delivery, and how signatures and records are kept."""
