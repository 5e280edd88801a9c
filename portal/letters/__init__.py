"""Letters that carry a code by post: approved, printed, posted, used. Accounts are rows of another app here."""
