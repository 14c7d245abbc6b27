"""The performance cycle: goals both sides agreed to, progress from real systems, scores with reasons, four different
answers to a result, appeals that are heard by somebody else, and a signature on exactly what was shown."""
