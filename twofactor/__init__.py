"""HOW the client proves it: challenges, methods, and the two steps of a login."""
