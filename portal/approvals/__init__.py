"""The second person: what one member of staff proposes, another one decides. Kinds are strings here."""
