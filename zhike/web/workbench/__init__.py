"""会话: whatever customers write, in every medium, answered on one screen."""
