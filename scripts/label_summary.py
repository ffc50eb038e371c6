"""Print the result of a run of `label`: its summary as soon as the tables exist, then its other outputs."""

import argparse
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from inference.contract import LABEL
from inference.language_files import UNDETERMINED, language_name, readable_languages
from inference.plain_text import escape_unprintable_lines, join_first
from inference.reasons import Place, Reason
from labelling.job import Job
from labelling.review.audit import describe_audits
from labelling.review.correction_intake import TakenCorrections
from labelling.rows import ACCEPT
from labelling.run import Outcome
from labelling.run_settings import FOLDER
from labelling.write.counts import OUTCOMES
from labelling.write.feeds import DOUBTFUL, Feed, describe_left_out
from labelling.write.summary import Summary
from reports.products import is_shown
from reports.values import Promise, report_of
from scripts.label_job import words_after_sheet
from scripts.terminal import complain, console, print_table, program

NAMED: Final = 5
"""Largest number of products that a sentence names."""


def show_tables(
    job: Job, summary: Summary, products_without_photo: Sequence[str], taken: TakenCorrections | None
) -> None:
    """Print the figures of a run's tables, and how many answers of people were taken into them.

    Args:
        job: the settings and inputs of the run.
        summary: the figures of its tables.
        products_without_photo: the names of the first products that have no readable photo.
        taken: the numbers of people's answers that were taken; None if the run had no corrections.
    """
    _show_summary(summary)
    if summary.rows > summary.errors:
        _say_checks(summary, products_without_photo, report_of(job.release).products.get(LABEL))
    if taken:
        _say_taken(job, taken, summary)


def show_outputs(arguments: argparse.Namespace, outcome: Outcome, job: Job) -> None:
    """Print where a run wrote its other outputs: own words, review sheet, sorted pictures and feed.

    Errors of these outputs are printed too, except the first one, which the command raises at its end.

    Args:
        arguments: the arguments of the command line.
        outcome: the results of the run.
        job: the settings and inputs of the run.
    """
    if outcome.words_file:
        _say_words(outcome.words_file, job)
    if questions := describe_questions(outcome.summary, outcome.page):
        print(questions)
    if outcome.page:
        console().print(f"To look through: {outcome.page}")
        _say_next(words_after_sheet(arguments))
    if outcome.pictures:
        copied, unread = outcome.pictures
        lost = f"; {unread:,} could not be read" if unread else ""
        console().print(f"Sorted: {copied:,} pictures into folders of {arguments.into}{lost}.")
    if outcome.feed:
        _say_feed(outcome.feed, job.feed_advice)
    for error in outcome.errors[1:]:
        complain(str(error))


def _show_summary(summary: Summary) -> None:
    """Print counts, the share to review, and where the table is; the error alone if nothing was read."""
    for note in summary.notes:
        complain(note)
    if 0 < summary.rows == summary.errors:
        complain(
            f"nothing of {summary.source} could be read. {escape_unprintable_lines(summary.first_error)}"
        )
        return
    out = console()
    outcomes = [
        reason
        for reason in OUTCOMES
        if reason is None or Place.ANSWER in reason.places or _has(summary, reason)
    ]
    print_table([_row("label", name, outcomes, counts) for name, counts in _given(summary.labels)])
    for attribute, labels in summary.attributes.items():
        print_table([_row(attribute, name, (None,), counts) for name, counts in _given(labels)])
    before = f" ({summary.rows_before:,} of them before)" if summary.rows_before else ""
    errors = f", {summary.errors:,} of them errors" if summary.errors else ""
    out.print(
        f"{summary.rows:,} rows{before}{errors}; {summary.review_share:.1%} of the answers need a person. "
        f"{pace(summary.rows, summary.seconds)}Release {summary.version}."
    )
    if summary.words:
        out.print(_of_words(summary.words, "products" if summary.products else "pictures"))
    if summary.first_error:
        out.print(f"The first error: {escape_unprintable_lines(summary.first_error)}")
    if renamed := [f"`{name}` as `{ours}`" for name, ours in summary.columns.items() if name != ours]:
        out.print(f"Columns of the list that the table has, too, are in it: {', '.join(renamed)}.")
    out.print(f"Table: {summary.table}")


def pace(pictures: int, seconds: float) -> str:
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


def _of_checks(accepted: int, checked: int, right: int, rows: str) -> str:
    """Return a sentence about the accepted answers of this table that people checked."""
    if not checked:
        return f"No audit was made: people looked at none of {accepted:,} accepted {rows}."
    return f"People looked at {checked:,} of {accepted:,} accepted {rows}: {right:,} right."


def _given(labels: Mapping[str, Mapping[str, int]]) -> list[tuple[str, Mapping[str, int]]]:
    """Return the labels that some picture got, with the number of pictures by outcome."""
    return [(label, counts) for label, counts in labels.items() if sum(counts.values())]


def _has(summary: Summary, reason: Reason) -> bool:
    return any(counts[reason] for counts in summary.labels.values())


