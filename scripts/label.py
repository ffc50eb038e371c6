"""Label a whole catalogue with the answers of `POST /predict`.

SOURCE is a folder, a pattern in quotes, a CSV with a column `path`, a ZIP, or s3://bucket/prefix. A list may
name pictures at https:// as well, of hosts that are allowed. The same command continues a run that was
stopped or killed. A picture that cannot be read becomes a row with an error. If --corrections names people's
answers, they are taken into the table before anything is written. A command without SOURCE uses the source,
the options and the release of the table's last run.
"""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from rich.progress import ProgressColumn, Task
from rich.text import Text

from inference.words.customers import AGE_GROUPS, GENDERS
from inference.words.language_files import LANGUAGE_OFF, list_readable_languages, load_languages
from labelling.errors import SourceUnusable
from labelling.job import LabellingJob
from labelling.review.audit import MAX_SAMPLE_ROWS
from labelling.review.correction_intake import CorrectionEffect
from labelling.run import LabellingOutcome, run_labelling
from labelling.write.columns import make_photo_columns
from labelling.write.excel import check_sheet_size
from labelling.write.outputs import make_folders
from labelling.write.platforms import FEED_PLATFORMS
from labelling.write.summary import TableSummary
from labelling.write.table import WORKBOOK_ENDING, choose_table_format
from labelling.write.taxonomies import TAXONOMY_PLATFORMS
from scripts.__main__ import command
from scripts.console import ignore_closed_output, print_message
from scripts.label_job import ENGINES_BY_NAME, REVIEW_LIMIT, read_labelling_job
from scripts.label_list import check_list_options, write_list
from scripts.label_outputs import print_outputs
from scripts.label_summary import print_table_figures
from scripts.list_options import add_list_options
from scripts.parsers import ANSWERING_HELP, make_command_parser, make_whole_number_parser
from scripts.progress_bars import show_progress
from scripts.terminal import NegativeResult
from training.progress import add_resume_advice

EXAMPLE_COMMANDS = (
    "wardrobe label photos --out labels.csv",
    "wardrobe label 'photos/*.jpg' --out labels.jsonl --review review.html",
    "wardrobe label list.csv --allow-host cdn.example --out labels.csv",
    "wardrobe label --corrections corrections.csv --out labels.csv",
    "wardrobe label photos --out labels.csv --into sorted",
    "wardrobe label photos --write-list list.csv",
    "wardrobe label s3://shop/photos --out labels.csv --model s3://models/wardrobe --json",
)


def execute(arguments: argparse.Namespace) -> object:
    """Label the pictures of a source, or continue an interrupted run, and print the result.

    Returns:
        The summary for --json, as a NegativeResult (exit code 1) if no picture could be read, or if one
        could not be copied into the folder of --into. With --write-list, the figures of the list.
    """
    _check_options(arguments)
    if arguments.write_list:
        return write_list(arguments)
    job = read_labelling_job(arguments)
    columns = make_photo_columns(job.settings, has_human_answers=True, has_shop_words=True)
    make_folders([arguments.review] if arguments.review else [])
    with add_resume_advice("Nothing is lost: the same command goes on where it was."):
        total = _count_pictures(job)
    if choose_table_format(job.table) == WORKBOOK_ENDING:
        check_sheet_size(total or 0, len(columns))
    outcome = _run_job(job, total)
    with ignore_closed_output():
        print_outputs(arguments, outcome, job)
    if outcome.errors:
        raise outcome.errors[0]
    return _make_document(outcome)


def _check_options(arguments: argparse.Namespace) -> None:
    """End the command with an error of usage if its options do not go together."""
    if arguments.write_list:
        check_list_options(arguments, build_parser().parse_args([]))
        return
    if arguments.out is None:
        arguments.error("name the table to write: --out FILE")
    if arguments.source is None and not arguments.corrections:
        arguments.error("name a SOURCE to label, or --corrections of a table that is there")
    named_language = str(arguments.own_words or "")
    if named_language in {*load_languages(), LANGUAGE_OFF} and not arguments.own_words.exists():
        arguments.error(f"--words takes a file of words. The language is --language {named_language}")
    if arguments.audit and not arguments.review:
        arguments.error("--audit needs --review FILE.html, the page that shows the sample")


def _run_job(job: LabellingJob, total: int | None) -> LabellingOutcome:
    """Run a job with a progress bar, and print the figures of its tables as soon as these are written.

    Args:
        total: the number of pictures; None if it is not known.
    """
    with ExitStack() as progress:
        watch = progress.enter_context(show_progress("labelling", _SpeedColumn()))

        def show(
            summary: TableSummary, names: Sequence[str], correction_effect: CorrectionEffect | None
        ) -> None:
            progress.close()  # otherwise the bar would be drawn over the tables
            with ignore_closed_output():  # sheet, folders and feed are not written yet
                print_table_figures(job, summary, names, correction_effect)

        return run_labelling(job, lambda rows, before: watch(rows, total, before), print_message, show)


def _make_document(outcome: LabellingOutcome) -> object:
    """Return the value for --json, as a NegativeResult if pictures could not be read or copied."""
    correction_effect = outcome.correction_effect
    summary = outcome.summary
    counts = (
        {"corrections": correction_effect.correction_count, "unmatched": correction_effect.unmatched_count}
        if correction_effect
        else {}
    )
    if not summary.has_answers:
        return NegativeResult(asdict(summary))
    document = counts | asdict(summary)
    return (
        NegativeResult(document)
        if outcome.sorted_pictures and outcome.sorted_pictures.unread_count
        else document
    )


