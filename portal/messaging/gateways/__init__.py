"""Gateways: how a message reaches its carrier. One file each, behind `base.Gateway`; none knows a table."""
