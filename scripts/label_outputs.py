"""Print where a run of `label` wrote its outputs beside the table, and what to do next."""

import argparse
import shlex
from collections.abc import Iterator
from pathlib import Path

from inference.text.plain_text import choose_form, escape_unprintable_lines, format_count
from labelling.job import LabellingJob
from labelling.run import LabellingOutcome
from labelling.run_settings import FOLDER_COLUMN
from labelling.write.feeds import DOUBTFUL_COLOUR, FeedResult, describe_left_out
from labelling.write.summary import TableSummary
from scripts.console import get_program_name, make_console, print_message
from scripts.label_job import make_corrections_command, make_sheet_command


def print_outputs(arguments: argparse.Namespace, outcome: LabellingOutcome, job: LabellingJob) -> None:
    """Print where a run wrote own words, review sheet, sorted pictures and feed, and then the next step.

    Errors of these outputs are printed too, except the first one, which the command raises at its end.

    Args:
        arguments: the arguments of the command line.
        outcome: the results of the run.
        job: the settings and inputs of the run.
    """
    has_failed_sheet = job.sheet_settings is not None and outcome.sheet is None
    if outcome.words_file:
        _print_words_file(outcome.words_file, job)
    if outcome.sheet:
        make_console().print(f"Review sheet: {outcome.sheet.page_path}")
    if not has_failed_sheet:
        sheet_path = outcome.sheet.page_path if outcome.sheet else None
        _print_sentence(describe_category_questions(outcome.summary, sheet_path))
    if outcome.sorted_pictures:
        copied_count, unread_count = outcome.sorted_pictures
        unread_text = f"; {unread_count:,} could not be read" if unread_count else ""
        make_console().print(
            f"Sorted: {format_count(copied_count, 'picture')} into folders of {arguments.into}{unread_text}."
        )
    if outcome.feed:
        _print_feed(outcome.feed, "" if has_failed_sheet else job.feed_advice)
    for error in outcome.errors[1:]:
        print_message(str(error))
    if not has_failed_sheet:
        print_steps(list(list_next_steps(arguments, outcome, job)))


def list_next_steps(
    arguments: argparse.Namespace, outcome: LabellingOutcome, job: LabellingJob
) -> Iterator[str]:
    """Yield what a person can do after a run, the next step first: a sentence, or a command to paste.

    There are at most two steps.

    Args:
        arguments: the arguments of the command line.
        outcome: the results of the run.
        job: the settings and inputs of the run.
    """
    program = get_program_name()
    sheet = outcome.sheet
    if sheet and sheet.question_count:
        yield f"open {sheet.page_path} in a browser, and answer its questions"
        yield f"{program} {make_corrections_command(arguments)}"
        return
    corrections = job.corrections.pictures if job.corrections else []
    files = dict.fromkeys(str(correction.file) for correction in corrections)
    # A model that learns half of the answers has to learn again. So this comes after the last question.
    can_improve = len(files) == 1
    if can_improve:
        yield f"{program} improve {shlex.quote(*files)}"
    if sheet and sheet.optional_count:
        yield f"open {sheet.page_path} in a browser, where all is optional"
        if not can_improve:
            yield f"{program} {make_corrections_command(arguments)}"
    elif (
        not sheet
        and not arguments.corrections
        and not job.feed_platform
        and _is_person_needed(outcome.summary)
    ):
        # With a feed, `describe_missing_colours` names this command.
        yield f"{program} {make_sheet_command(arguments)}"


def _is_person_needed(summary: TableSummary) -> bool:
    """Tell whether some product, or some picture of a run without products, needs a review by a person."""
    if summary.products:
        return any(summary.products["reviewed"].values())
    return summary.review_share > 0


def print_steps(steps: list[str]) -> None:
    """Print what a person can do after a command, the next step first."""
    # Not by rich, which would break a command where the terminal ends.
    for number, step in enumerate(steps):
        text = escape_unprintable_lines(step)  # a path may be no text
        print(f"Later: {text}" if number else f"Next: {text}")


def _print_sentence(sentence: str) -> None:
    """Print a sentence on a line of its own; nothing if it is empty."""
    if sentence:
        print(sentence)


def describe_category_questions(summary: TableSummary, page: Path | None) -> str:
    """Return a sentence that tells how many questions about the shop's categories a person could answer.

    Args:
        summary: the figures of the tables.
        page: the path of the review sheet, which asks them; None if none was written.

    Returns:
        The sentence; empty if there are no such questions.
    """
    question_counts = summary.category_questions or {"categories": 0, "rows": 0}
    count = question_counts["categories"]
    rows = question_counts["rows"]
    if not count:
        return ""
    noun = "product" if summary.products else "picture"
    need = format_count(rows, f"{noun} that needs", f"{noun}s that need")
    questions = format_count(count, "question about a category", "questions about categories")
    verb = choose_form(count, "is", "are")
    page_text = f", first on {page}," if page else ""
    advice = "" if page else " --review sheet.html writes a sheet that asks them first."
    return f"{questions}{page_text} {verb} about {need} a person.{advice}"


def _print_words_file(file: Path, job: LabellingJob) -> None:
    """Print the file with the shop's own words, and the command that uses it for the shop's next list."""
    column = job.settings.by.column if job.settings.by else ""
    grouping_option = (
        "--by-folder " if column == FOLDER_COLUMN else f"--by {shlex.quote(column)} " if column else ""
    )
    print(
        f"Words of the shop: {file}. For its next list: {get_program_name()} label LIST.csv "
        f"{grouping_option}--words "
        f"{shlex.quote(str(file))} --out TABLE.csv"
    )


def _print_feed(feed: FeedResult, advice: str) -> None:
    """Print how many products a feed has, which ones it leaves out and why, and how to add missing colours.

    Args:
        advice: the sentence about missing colours; empty for none.
    """
    if feed.categories:
        print(f"Categories of {format_count(feed.categories[1], 'product')}: {feed.categories[0]}.")
    for path, count in feed.customers:
        print(f"For whom {format_count(count, 'product is', 'products are')} made: {path}.")
    left_out = "".join(
        f" {describe_left_out(reason, products)}"
        for reason, products in feed.left_out_products.items()
        if products
    )
    likely_text = (
        f" {format_count(feed.likely_count, 'colour')}, at least {feed.right_share:.0%} of such right."
        if feed.likely_count
        else ""
    )
    # Not by rich, which would break a command where the terminal ends.
    products = format_count(feed.row_count, "product")
    print(f"Feed of {products}: {feed.file}.{likely_text}{left_out} {feed.note}".strip())
    if feed.left_out_products[DOUBTFUL_COLOUR]:
        _print_sentence(advice)  # on a line of its own, because it may be a command to copy
