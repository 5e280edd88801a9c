"""The import of accounts from the back office. What the file must look like stands in docs/import.md."""

from accounts.services.importing.reading import FileRefused
from accounts.services.importing.run import Summary, import_accounts

__all__ = ["FileRefused", "Summary", "import_accounts"]
