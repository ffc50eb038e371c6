"""What the page says of where a model comes from, and which of a release's figures it can show."""

from app.web.report_page.figures import Figure, figures_of
from app.web.report_page.identity import identity_of
from app.web.report_page.photos import photo_curve, recall_rows, tier_of
from model_store.local import BUNDLED, bundled
from model_store.report import Report, parse_report
from tests.pictures import garment_picture, jpeg


def the_bundled_report() -> Report:
    return parse_report((BUNDLED / "report.json").read_bytes(), "bundled")


def test_a_model_tells_its_network_seed_hardware_size_and_work() -> None:
    manifest = bundled().manifest

    (_, entries), *_ = identity_of(the_bundled_report(), manifest)

    told = {entry.name: entry.value for entry in entries}
    assert told["network"] == manifest.training["network"]
    assert told["seed"] == str(manifest.training["seed"])
    assert told["parameters"] == f"{manifest.headline.parameters:,}"
    assert told["MFLOPs a picture"].startswith(f"{manifest.headline.mflops:g}, ")
    assert told["commit of the code"] == manifest.git_commit
    assert told["labels"] == ", ".join(manifest.model.labels)


def test_every_file_of_the_release_is_told_with_its_hash() -> None:
    manifest = bundled().manifest

    *_, (title, entries) = identity_of(the_bundled_report(), manifest)

    assert title == "The files by their sha256"
    assert [entry.value[:64] for entry in entries] == [file.sha256 for file in manifest.files.values()]


def test_what_nobody_knows_of_an_adopted_model_is_said() -> None:
    report = the_bundled_report()
    unknown = dict.fromkeys(("seed", "epochs", "best_epoch", "seconds", "hardware"))
    adopted = report.model_copy(update={"training": report.training.model_copy(update=unknown)})

    (_, entries), *_, (_, files) = identity_of(adopted, None)

    told = {entry.name: entry.value for entry in entries}
    assert {told[name] for name in ("seed", "epochs", "best epoch", "time of training", "hardware")} == {
        "not known"
    }
    assert files == ()


def test_a_tier_is_told_with_its_interval_and_its_decisions() -> None:
    tier = the_bundled_report().photos["C"]

    line = tier_of("C", tier)

    low, high = tier.macro_accuracy_interval or (0, 0)
    assert line.macro_accuracy == f"{tier.macro_accuracy:.1%}"
    assert line.between == f"{low * 100:.1f} to {high:.1%}"
    assert line.accepted == f"{tier.decisions.coverage:.1%}"


def test_a_tier_of_foreign_photos_claims_no_accuracy() -> None:
    line = tier_of("X", the_bundled_report().photos["X"])

    assert (line.macro_accuracy, line.between, line.right) == ("—", "", "—")


def test_a_class_that_a_tier_does_not_have_leaves_its_cell_empty() -> None:
    tiers = {name: tier for name, tier in the_bundled_report().photos.items() if name in ("A", "B")}

    (sandal,) = [row for row in recall_rows(tiers) if row.label == "Sandal"]

    assert [(one.share, one.n) for one in sandal.recalls] == [("96.7%", 60), ("", 0)]


def test_the_curve_marks_where_the_service_works() -> None:
    curve = photo_curve(the_bundled_report())

    assert curve is not None
    assert [line.name for line in curve.lines] == ["tier A", "tier B", "tier C"]
    assert [line.mark is not None for line in curve.lines] == [True, True, True]


def test_figures_come_with_their_size_and_what_is_no_png_is_left_out() -> None:
    files = {
        "reliability.png": (BUNDLED / "figures" / "reliability.png").read_bytes(),
        "photo.png": jpeg(garment_picture()),
        "text.png": b"hello",
        "broken.png": b"\x89PNG\r\n\x1a\n",
    }

    assert figures_of(files) == {"reliability": Figure("reliability.png", 500, 550)}
