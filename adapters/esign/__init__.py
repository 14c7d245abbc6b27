"""e签宝 (esign.cn), a licensed signing provider: its open API v3."""
