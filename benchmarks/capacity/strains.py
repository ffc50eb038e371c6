"""What is shared by all machines, how much of it each takes, and how much there is. Pure.

A limit is either told by those who run the thing, or assumed; where each comes from stands beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.capacity.plan import Fleet, Release

UTILISATION = 0.6
"""At which plans keep a machine; docs/scaling.md says why."""

S3_GETS = 5500
"""A second, for a partitioned prefix (docs.aws.amazon.com, S3 User Guide, Optimizing performance)."""
NAT_CONNECTIONS = 55_000
"""At a time, to one destination, through one address of a NAT gateway (AWS re:Post, ErrorPortAllocation)."""
LINK_MEGABITS = 10_000
"""Assumed: ten gigabits a second for whatever one machine sends or receives for all."""
ROLL_OUT_SECONDS = 600
"""Assumed: how long a roll-out may wait for its images."""
REDIS_COMMANDS = 100_000
"""Assumed, a second, of one Redis."""
SERIES = 1_000_000
"""Assumed, of one Prometheus with some GB of memory: a series takes a few kB."""

MEASURED = "measured"
COMPUTED = "computed"
READ = "counted in the code"
CITED = "cited"
ASSUMED = "assumed"


@dataclass(frozen=True, kw_only=True)
class Strain:
    """One thing that machines share.

    Attributes:
        of_one: how much a machine takes of it.
        basis: how `of_one` is known.
        limit: how much there is, in the same unit.
        limit_basis: how that is known.
        cure: what to do before it is reached.
    """

    what: str
    of_one: float
    basis: str
    limit: float
    limit_basis: str
    cure: str

    @property
    def reached_at(self) -> int:
        """The most machines that it holds for."""
        return int(self.limit / self.of_one)


def strains(model: Mapping[str, Any], scrape: Mapping[str, Any], one: Fleet) -> Sequence[Strain]:
    """All of them, the first to break first.

    Args:
        model: of model.py.
        scrape: of scrape.py.
        one: a fleet of one machine.
    """
    release = Release(**model["release"])
    found = [*_links(model, one, release), *_requests(model, one, release), _series(scrape)]
    return sorted(found, key=lambda each: each.reached_at)


def _links(model: Mapping[str, Any], one: Fleet, release: Release) -> list[Strain]:
    uploads = model["uploads"]
    each = {name: _megabits(it["per_second"]["median"], it["bytes"]) for name, it in uploads.items()}
    labelled = _megabits(model["labelling"]["per_second"]["median"], uploads["png"]["bytes"])
    balancer = "several balancers; shrink pictures at the client"
    driver = "a part of the catalogue for each machine, which reads it itself"
    return [
        _link("a balancer's link, Mbit/s, 12-megapixel JPEGs", each["jpeg-12mp"] * UTILISATION, balancer),
        _link("a balancer's link, Mbit/s, 28 x 28 PNGs", each["png"] * UTILISATION, balancer),
        _link(
            "the link of a driver that sends bytes to labellers, Mbit/s, 12-megapixel JPEGs",
            each["jpeg-12mp"],
            driver,
        ),
        _link("the link of a driver that sends bytes to labellers, Mbit/s, 28 x 28 PNGs", labelled, driver),
        _link(
            "the store's link at a promotion, Mbit/s",
            one.megabits_of_a_change(release),
            "a longer `REFRESH_SECONDS`",
        ),
        Strain(
            what="the registry's link, Mbit for one image on each machine",
            of_one=model["packages"] * 8 / 1e6,
            basis=f"{MEASURED}, unpacked, packages alone",
            limit=LINK_MEGABITS * ROLL_OUT_SECONDS,
            limit_basis=f"{ASSUMED}: 10 min of 10 Gbit/s",
            cure="waves; a registry mirror; change releases by promotion, not by image",
        ),
    ]


def _link(what: str, megabits: float, cure: str) -> Strain:
    return Strain(
        what=what,
        of_one=megabits,
        basis=COMPUTED,
        limit=LINK_MEGABITS,
        limit_basis=f"{ASSUMED}: 10 Gbit/s",
        cure=cure,
    )


def _megabits(per_second: float, size: int) -> float:
    return per_second * size * 8 / 1e6


def _requests(model: Mapping[str, Any], one: Fleet, release: Release) -> list[Strain]:
    return [
        Strain(
            what="requests to S3 when all start in the same second, caches empty",
            of_one=one.requests_of_a_start(release),
            basis=READ,
            limit=S3_GETS,
            limit_basis=f"{CITED}: GETs/s for a prefix",
            cure="start in waves; `CACHE_DIR` on a volume; boto3 tries three times",
        ),
        Strain(
            what="requests/s to S3, the first polls after that",
            of_one=one.gets_per_second_in_step,
            basis=COMPUTED,
            limit=S3_GETS,
            limit_basis=f"{CITED}: GETs/s for a prefix",
            cure="a longer `REFRESH_SECONDS`",
        ),
        Strain(
            what="connections to S3 through one NAT address",
            of_one=one.workers,
            basis=READ,
            limit=NAT_CONNECTIONS,
            limit_basis=f"{CITED}: to one destination",
            cure="an endpoint for S3 inside the network, which costs less, too",
        ),
        Strain(
            what="Redis commands/s, where `RATE_LIMIT_STORAGE` names one, 28 x 28 PNGs",
            of_one=model["uploads"]["png"]["per_second"]["median"] * UTILISATION,
            basis=f"{COMPUTED}: one a request",
            limit=REDIS_COMMANDS,
            limit_basis=ASSUMED,
            cure="limit rates at the balancer",
        ),
    ]


def _series(scrape: Mapping[str, Any]) -> Strain:
    return Strain(
        what="Prometheus series",
        of_one=scrape["series"],
        basis=MEASURED,
        limit=SERIES,
        limit_basis=ASSUMED,
        cure="a Prometheus for each group of machines, and one that keeps their sums",
    )
