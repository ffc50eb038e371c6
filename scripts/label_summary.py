"""Print the result of a run of `label`: its summary as soon as the tables exist, then its other outputs."""

import argparse
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from inference.contract import LABEL
from inference.language_files import UNDETERMINED_LANGUAGE, get_language_name, list_readable_languages
from inference.plain_text import escape_unprintable_lines, join_first_items
from inference.reasons import Place, Reason
from labelling.job import Job
from labelling.review.audit import describe_audits
from labelling.review.correction_intake import CorrectionEffect
from labelling.rows import ACCEPT
from labelling.run import Outcome
from labelling.run_settings import FOLDER_COLUMN
from labelling.write.counts import OUTCOMES
from labelling.write.feeds import DOUBTFUL_COLOUR, FeedResult, describe_left_out
from labelling.write.summary import Summary
from reports.product_rule import is_promise_shown
from reports.values import Promise, read_report
from scripts.label_job import make_corrections_command
from scripts.terminal import get_program_name, make_console, print_message, print_table

MAX_PRODUCTS_NAMED: Final = 5
"""Largest number of products that a sentence names."""


def print_table_figures(
    job: Job,
    summary: Summary,
    products_without_photo: Sequence[str],
    taken_corrections: CorrectionEffect | None,
) -> None:
    """Print the figures of a run's tables, and how many answers of people were taken into them.

    Args:
        job: the settings and inputs of the run.
        products_without_photo: the names of the first products that have no readable photo.
        taken_corrections: the numbers of people's answers that were taken; None if the run had no
            corrections.
    """
    _show_summary(summary)
    if summary.rows > summary.errors:
        _say_checks(summary, products_without_photo, read_report(job.release).products.get(LABEL))
    if taken_corrections:
        _say_taken(job, taken_corrections, summary)


def print_output_places(arguments: argparse.Namespace, outcome: Outcome, job: Job) -> None:
    """Print where a run wrote its other outputs: own words, review sheet, sorted pictures and feed.

    Errors of these outputs are printed too, except the first one, which the command raises at its end.

    Args:
        arguments: the arguments of the command line.
        outcome: the results of the run.
        job: the settings and inputs of the run.
    """
    if outcome.words_file:
        _say_words(outcome.words_file, job)
    if questions := describe_category_questions(outcome.summary, outcome.sheet_path):
        print(questions)
    if outcome.sheet_path:
        make_console().print(f"Review sheet: {outcome.sheet_path}")
        _say_next(make_corrections_command(arguments))
    if outcome.sorted_pictures:
        copied, unreadable = outcome.sorted_pictures
        lost = f"; {unreadable:,} could not be read" if unreadable else ""
        make_console().print(f"Sorted: {copied:,} pictures into folders of {arguments.into}{lost}.")
    if outcome.feed:
        _say_feed(outcome.feed, job.feed_advice)
    for error in outcome.errors[1:]:
        print_message(str(error))


def _show_summary(summary: Summary) -> None:
    """Print counts, the share to review, and where the table is; the error alone if nothing was read."""
    for note in summary.notes:
        print_message(note)
    if 0 < summary.rows == summary.errors:
        print_message(
            f"nothing of {summary.source} could be read. {escape_unprintable_lines(summary.first_error)}"
        )
        return
    out = make_console()
    outcomes = [
        reason
        for reason in OUTCOMES
        if reason is None or Place.ANSWER in reason.places or _has(summary, reason)
    ]
    print_table([_row("label", name, outcomes, counts) for name, counts in _used_labels(summary.labels)])
    for attribute, labels in summary.attributes.items():
        print_table([_row(attribute, name, (None,), counts) for name, counts in _used_labels(labels)])
    before = f" ({summary.rows_before:,} of them labelled before)" if summary.rows_before else ""
    errors = f", {summary.errors:,} of them errors" if summary.errors else ""
    is_labelling = summary.rows > summary.rows_before
    speed = describe_speed(summary.rows, summary.seconds) if is_labelling else ""
    out.print(
        f"{summary.rows:,} rows{before}{errors}; {summary.review_share:.1%} of the answers about the class "
        f"need a person. {speed}Release {summary.version}."
    )
    if summary.words:
        out.print(_describe_words(summary.words, "products" if summary.products else "pictures"))
    if summary.first_error:
        out.print(f"The first error: {escape_unprintable_lines(summary.first_error)}")
    if renamed := [f"`{name}` as `{ours}`" for name, ours in summary.columns.items() if name != ours]:
        out.print(f"Columns of the list that the table has, too, are in it: {', '.join(renamed)}.")
    out.print(f"Table: {summary.table}")


