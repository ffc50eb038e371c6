"""The tables of the pages experiments and retrain show the figures of docs/results."""

import json
import re
from typing import Any

from tests.service import ROOT

NETWORK = "compact48_separable_deep"
PAGE = (ROOT / "docs" / "explanation" / "experiments.md").read_text("utf-8")


def test_the_table_of_seeds_is_the_measured_one() -> None:
    (measured,) = (each for each in networks_of("curve") if each["network"] == NETWORK)
    mean = {
        part: "{mean:.4f} ± {std:.4f}".format(**measured["summary"][part]) for part in ("validation", "test")
    }

    rows = re.findall(r"^\| (\d|mean ± .*?) \| (\S.*?) \| (.*?) ?\| (\S.*?) \|$", PAGE, re.MULTILINE)

    assert rows == [
        *(
            (
                str(seed["seed"]),
                f"{seed['validation']['accuracy']:.4f}",
                f"{seed['validation']['loss']:.4f}",
                f"{seed['test']['accuracy']:.4f}",
            )
            for seed in measured["seeds"]
        ),
        ("mean ± standard deviation", mean["validation"], "", mean["test"]),
    ]


def test_the_table_of_published_networks_is_the_measured_one() -> None:
    networks = [each for name in ("comparison", "curve") for each in networks_of(name)]
    summaries = {each["network"]: each["summary"] for each in networks}

    page = (ROOT / "docs/how-to/retrain.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)`(?:, [\w ]+)? \| ([^|]*\(\d\)) \| ([\d.]+) \|", page, re.MULTILINE)

    assert len(rows) == 1 + len(networks_of("comparison"))
    for network, test, train in rows:
        assert (network, test, train) == (network, *shown(summaries[network]))


def networks_of(name: str) -> list[dict[str, Any]]:
    """The networks of one file of results."""
    networks: list[dict[str, Any]] = json.loads((ROOT / f"docs/results/{name}.json").read_text("utf-8"))[
        "networks"
    ]
    return networks


def shown(summary: dict[str, Any]) -> tuple[str, str]:
    """Test accuracy with its spread and number of seeds, and training accuracy."""
    test = summary["test"]
    spread = "" if test["std"] is None else f" ± {test['std']:.4f}"
    return f"{test['mean']:.4f}{spread} ({test['n']})", f"{summary['train']['mean']:.4f}"
