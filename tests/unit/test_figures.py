"""The tables of figures in the documents show docs/results and the bundled report, rounded."""

import json
import re
from statistics import fmean
from typing import Any

import pytest

from benchmarks.results import FOLDER
from benchmarks.side_by_side.page import PAGE, filled
from model_store.files import REPORT
from model_store.local import BUNDLED, bundled
from model_store.manifest import Manifest
from reports.values import PhotoFigures, Report, UnknownSource, parse_report
from tests.service import ROOT
from training.gradient.networks.published_figures import PUBLISHED, Published

MEBIBYTE = 2**20
BUNDLED_NETWORK = "compact48_separable_deep"
CARD = "explanation/model-card.md"
TIERS = {"A": "A: product shots", "B": "B: on a model", "C": "C: users' own", "X": "X: none of the ten"}


def table(page: str, heading: str) -> dict[str, list[str]]:
    """The rows of the table whose heading begins so, by their first cell."""
    lines = (ROOT / "docs" / page).read_text("utf-8").splitlines()
    (start,) = (number for number, line in enumerate(lines) if line.startswith(heading))
    end = lines.index("", start)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 : end]]
    return {row[0].strip("`"): row[1:] for row in rows}


def result(name: str) -> Any:
    """One file of docs/results."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def test_every_file_of_results_is_written_by_a_command_and_shown_by_a_document() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "benchmarks").rglob("*.py"))
    documents = "".join(path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md"))
    saved = set(re.findall(r"""\bsave\(\s*['"]([\w-]+)""", code))
    chosen = set(re.findall(r"--out docs/results/([\w-]+)", documents))
    written = saved | chosen | {f"{folder}/{name}" for folder in chosen for name in saved}

    files = [path.relative_to(FOLDER) for path in FOLDER.rglob("*") if path.is_file()]

    assert {str(file.with_suffix("")) for file in files} <= written
    assert [file for file in files if f"results/{file}" not in documents] == []


@pytest.fixture(scope="module")
def report() -> Report:
    return parse_report((BUNDLED / REPORT).read_bytes(), REPORT)


def test_the_model_card_shows_the_figures_of_out_of_distribution_pictures(report: Report) -> None:
    assert table(CARD, "| out-of-distribution pictures |") == {
        kind: [f"{each.familiarity_auroc:.4f}", f"{each.unfamiliar:.4f}"]
        for kind, each in (report.out_of_scope or {}).items()
    }


def test_the_model_card_shows_the_figures_of_photos_and_who_answered_them(report: Report) -> None:
    rows = table(CARD, "| photos, `cross-fitted` |")

    assert {tier: rows[name] for tier, name in TIERS.items()} == {
        tier: photo_row(figures) for tier, figures in report.photos.items()
    }
    assert {figures.split for figures in report.photos.values()} == {"cross-fitted"}


def photo_row(figures: Any) -> list[str]:
    """The cells of a tier; what tier X has no figure for stays empty."""
    decisions, auroc = figures.decisions, figures.auroc
    macro = (
        ""
        if figures.macro_accuracy is None
        else "{:.3f} ({:.3f} to {:.3f})".format(figures.macro_accuracy, *figures.macro_accuracy_interval)
    )
    cells = [decisions.coverage, decisions.accuracy, decisions.unfamiliar]
    cells += [None if auroc is None else auroc.familiarity, figures.ece]
    return [f"{figures.n}", macro, *("" if cell is None else f"{cell:.3f}" for cell in cells)]


@pytest.mark.parametrize("document", ["README.md", f"docs/{CARD}"])
def test_sentences_with_figures_of_the_bundled_release_say_what_its_report_says(
    document: str, report: Report
) -> None:
    text = " ".join((ROOT / document).read_text("utf-8").split())
    expected = of_the_readme(report) if document == "README.md" else of_the_card(report, bundled().manifest)

    renew = [sentence for sentence in expected if sentence not in text]

    assert renew == [], f"{document}: write these in place of the sentences with the old figures"


def counts(figures: PhotoFigures) -> tuple[int, int, int]:
    """How many photos of a tier are accepted, are accepted with the right label, and are unfamiliar."""
    decisions = figures.decisions
    accepted = round(decisions.coverage * figures.n)
    return accepted, round((decisions.accuracy or 0) * accepted), round(decisions.unfamiliar * figures.n)


def of_the_readme(report: Report) -> list[str]:
    shots, beds, others = (report.photos[tier] for tier in "ACX")
    (accepted, right, _), (taken, _, unfamiliar) = counts(beds), counts(others)
    named = {"A": "product shots", "B": "worn garments", "C": "photos of people's own"}
    return [
        *(unknown_in_words(named[tier], of.of_all) for tier, of in report.unknown_sources.items()),
        f"Of {beds.n} photos on a bed or a floor {beds.accuracy:.0%} get the right label, of {shots.n} "
        f"product shots on a plain ground {shots.accuracy:.0%}.",
        f"Of the first it accepts {accepted}, {right} of these with the right label.",
        f"Of {others.n} photos of kinds that it learnt as such, it accepts {taken} and calls {unfamiliar} "
        "`unfamiliar`;",
    ]


def unknown_in_words(named: str, of_all: UnknownSource) -> str:
    accepted = f"{of_all.accepted / of_all.n:.0%} accepted, {of_all.accepted_right / of_all.accepted:.1%}"
    return f"{of_all.n:,} {named} {of_all.right / of_all.n:.1%} right, {accepted} of these right"


def of_the_card(report: Report, manifest: Manifest) -> list[str]:
    return [
        *how_it_was_made(report, manifest),
        *how_it_knows_colours(report),
        *what_it_gets_wrong(report),
    ]


def how_it_knows_colours(report: Report) -> list[str]:
    one = report.attributes["colour"]
    return [
        f"of {one.n} development photos {one.accuracy:.1%} get an admissible word, "
        f"{one.accepted:.0%} are accepted, "
        f"{one.right_of_accepted:.1%} of these right (at least {one.promise.lower_bound:.1%}, "
    ]


def how_it_was_made(report: Report, manifest: Manifest) -> list[str]:
    record = manifest.training["photo_network"]
    assert isinstance(record, dict)
    checked = sum(figures.n for figures in report.photos.values())
    return [
        f"Version `{manifest.version}`, network of pixels `{report.model.network}`.",
        f"a hidden layer of {record['units']:,} (",
        f"The labels of {checked:,} development photos were checked by eye;",
        f"The {report.validation.n:,} held-out pictures,",
        f"On the test set (n = {report.test.n:,}) {report.test.accuracy:.4f} are right;",
    ]


def what_it_gets_wrong(report: Report) -> list[str]:
    shirt, beds, others = report.test.per_class["Shirt"], report.photos["C"], report.photos["X"]
    (accepted, right, _), (taken, _, unfamiliar) = counts(beds), counts(others)
    wrong = {label: one.n - round(one.recall * one.n) for label, one in beds.per_class.items()}
    most = ", ".join(
        f"{label} {wrong[label]} of {beds.per_class[label].n}"
        for label in ("Pullover", "Dress", "Ankle boot")
    )
    return [
        f"Of {shirt.support:,} test pictures {round(shirt.recall * shirt.support)} are recognised;",
        f"Of {beds.n}, {beds.n - sum(wrong.values())} are recognised. Wrong labels: {most}.",
        f"Of the {accepted} that are accepted, {right} have the right label.",
        f"Of {others.n} photos {unfamiliar} are `unfamiliar`, and {taken} "
        f"{'is' if taken == 1 else 'are'} accepted.",
    ]


def test_the_comparison_with_other_servers_shows_the_stored_figures() -> None:
    page = PAGE.read_text("utf-8")

    seen = filled(page, result("benchmark"), result("photos/benchmark"))

    assert seen == page, "python -m benchmarks.side_by_side.page writes it"


def test_the_processor_time_of_a_picture_is_the_measured_one() -> None:
    curves = [result("growth")["seen"][f"pixels of a {kind}"] for kind in ("JPEG", "PNG")]
    measured = {
        f"{jpeg['size']:,}": [f"{jpeg['processor']:.2f}", f"{png['processor']:.2f}"]
        for jpeg, png in zip(*curves, strict=True)
    }

    rows = table("explanation/benchmarks.md", "| pixels | JPEG, ms |")

    assert rows.items() <= measured.items()
    assert len(rows) > 4


def test_the_example_of_a_plan_computes_with_the_measured_time() -> None:
    time = table("explanation/benchmarks.md", "| pixels | JPEG, ms |")["2,408,448"][0]
    cores = 100 * float(time) / 1000 / 0.6

    page = PAGE.read_text("utf-8")

    assert f"100 x {float(time) / 1000:.5f} s / 0.6 = {cores:.1f} cores" in page


def test_the_labels_per_second_are_the_measured_ones() -> None:
    measured = result("labelling")
    rates = [sorted(measured[f"{name}_per_second"]) for name in ("label", "bare", "ray")]

    rows = table("explanation/benchmarks.md", "| | labels/s |")

    assert list(rows.values()) == [[f"{rate[0]:,.0f} to {rate[-1]:,.0f}"] for rate in rates]


def test_the_memory_of_a_worker_is_the_measured_one() -> None:
    _, *workers = result("soak")["resident_megabytes"]

    most = max(megabytes for its in workers for megabytes in its[10:])

    assert f"After ten minutes no worker holds more than {most:.0f} MB" in PAGE.read_text("utf-8")


def test_the_costs_of_a_conversion_are_the_measured_ones() -> None:
    measured = result("conversion")
    ratios = measured["ratio_to_all_decoded"]
    costs = [*ratios.values(), measured["milliseconds"]["thumbnail"]]

    rows = table("explanation/conversion.md", "| | median |")

    assert list(rows.values()) == [
        [f"{cost['median']:.3f}", "{:.3f} to {:.3f}".format(*cost["quartiles"])] for cost in costs
    ]


def test_the_memory_of_a_slot_is_the_measured_one() -> None:
    measured = result("decode-memory")

    costs = {
        name: [
            str(cost["peak_megabytes"]),
            f"{cost['peak_megabytes'] * MEBIBYTE / measured['pixels']:.1f}",
            f"{cost['seconds']:.1f}",
        ]
        for name, cost in measured["formats"].items()
    }

    rows = table("reference/limits.md", "| format |")

    assert rows.items() <= costs.items()
    assert max(costs.values(), key=lambda cost: float(cost[1])) in rows.values(), "the dearest is shown"


def test_own_classes_are_shown_as_they_were_measured() -> None:
    draws = {name: its for name, its in result("own-classes").items() if isinstance(its, list)}

    rows = table("explanation/benchmarks.md", "| classes | learnt |")

    assert rows == {name: own_classes_row(*its) for name, its in draws.items()}


def own_classes_row(draw: dict[str, Any]) -> list[str]:
    ours = draw["wardrobe"]
    right, taken, others = ours["right"], ours["right_of_accepted"], ours["others_accepted"]
    return [
        f"{draw['learnt']}",
        f"{right['n']:,}",
        "{share:.1%} ({low:.1%} to {high:.1%})".format(**right),
        f"{ours['accepted']['share']:.1%}",
        f"{taken['share']:.1%}" if taken else "",
        f"{others['share']:.1%} of {others['n']}" if others else "",
        f"{ours['processor_seconds']:.0f}",
        f"{draw['histograms']['right']['share']:.1%}",
    ]


def test_the_seeds_of_the_bundled_network_have_the_measured_figures() -> None:
    (network,) = (one for one in result("curve")["networks"] if one["network"] == BUNDLED_NETWORK)
    mean = ["{mean:.4f} ± {std:.4f}".format(**network["summary"][part]) for part in ("validation", "test")]

    rows = table("explanation/experiments.md", "| seed |")

    assert rows == {
        **{str(seed["seed"]): seed_row(seed) for seed in network["seeds"]},
        "mean ± standard deviation": [mean[0], "", mean[1]],
    }


def seed_row(seed: dict[str, Any]) -> list[str]:
    validation = seed["validation"]
    return [f"{validation['accuracy']:.4f}", f"{validation['loss']:.4f}", f"{seed['test']['accuracy']:.4f}"]


def test_published_networks_have_our_figures_beside_the_published_ones() -> None:
    measured = {
        f"{one['network']}, {one.get('recipe_name', 'own')}": network_row(one)
        for one in result("comparison")["networks"]
    }

    shown = table("explanation/experiments.md", "| network, recipe |")

    assert shown.items() <= measured.items()
    assert {network for network, _, _ in (row.partition(",") for row in shown)} >= PUBLISHED.keys()


def test_each_published_network_has_its_command() -> None:
    shown = table("how-to/from-other-projects.md", "| project | command |")

    assert list(shown.values()) == [
        [f"`wardrobe train --network {name} --recipe published`"] for name in PUBLISHED
    ]


def network_row(network: dict[str, Any]) -> list[str]:
    """Parameters, seconds, test accuracy with spread and number of seeds, loss, training, published ones."""
    test, train = network["summary"]["test"], network["summary"]["train"]
    spread = "" if test["std"] is None else f" ± {test['std']:.4f}"
    published, seconds = PUBLISHED.get(network["network"]), network.get("seconds")
    losses = [one["test"]["loss"] for one in network["seeds"]]
    trained = network["trainable_parameters"]
    return [
        f"{network['parameters']:,}" + (f" ({trained:,})" if trained != network["parameters"] else ""),
        "" if seconds is None else f"{seconds:,.0f}",
        f"{test['mean']:.4f}{spread} ({test['n']})",
        f"{fmean(losses):.4f}",
        f"{train['mean']:.4f}",
        (as_published(published) + (f"; {published.loss:g}" if published.loss else "")) if published else "",
    ]


def as_published(published: Published) -> str:
    """The accuracy of a text, and that on the test images where the text has another one."""
    return f"{published.accuracy:g}" + (f"; test {published.test:g}" if published.test else "")
