"""From the frozen list to messages, reminders and other ways, and back again where a notice is recalled."""
