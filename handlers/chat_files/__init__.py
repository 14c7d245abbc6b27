"""A file or picture in the chat: it is announced, fetched after commit, checked, and kept as said by its sender.

Whoever asked an open question that takes files says where it belongs; everything else goes to HR, who gets a to-do.
Only HR and the sender can open it here: a picture may be a medical certificate.
"""
