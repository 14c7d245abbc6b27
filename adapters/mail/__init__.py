"""E-mail by SMTP; found by name as `channel`."""
