"""Tracks of letters by number, over the query interface of 快递100; found by name as `courier`."""
