"""Jira: how far goals are, read from Cloud (REST v3) and Server / Data Center (REST v2)."""