def _of_words(words: Mapping[str, Any], what: str) -> str:
    """Return the sentences of a terminal about the list's words."""
    language, by_list = words["language"], words["by_list"]
    if language not in readable_languages():
        which = "" if language == UNDETERMINED else ", which Wardrobe recognises and cannot read"
        if not words["named"]:
            return f"The titles are in {language_name(language)}{which}, so only photos decide."
        return (
            f"The titles are in {language_name(language)}{which}. "
            f"Categories and the shop's own words name the kind of {words['named']:,} {what}: "
            f"{words['agreeing']:,} answers agree, {by_list:,} of them by list and photo together, "
            f"{words['contradicting']:,} contradict it and need a person."
        )
    together = f", {by_list:,} of them by list and photo together" if by_list else ""
    return (
        f"{words['title']} The list names the kind of {words['named']:,} {what} (--language {language}): "
        f"{words['agreeing']:,} answers agree{together}, {words['contradicting']:,} contradict it and need a "
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
        of = summary.products
        for sentence in _of_products(of, promise):
            console().print(sentence)
        if of["without_answer"]:
            names = join_first(products_without_photo, NAMED)
            complain(f"{of['without_answer']:,} products have no photo that can be read: {names}.")
        checks = of["accepted"], of["checked"], of["checked_right"], "products"
    else:
        checks = summary.accepted, summary.checked, summary.checked_right, "pictures"
    if checks[0]:
        console().print(_of_checks(*checks))


def _of_products(of: Mapping[str, Any], promise: Promise | None) -> Iterator[str]:
    """Return the sentences of a terminal about products; `promise` is that of products, for the class."""
    by_list, alone = of["accepted_by_list"], of["accepted"] - of["accepted_by_list"]
    accepted = {"accepted by list and photo": by_list, "by the photo alone": alone}
    outcomes = {**(accepted if by_list else {"accepted": alone}), **of["reviewed"]}
    outcomes |= {"without an answer": of["without_answer"]}
    counts = ", ".join(f"{count:,} {name}" for name, count in outcomes.items() if count) or "none to decide"
    by_people = f" People decided {of['decided_by_person']:,}." if of["decided_by_person"] else ""
    yield f"{of['products']:,} products by `{of['column']}`: {counts}.{by_people} Table: {of['table']}"
    if not is_shown(promise):
        verb = "was not measured on" if promise is None else "shows too little of"
        yield f"This release {verb} products: none of several photos is accepted."
    if of["photos_of_none"]:
        yield f"{of['photos_of_none']:,} photos have no `{of['column']}`, and are in no product."


def _say_taken(job: Job, taken: TakenCorrections, summary: Summary) -> None:
    """Print the effect of corrections, and the figures that they show."""
    if taken.disagreements:
        complain(f"{taken.disagreements:,} questions have different answers; the latest of each counts.")
    if taken.category_disagreements:
        complain(
            f"{taken.category_disagreements:,} categories have different answers; the latest of each is used."
        )
    if taken.unmatched:
        complain(
            f"{taken.unmatched:,} of {taken.corrections:,} corrections are of no picture in "
            f"{summary.table}, among them {', '.join(taken.examples)}: it is gone or has changed since."
        )
    console().print(
        f"People decided {summary.decided_by_person:,} of {summary.rows:,} rows. Table: {summary.table}"
    )
    corrections = job.corrections.pictures if job.corrections else []
    for sentence in describe_audits(corrections, summary.version):
        console().print(sentence, markup=False, highlight=False, soft_wrap=True)
    files = dict.fromkeys(str(correction.file) for correction in corrections)
    if len(files) == 1:
        _say_next(f"improve {shlex.quote(*files)}")


def describe_questions(summary: Summary, page: Path | None) -> str:
    """Return a sentence that tells how many questions about the shop's categories a person could answer.

    Args:
        summary: the figures of the tables.
        page: the path of the review sheet, which asks them; None if none was written.

    Returns:
        The sentence; empty if there are no such questions.
    """
    asked = summary.category_questions or {"categories": 0, "rows": 0}
    count, rows = asked["categories"], asked["rows"]
    if not count:
        return ""
    what = "product" if summary.products else "picture"
    need = f"{what}s that need" if rows > 1 else f"{what} that needs"
    questions = f"{count:,} questions about categories" if count > 1 else "1 question about a category"
    verb = "are" if count > 1 else "is"
    where = f", first on {page}," if page else ""
    advice = "" if page else " --review sheet.html writes a sheet that asks them first."
    return f"{questions}{where} {verb} about {rows:,} {need} a person.{advice}"


def _say_words(file: Path, job: Job) -> None:
    """Print the command that takes the shop's own words for its next list."""
    column = job.settings.by.column if job.settings.by else ""
    by = "--by-folder " if column == FOLDER else f"--by {shlex.quote(column)} " if column else ""
    print(
        f"Words of the shop: {file}. For its next list: {program()} label LIST.csv {by}--words "
        f"{shlex.quote(str(file))} --out TABLE.csv"
    )


def _say_feed(feed: Feed, advice: str) -> None:
    """Print the content of a feed."""
    if feed.categories:
        print(f"Categories of {feed.categories[1]:,} products: {feed.categories[0]}.")
    left_out = "".join(
        f" {describe_left_out(reason, products)}" for reason, products in feed.left_out.items() if products
    )
    likely = f" {feed.likely:,} colours, at least {feed.right:.0%} of such right." if feed.likely else ""
    # Not by rich, which would break a command where the terminal ends.
    print(f"Feed of {feed.products:,} products: {feed.file}.{likely}{left_out} {feed.note}".strip())
    if feed.left_out[DOUBTFUL]:
        print(advice)  # on a line of its own, where it may be a command


def _say_next(words: str) -> None:
    # Not by rich, which would break a command where the terminal ends.
    print(f"Next: {program()} {words}")
