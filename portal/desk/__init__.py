"""The staff desk: Django admin behind two factors."""
