"""WHO the client is: accounts, passwords, sessions, lockout, contact details."""