def describe_speed(pictures: int, seconds: float) -> str:
    """Return a sentence with the speed of a run, such as "23 pictures per second. ".

    Args:
        pictures: the number of labelled pictures.
        seconds: the seconds that they took.

    Returns:
        The sentence with a blank at its end; empty if no picture was labelled.
    """
    if not pictures:
        return ""
    rate = pictures / max(seconds, 1e-9)
    if rate < 1:
        return f"{1 / rate:,.1f} seconds per picture. "
    return f"{rate:,.0f} picture{'s' * (round(rate) != 1)} per second. "


def _describe_checks(accepted: int, checked_count: int, right: int, rows: str) -> str:
    """Return a sentence about the accepted answers of this table that people checked."""
    if not checked_count:
        return f"No audit was made: people looked at none of {accepted:,} accepted {rows}."
    return f"People looked at {checked_count:,} of {accepted:,} accepted {rows}: {right:,} right."


def _used_labels(labels: Mapping[str, Mapping[str, int]]) -> list[tuple[str, Mapping[str, int]]]:
    """Return the labels that some picture got, with the number of pictures by outcome."""
    return [(label, counts) for label, counts in labels.items() if sum(counts.values())]


def _has(summary: Summary, reason: Reason) -> bool:
    return any(counts[reason] for counts in summary.labels.values())


def _describe_words(words: Mapping[str, Any], rows_name: str) -> str:
    """Return the sentences of a terminal about the list's words."""
    language = words["language"]
    list_count = words["by_list"]
    if language not in list_readable_languages():
        not_read_text = (
            "" if language == UNDETERMINED_LANGUAGE else ", which Wardrobe recognises and cannot read"
        )
        if not words["named"]:
            return f"The titles are in {get_language_name(language)}{not_read_text}, so only photos decide."
        return (
            f"The titles are in {get_language_name(language)}{not_read_text}. "
            f"Categories and the shop's own words name the kind of {words['named']:,} {rows_name}: "
            f"{words['agreeing']:,} answers agree, {list_count:,} of them by list and photo together, "
            f"{words['contradicting']:,} contradict it and need a person."
        )
    together_text = f", {list_count:,} of them by list and photo together" if list_count else ""
    return (
        f"{words['title']} Titles and categories name the kind of {words['named']:,} {rows_name} (--language "
        f"{language}): "
        f"{words['agreeing']:,} answers agree{together_text}, {words['contradicting']:,} contradict it and "
        "need a "
        "person."
    )


def _row(
    heading: str, label: str, shown: Sequence[str | None], outcomes: Mapping[str, int]
) -> dict[str, str]:
    """Return the cells of a label by their headings; `shown` are the outcomes with a column."""
    pictures = sum(outcomes.values())
    return {
        heading: label,
        **{reason or ACCEPT: f"{outcomes[reason or ACCEPT]:,}" for reason in shown},
        "pictures": f"{pictures:,}",
        "review": f"{1 - outcomes[ACCEPT] / pictures:.1%}" if pictures else "",
    }


def _say_checks(summary: Summary, products_without_photo: Sequence[str], promise: Promise | None) -> None:
    """Print how many products are accepted, and how many of the checked answers are right."""
    if summary.products:
        products = summary.products
        for sentence in _describe_products(products, promise):
            make_console().print(sentence)
        if products["without_answer"]:
            names = join_first_items(products_without_photo, MAX_PRODUCTS_NAMED)
            print_message(f"{products['without_answer']:,} products have no photo that can be read: {names}.")
        checks = products["accepted"], products["checked"], products["checked_right"], "products"
    else:
        checks = summary.accepted, summary.checked, summary.checked_right, "pictures"
    if checks[0]:
        make_console().print(_describe_checks(*checks))


