"""The audit trail: what was done, by whom, to whom. Rows are only ever added."""
