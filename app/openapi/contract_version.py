"""The version of the contract, for those who need no more of it: the document takes long to import."""

from typing import Final

CONTRACT_VERSION: Final = "0.1.0"
"""That of the service; pyproject.toml has it too."""
