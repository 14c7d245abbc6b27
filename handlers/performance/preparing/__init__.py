"""Cycles before anybody is asked: policies, templates, people, days."""