def _describe_products(products: Mapping[str, Any], promise: Promise | None) -> Iterator[str]:
    """Return the sentences of a terminal about products; `promise` is that of products, for the class."""
    list_count = products["accepted_by_list"]
    alone = products["accepted"] - products["accepted_by_list"]
    accepted = {"accepted by list and photo": list_count, "by the photo alone": alone}
    outcomes = {**(accepted if list_count else {"accepted": alone}), **products["reviewed"]}
    outcomes |= {"without an answer": products["without_answer"]}
    counts = ", ".join(f"{count:,} {name}" for name, count in outcomes.items() if count) or "none to decide"
    people_text = (
        f" People decided {products['decided_by_person']:,}." if products["decided_by_person"] else ""
    )
    yield (
        f"{products['products']:,} products by `{products['column']}`: {counts}.{people_text} "
        f"Table: {products['table']}"
    )
    if not is_promise_shown(promise):
        verb = "was not measured on" if promise is None else "shows too little of"
        yield f"This release {verb} products: none of several photos is accepted."
    if products["photos_of_none"]:
        yield f"{products['photos_of_none']:,} photos have no `{products['column']}`, and are in no product."


def _say_taken(job: Job, taken_corrections: CorrectionEffect, summary: Summary) -> None:
    """Print the effect of corrections, and the figures that they show."""
    if taken_corrections.disagreements:
        print_message(
            f"{taken_corrections.disagreements:,} questions have different answers; the latest of each "
            "counts."
        )
    if taken_corrections.category_disagreements:
        print_message(
            f"{taken_corrections.category_disagreements:,} categories have different answers; the latest of "
            "each is used."
        )
    if taken_corrections.unmatched_count:
        print_message(
            f"{taken_corrections.unmatched_count:,} of {taken_corrections.correction_count:,} corrections "
            "are of no picture in "
            f"{summary.table}, among them {', '.join(taken_corrections.examples)}: it is gone or has changed "
            "since."
        )
    make_console().print(f"People decided {summary.decided_by_person:,} of {summary.rows:,} rows.")
    corrections = job.corrections.pictures if job.corrections else []
    for sentence in describe_audits(corrections, summary.version):
        make_console().print(sentence, markup=False, highlight=False, soft_wrap=True)
    files = dict.fromkeys(str(correction.file) for correction in corrections)
    if len(files) == 1:
        _say_next(f"improve {shlex.quote(*files)}")


def describe_category_questions(summary: Summary, page: Path | None) -> str:
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
    row_name = "product" if summary.products else "picture"
    need = f"{row_name}s that need" if rows > 1 else f"{row_name} that needs"
    questions = f"{count:,} questions about categories" if count > 1 else "1 question about a category"
    verb = "are" if count > 1 else "is"
    page_text = f", first on {page}," if page else ""
    advice = "" if page else " --review sheet.html writes a sheet that asks them first."
    return f"{questions}{page_text} {verb} about {rows:,} {need} a person.{advice}"


def _say_words(file: Path, job: Job) -> None:
    """Print the command that takes the shop's own words for its next list."""
    column = job.settings.by.column if job.settings.by else ""
    grouping_option = (
        "--by-folder " if column == FOLDER_COLUMN else f"--by {shlex.quote(column)} " if column else ""
    )
    print(
        f"Words of the shop: {file}. For its next list: {get_program_name()} label LIST.csv "
        f"{grouping_option}--words "
        f"{shlex.quote(str(file))} --out TABLE.csv"
    )


def _say_feed(feed: FeedResult, advice: str) -> None:
    """Print the content of a feed."""
    if feed.categories:
        print(f"Categories of {feed.categories[1]:,} products: {feed.categories[0]}.")
    left_out = "".join(
        f" {describe_left_out(reason, products)}"
        for reason, products in feed.left_out_products.items()
        if products
    )
    likely_text = (
        f" {feed.likely_count:,} colours, at least {feed.right_share:.0%} of such right."
        if feed.likely_count
        else ""
    )
    # Not by rich, which would break a command where the terminal ends.
    print(f"Feed of {feed.row_count:,} products: {feed.file}.{likely_text}{left_out} {feed.note}".strip())
    if feed.left_out_products[DOUBTFUL_COLOUR]:
        print(advice)  # on a line of its own, where it may be a command


def _say_next(words: str) -> None:
    # Not by rich, which would break a command where the terminal ends.
    print(f"Next: {get_program_name()} {words}")
