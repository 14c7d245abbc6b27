"""What is to be said, from its row to the platform and back: claimed, paced, sent, its receipts kept."""
