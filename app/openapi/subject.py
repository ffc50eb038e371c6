"""What the document is about: one model, served under some settings."""

from dataclasses import dataclass

from app.releases.serving import Served
from app.settings import Settings


@dataclass(frozen=True)
class Subject:
    """Whatever the document says that another service would say otherwise comes from here."""

    served: Served
    settings: Settings

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names in index order."""
        return self.served.contract.labels
