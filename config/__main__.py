"""`python -m config`: print docs/settings.md from the table."""

from __future__ import annotations

import sys

from config.reference import markdown

sys.stdout.write(markdown())
