"""Print the figures of a run of `label` as soon as its tables exist."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from inference.contract import LABEL
from inference.decision import ACCEPT
from inference.text.plain_text import (
    choose_form,
    escape_unprintable_lines,
    format_count,
    join_first_items,
    shorten_text,
)
from inference.words.language_files import UNDETERMINED_LANGUAGE, get_language_name, list_readable_languages
from labelling.job import LabellingJob
from labelling.review.audit import describe_audits
from labelling.review.correction_intake import MAX_NAMED_CORRECTIONS, CorrectionEffect
from labelling.write.counts import OUTCOMES
from labelling.write.summary import TableSummary
from reports.product_rule import is_accuracy_promise_proven
from reports.promises import Promise
from reports.values import read_report
from scripts.console import make_console, print_message, print_table

MAX_PRODUCTS_NAMED: Final = 5
"""Largest number of products that a sentence names."""


def print_table_figures(
    job: LabellingJob,
    summary: TableSummary,
    products_without_photo: Sequence[str],
    correction_effect: CorrectionEffect | None,
) -> None:
    """Print the figures of a run's tables, and how many answers of people were taken into them.

    Args:
        products_without_photo: the names of the first products that have no readable photo.
        correction_effect: the numbers of people's answers that were taken; None if the run had no
            corrections.
    """
    for note in summary.notes:
        print_message(note)
    if summary.rows and not summary.has_answers:
        first_error = escape_unprintable_lines(summary.first_error)
        print_message(f"nothing of {summary.source} could be read. {first_error}")
    else:
        _print_figures(summary)
    if summary.has_answers:
        _print_checked_answers(summary, products_without_photo, read_report(job.release).products.get(LABEL))
    if correction_effect:
        _print_correction_effect(job, correction_effect, summary)
    if summary.has_answers:
        _print_counts(summary)


def describe_progress(summary: TableSummary) -> str:
    """Return the sentence that says how many products, or pictures without products, are done.

    For example: "34 of 42 products are done, 6 need a person, 2 have no photo."
    """
    if products := summary.products:
        total = products["products"]
        open_count = sum(products["reviewed"].values())
        lacking_count = products["without_answer"]
        name = "products"
        lacking = choose_form(lacking_count, "has no photo", "have no photo")
    else:
        total = summary.rows - summary.rows_without_picture
        open_count = sum(sum(counts.values()) - counts[ACCEPT] for counts in summary.labels.values())
        lacking_count = summary.errors
        name = "pictures"
        lacking = "cannot be read"
    done_count = total - open_count - lacking_count
    parts = [f"{done_count:,} of {total:,} {name} {choose_form(done_count, 'is', 'are')} done"]
    if open_count:
        parts.append(f"{open_count:,} {choose_form(open_count, 'needs', 'need')} a person")
    if lacking_count:
        parts.append(f"{lacking_count:,} {lacking}")
    return f"{', '.join(parts)}."


def _print_figures(summary: TableSummary) -> None:
    """Print how many rows are done, the sentences about the list, and where the table is."""
    console = make_console()
    console.print(describe_progress(summary))
    before_text = f" ({summary.rows_before:,} of them labelled before)" if summary.rows_before else ""
    error_text = f", {summary.errors:,} of them errors" if summary.errors else ""
    without_picture = format_count(summary.rows_without_picture, "row")
    without_picture_text = f", {without_picture} without a picture" if summary.rows_without_picture else ""
    is_labelling = summary.rows > summary.rows_before
    speed = describe_speed(summary.rows, summary.seconds) if is_labelling else ""
    console.print(
        f"{format_count(summary.rows, 'row')}{before_text}{error_text}{without_picture_text}. "
        f"{speed}Release {summary.version}."
    )
    if summary.words:
        console.print(_describe_words(summary.words, "product" if summary.products else "picture"))
    if summary.first_error:
        console.print(f"The first error: {escape_unprintable_lines(summary.first_error)}")
    if renamed_columns := [f"`{name}` as `{ours}`" for name, ours in summary.columns.items() if name != ours]:
        console.print(
            f"Columns of the list that the table has, too, are in it: {', '.join(renamed_columns)}."
        )
    console.print(f"Table: {summary.table}")


def _print_counts(summary: TableSummary) -> None:
    """Print a table of the labels and decisions for the class and for each attribute, without empty rows."""
    labels = _list_used_labels(summary.labels)
    outcomes = [reason for reason in OUTCOMES if any(counts[reason or ACCEPT] for _, counts in labels)]
    print_table([_make_row("label", name, outcomes, counts) for name, counts in labels])
    for attribute, attribute_labels in summary.attributes.items():
        used_labels = _list_used_labels(attribute_labels)
        shown_outcomes = [None] if any(counts[ACCEPT] for _, counts in used_labels) else []
        print_table([_make_row(attribute, name, shown_outcomes, counts) for name, counts in used_labels])


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
    return f"{format_count(round(rate), 'picture')} per second. "


def _list_used_labels(labels: Mapping[str, Mapping[str, int]]) -> list[tuple[str, Mapping[str, int]]]:
    """Return the labels that some picture got, each with its numbers of pictures by decision."""
    return [(label, counts) for label, counts in labels.items() if sum(counts.values())]


def _describe_words(words: Mapping[str, Any], noun: str) -> str:
    """Return sentences about the titles and categories of the list: their language, and what they decide.

    Args:
        words: the section of the summary about words.
        noun: `product` or `picture`, for the rows that are counted.
    """
    language = words["language"]
    list_count = words["by_list"]
    rows = format_count(words["named"], noun)
    agreeing = format_count(words["agreeing"], "answer agrees", "answers agree")
    contradicting = ""
    if count := words["contradicting"]:
        verbs = ("contradicts it and needs a person", "contradict it and need a person")
        contradicting = f", {format_count(count, *verbs)}"
    together = f", {list_count:,} of them by list and photo together" if list_count else ""
    if not words["named"] and (language in list_readable_languages() or words.get("has_few_letters")):
        return f"{words['title']} No title names a garment, so only photos decide."
    if language not in list_readable_languages():
        not_read_text = (
            "" if language == UNDETERMINED_LANGUAGE else ", which Wardrobe recognises and cannot read"
        )
        if not words["named"]:
            return f"The titles are in {get_language_name(language)}{not_read_text}, so they decide nothing."
        return (
            f"The titles are in {get_language_name(language)}{not_read_text}. "
            f"Categories and the shop's own words name the kind of {rows}: {agreeing}{together}"
            f"{contradicting}."
        )
    return (
        f"{words['title']} Titles and categories name the kind of {rows} (--language {language}): "
        f"{agreeing}{together}{contradicting}."
    )


def _make_row(
    heading: str, label: str, shown: Sequence[str | None], outcomes: Mapping[str, int]
) -> dict[str, str]:
    """Return the row of a label in a printed table: its cells by the headings of their columns.

    Args:
        heading: the heading of the first column.
        shown: the reasons for a review that have a column; None stands for accepted answers.
        outcomes: the number of pictures by reason, and by ACCEPT.
    """
    pictures = sum(outcomes.values())
    return {
        heading: label,
        **{reason or ACCEPT: f"{outcomes[reason or ACCEPT]:,}" for reason in shown},
        "pictures": f"{pictures:,}",
        "review": f"{1 - outcomes[ACCEPT] / pictures:.1%}" if pictures else "",
    }


def _print_checked_answers(
    summary: TableSummary, products_without_photo: Sequence[str], promise: Promise | None
) -> None:
    """Print how many products are accepted, and that nobody has looked at accepted answers yet."""
    if summary.products:
        products = summary.products
        for sentence in _describe_products(products, promise):
            make_console().print(sentence)
        if products["without_answer"]:
            names = join_first_items(list(map(shorten_text, products_without_photo)), MAX_PRODUCTS_NAMED)
            lacking = format_count(products["without_answer"], "product has", "products have")
            print_message(f"{lacking} no photo that can be read: {names}.")
        accepted_count, checked_count, noun = products["accepted"], products["checked"], "accepted product"
    else:
        accepted_count, checked_count, noun = summary.accepted, summary.checked, "accepted picture"
    # An answer is no sign of an audit: an answered product can become accepted because of its neighbours.
    if accepted_count and not checked_count:
        counted = format_count(accepted_count, noun)
        make_console().print(f"No audit was made: people looked at none of {counted}.")


def _describe_products(products: Mapping[str, Any], promise: Promise | None) -> Iterator[str]:
    """Yield sentences about products: how many were accepted, and for which reasons the others need a person.

    Args:
        products: the section of the summary about products.
        promise: the promise of the release about the class of products; None if it has none.
    """
    list_count = products["accepted_by_list"] - products.get("decided_beside_list", 0)
    photo_count = products["accepted"] - products.get("decided_beside_accepted", 0) - list_count
    accepted = {"accepted by list and photo": list_count, "by the photo alone": photo_count}
    outcomes = {**(accepted if list_count else {"accepted": photo_count}), **products["reviewed"]}
    outcomes |= {"without an answer": products["without_answer"]}
    counts = ", ".join(f"{count:,} {name}" for name, count in outcomes.items() if count) or "none to decide"
    people_text = (
        f" People decided {products['decided_by_person']:,}." if products["decided_by_person"] else ""
    )
    yield (
        f"{format_count(products['products'], 'product')} by `{products['column']}`: {counts}.{people_text} "
        f"Table: {products['table']}"
    )
    if not is_accuracy_promise_proven(promise):
        verb = "was not measured on" if promise is None else "shows too little of"
        yield f"This release {verb} products: none of several photos is accepted."
    if products["photos_of_none"]:
        photos = format_count(products["photos_of_none"], "photo has", "photos have")
        yield f"{photos} no `{products['column']}`, and no product."


def _print_correction_effect(
    job: LabellingJob, taken_corrections: CorrectionEffect, summary: TableSummary
) -> None:
    """Print how many answers of people were used, which ones match no picture, and what audits show."""
    if taken_corrections.disagreements:
        questions = format_count(taken_corrections.disagreements, "question has", "questions have")
        print_message(f"{questions} different answers; the latest of each counts.")
    if taken_corrections.category_disagreements:
        count = taken_corrections.category_disagreements
        categories = format_count(count, "category has", "categories have")
        print_message(f"{categories} different answers; the latest of each is used.")
    if taken_corrections.unmatched_count:
        corrections_text = format_count(taken_corrections.correction_count, "correction")
        verb = choose_form(taken_corrections.unmatched_count, "is", "are")
        print_message(
            f"{taken_corrections.unmatched_count:,} of {corrections_text} {verb} of no picture in "
            f"{summary.table}, among them {', '.join(taken_corrections.examples)}: it is gone or has changed "
            "since."
        )
    if taken_corrections.overruled_count:
        print_message(_describe_overruled_answers(taken_corrections))
    rows = format_count(summary.rows, "row")
    make_console().print(f"People decided {summary.decided_by_person:,} of {rows}.")
    if taken_corrections.categories:
        print(_describe_category_effect(taken_corrections, summary))
    corrections = job.corrections.pictures if job.corrections else []
    for sentence in describe_audits(corrections, summary.version):
        make_console().print(sentence, markup=False, highlight=False, soft_wrap=True)


def _describe_overruled_answers(taken_corrections: CorrectionEffect) -> str:
    """Return a sentence about answers to single photos whose products have an answer of their own."""
    count = taken_corrections.overruled_count
    names = join_first_items(
        [f"`{shorten_text(name)}`" for name in taken_corrections.overruled_products], MAX_NAMED_CORRECTIONS
    )
    return (
        f"{format_count(count, 'row names one photo', 'rows name single photos')} of products with several "
        f"photos, such as {names}: nothing about the products changed, because people answered about the "
        "products themselves. To change one, write its name into a column `product`."
    )


def _describe_category_effect(taken_corrections: CorrectionEffect, summary: TableSummary) -> str:
    """Return a sentence with the numbers of accepted answers before and after people explained categories."""
    count = taken_corrections.categories
    explained = format_count(count, "category is explained", "categories are explained")
    accepted = summary.products["accepted"] if summary.products else summary.accepted
    noun = "product" if summary.products else "picture"
    count_before = taken_corrections.accepted_before
    before_text = (
        ""
        if count_before is None
        else f", and {count_before:,} {choose_form(count_before, 'was', 'were')} before"
    )
    verb = choose_form(accepted, "is", "are")
    return f"{explained}: {format_count(accepted, noun)} {verb} accepted now{before_text}."
