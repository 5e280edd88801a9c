"""Everything that leaves the portal: the outbox, its relay, the gateways and their receipts."""