def _count_pictures(job: LabellingJob) -> int | None:
    """Return the number of pictures; None if it is not known. If counting would take too long, say so."""
    try:
        if why := job.source.why_uncounted:
            print_message(f"how many pictures there are, and so the time left, is not known: {why}.")
            return None
        return sum(1 for _ in job.source.iterate_pictures())
    except (SourceUnusable, OSError):  # the run reports it, after the pictures that can be read
        return None


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe label`."""
    parser = make_command_parser(
        "label", __doc__, EXAMPLE_COMMANDS, json_help="print the summary as one line of JSON"
    )
    add = parser.add_argument
    source = "folder, pattern in quotes, CSV with a column `path`, ZIP, or s3://bucket/prefix"
    add("source", metavar="SOURCE", nargs="?", help=source)
    host = "fetch pictures of a list at https://HOST; `*.HOST` for all names below it; may be repeated"
    add("--allow-host", type=_parse_host, action="append", metavar="HOST[:PORT]", help=host)
    add_list_options(parser)
    add("--out", type=Path, metavar="FILE", help="table: .csv, .jsonl, or .xlsx for Excel")
    list_help = (
        "only write a list of a folder's pictures, with an article for each, to label next with --by article"
    )
    add("--write-list", type=Path, metavar="LIST.csv", help=list_help)
    model = f"{ANSWERING_HELP} (default: that of the table's last run, or bundled)"
    add("--model", help=model)
    engines = "processes of this machine, or ray: the cluster at RAY_ADDRESS (default: processes)"
    add("--engine", choices=ENGINES_BY_NAME, help=engines)
    _add_product_options(parser)
    _add_word_options(parser)
    feed = (
        "write the colours of products as this platform imports them; with --review the sheet asks for those "
        "that are missing"
    )
    add("--feed", choices=FEED_PLATFORMS, help=feed)
    taxonomy = (
        "columns such as `category_id`: by a file of yours (WARDROBE_TAXONOMY), or by a platform: "
        f"{' or '.join(TAXONOMY_PLATFORMS)}"
    )
    add("--taxonomy", metavar="FILE|PLATFORM", help=taxonomy)
    add(
        "--workers",
        type=make_whole_number_parser(1),
        metavar="N",
        help="number of processes (default: one per core)",
    )
    into = "copy the pictures into FOLDER/label and FOLDER/review; the folder has to be new or empty"
    add("--into", type=Path, metavar="FOLDER", help=into)
    _add_review_options(parser)
    add("--restart", action="store_true", help="label everything again; people's answers are kept")
    return parser


def _add_word_options(parser: argparse.ArgumentParser) -> None:
    """Add the options about the words of a list: language, own words of the shop, and columns with words."""
    add = parser.add_argument
    words = "the language of the list's titles, or `none` (that of most of its words)"
    add("--language", choices=(*list_readable_languages(), LANGUAGE_OFF), help=words)
    own_words_help = "what the shop means by its own words: a CSV with the columns words, kinds and in"
    add("--words", dest="own_words", type=Path, metavar="FILE", help=own_words_help)
    title = "the column of titles (known by its name, or by its cells where no such column names kinds)"
    add("--title-column", metavar="COLUMN", help=title)
    colour = "the column of colours (known by its heading, or by heading and cells)"
    add("--colour-column", metavar="COLUMN", help=colour)


def _add_product_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which photos show the same product, and for whom products are made."""
    products = parser.add_mutually_exclusive_group()
    by_help = (
        "column that says which photos show the same product; also writes a table with one row per product"
    )
    products.add_argument("--by", metavar="COLUMN", help=by_help)
    folders = "photos in one folder show the same product; also writes a table with one row per product"
    products.add_argument("--by-folder", dest="by", action="store_const", const="", help=folders)
    gender = "the gender of products for which the list names none"
    parser.add_argument("--gender", choices=GENDERS, help=gender)
    age_group = "the age group of products for which the list names none"
    parser.add_argument("--age-group", choices=AGE_GROUPS, help=age_group)


def _add_review_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the review sheet and for people's answers."""
    add = parser.add_argument
    add("--review", type=Path, metavar="FILE.html", help="write a page for correcting what is doubtful")
    limit = f"most cards for each question, the most doubtful first (default: {REVIEW_LIMIT:,})"
    usual = f"a quarter of them, at most {MAX_SAMPLE_ROWS}"
    audit = f"number of accepted pictures on the page, drawn at random; 0 for none (default: {usual})"
    add("--audit", type=make_whole_number_parser(0), metavar="N", help=audit)
    add("--review-limit", type=make_whole_number_parser(1), default=REVIEW_LIMIT, metavar="N", help=limit)
    corrections = "take in what people say in these files (CSV), before all is written"
    add("--corrections", type=Path, nargs="+", default=(), metavar="FILE", help=corrections)


def _parse_host(text: str) -> tuple[str, int]:
    """Parse the value of --allow-host: a host, perhaps with a port, such as `cdn.example:8443`."""
    from labelling.sources.fetch import parse_allowed_host  # noqa: PLC0415 - urllib3 takes 0.2 s to import

    try:
        return parse_allowed_host(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a host, as in cdn.example:8443") from error


class _SpeedColumn(ProgressColumn):
    """The column of a progress bar with the number of pictures per second."""

    def render(self, task: Task) -> Text:
        if not task.speed:
            return Text("")
        return Text(f"{task.speed:,.0f}/s" if task.speed >= 1 else f"{1 / task.speed:,.0f} s each")


if __name__ == "__main__":
    raise SystemExit(command("label"))
