"""SMS through any gateway that takes JSON over HTTP; found by name as `channel`."""
