"""Label a whole catalogue with the answers of `POST /predict`.

SOURCE is a folder, a pattern in quotes, a CSV with a column `path`, a ZIP, or s3://bucket/prefix. A list may
name pictures at https:// as well, of hosts that are allowed. The same command continues a run that was
stopped or killed; one bad picture is a row with an error. People's answers of --corrections go in before
anything is written; without SOURCE, source, options and release are those of the table. What happens is in
labelling/.
"""

import argparse
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.progress import ProgressColumn, Task
from rich.text import Text

from app.prediction.platform_categories import CategoriesMismatch, read_release_categories
from app.settings import read_command_settings
from app.web.translations import TRANSLATIONS
from inference.contract import LABEL
from inference.language_files import UNDETERMINED, language_name, readable_languages
from inference.plain_text import escape_unprintable_lines, join_first
from inference.reasons import Place, Reason
from labelling.columns import photo_columns
from labelling.counts import OUTCOMES
from labelling.decisions import Decisions
from labelling.errors import CorrectionsUnusable, OtherRun, SourceUnusable, TableUnusable
from labelling.excel import check_room
from labelling.feeds import DOUBTFUL, FEEDS, check_feed, describe_left_out, feed_files, write_feed
from labelling.items import Source
from labelling.journal import Journal, journal_path
from labelling.lists import Reading
from labelling.outputs import check_no_pictures, check_outputs, find_list_file, make_folders
from labelling.product_answers import check_column, check_grouping
from labelling.review.audit import MAX_SAMPLE_ROWS, describe_audits
from labelling.review.correction_intake import TakenCorrections, take_corrections
from labelling.review.corrections import AllCorrections, Correction, read_all_corrections
from labelling.review.questions import Review
from labelling.review.sheet import EXPORT_NAME, write_sheet
from labelling.rows import ACCEPT, Category
from labelling.run import Job, labelled
from labelling.run_settings import Categories, RunSettings
from labelling.sorted_folders import check_sorted_folder, sort_into_folders
from labelling.sources.source_opening import open_source
from labelling.summary import Summary, find_products_without_photo, table_files
from labelling.table import WORKBOOK, check_form
from labelling.taxonomies import PLATFORMS, find_platform_categories
from labelling.titles import OFF
from labelling.workers.labeller import Engine
from labelling.workers.process_engine import label_on_processes
from labelling.workers.ray_engine import label_on_ray
from model_store.local_releases import LocalRelease
from model_store.named_release import find_release, parse_store_address
from reports.products import is_shown
from reports.values import Promise, report_of
from scripts.__main__ import command
from scripts.list_options import add_list_options
from scripts.progress import counting
from scripts.terminal import (
    BUNDLED_HELP,
    Failed,
    at_least,
    command_parser,
    complain,
    console,
    print_table,
    program,
    resumable,
)

KEPT = (
    *("source", "by", "language", "title_column", "taxonomy", "allow_host", "engine"),
    *("path_column", "root", "encoding", "skip_bad_rows"),
)
"""Options that the journal keeps, beside the model, for a command that names no SOURCE."""

ENGINES: dict[str, Engine] = {"processes": label_on_processes, "ray": label_on_ray}

NAMED = 5
"""Products that a sentence names."""

REVIEW_LIMIT = 1000
"""Pictures on a review page by default: a few megabytes, and an hour of looking."""

EXAMPLES = (
    "wardrobe label photos --out labels.csv",
    "wardrobe label 'photos/*.jpg' --out labels.jsonl --review review.html",
    "wardrobe label list.csv --allow-host cdn.example --out labels.csv",
    "wardrobe label --corrections corrections.csv --out labels.csv",
    "wardrobe label photos --out labels.csv --into sorted",
    "wardrobe label s3://shop/photos --out labels.csv --model s3://models/wardrobe --json",
)


def execute(arguments: argparse.Namespace) -> object:
    """Label a source, or go on with it, and say what came of it."""
    if arguments.source is None and not arguments.corrections:
        arguments.error("name a SOURCE to label, or --corrections of a table that is there")
    if arguments.audit and not arguments.review:
        arguments.error("--audit is about the page of --review FILE.html")
    return _label(arguments, _take_over(arguments))


def _take_over(arguments: argparse.Namespace) -> RunSettings | None:
    """Take what the command line leaves out from the last run of the table; that run, None without one.

    Raises:
        TableUnusable, OtherRun: no SOURCE is named, and there is no journal that has it.
    """
    table = arguments.out
    check_form(table)
    is_there = journal_path(table).exists()
    if arguments.source is None and not is_there:
        raise TableUnusable(
            f"{table}: there is no {journal_path(table).name} beside it, which keeps its rows. Corrections "
            "go into a table that `wardrobe label SOURCE --out` made, or name the SOURCE as well."
        )
    before, options = None, dict[str, Any]()
    with suppress(TableUnusable, OtherRun) if arguments.source else ExitStack():  # said once it is opened
        if is_there and not arguments.restart:
            with Journal(table) as journal:
                before, options = journal.earlier_settings, dict(journal.options)
    for name in KEPT if arguments.source is None else ():
        if getattr(arguments, name) in (None, False, ()):
            setattr(arguments, name, options.get(name))
    if arguments.source is None:
        raise TableUnusable(f"{journal_path(table)}: says of no SOURCE. Name it; what people answered stays.")
    arguments.model = arguments.model or options.get("model") or "bundled"
    return before


def _check_same(arguments: argparse.Namespace, before: RunSettings | None, now: RunSettings) -> None:
    """Refuse answers that would go into rows of another release, or other products, than people saw.

    Raises:
        CorrectionsUnusable: they would.
    """
    if before is None or not arguments.corrections:
        return
    was, is_now = (
        f"release {of.version}, {f'--by {of.by.column}' if of.by else 'without --by'}" for of in (before, now)
    )
    if was != is_now:
        store = parse_store_address(arguments.model) or "STORE"
        raise CorrectionsUnusable(
            f"{arguments.out}: is of {was}, and this command of {is_now}. For answers to the rows that are "
            f"there, give --model {store}@{before.version} and the same --by; or first the same command "
            "without --corrections."
        )


def _outputs(arguments: argparse.Namespace, *, has_products: bool) -> list[Path]:
    """All files that the command line names, those that follow from their names, and the journal."""
    journal = journal_path(arguments.out)
    outputs = [
        *(journal, journal.with_name(f"{journal.name}-journal")),
        *table_files(arguments.out, has_products=has_products),
        *feed_files(arguments.out, arguments.feed or ""),
        *([arguments.review] if arguments.review else []),
    ]
    check_no_pictures(outputs)
    return outputs


def _corrections(arguments: argparse.Namespace, run: RunSettings) -> AllCorrections:
    """What people say, for the labels of a run."""
    reading = Reading.of(arguments).of_corrections
    return read_all_corrections(arguments.corrections, run.heads[LABEL], run.attributes, reading, complain)


def _say_taken(
    arguments: argparse.Namespace,
    taken: TakenCorrections,
    summary: Summary,
    corrections: Sequence[Correction],
) -> None:
    """Say what became of corrections, and what they show."""
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
    for sentence in describe_audits(corrections, summary.version):
        console().print(sentence, markup=False, highlight=False, soft_wrap=True)
    if len(arguments.corrections) == 1 and corrections:
        _say_next(f"improve {shlex.quote(str(arguments.corrections[0]))}")


@dataclass(frozen=True)
class _Written:
    """What was written of a source's pictures.

    Attributes:
        page: the sheet; None without one.
        sorted_in: how many pictures lie in folders, and how many could not be read or written.
    """

    page: Path | None = None
    sorted_in: tuple[int, int] | None = None


def _write_of_pictures(
    arguments: argparse.Namespace, source: Source, decisions: Decisions, learnt_attributes: Sequence[str]
) -> _Written:
    """Write the sheet and folders, as far as the command line names them."""
    run = decisions.settings
    of_feed = check_feed(arguments.feed, run.further, run.attributes) if arguments.feed else ""
    if arguments.review:
        questions = arguments.review_limit, arguments.audit, tuple(learnt_attributes), of_feed
        command = f"{program()} {_then(arguments)}"
        write_sheet(source, decisions, Review(arguments.review, *questions, TRANSLATIONS, command))
    return _Written(
        arguments.review, sort_into_folders(arguments.into, source, decisions) if arguments.into else None
    )


def _then(arguments: argparse.Namespace) -> str:
    """The command that takes what the sheets export."""
    feed = f" --feed {arguments.feed}" if arguments.feed else ""
    return f"label --corrections {EXPORT_NAME} --out {shlex.quote(str(arguments.out))}{feed}"


def _say_written(arguments: argparse.Namespace, written: _Written) -> None:
    if written.page:
        _say_next(_then(arguments))
    if written.sorted_in:
        done, failed = written.sorted_in
        lost = f"; {failed:,} could not be read or written" if failed else ""
        console().print(f"Sorted: {done:,} pictures into folders of {arguments.into}{lost}.")


def _job(arguments: argparse.Namespace) -> Job:
    if arguments.into:
        check_sorted_folder(arguments.into, arguments.source)
    release = find_release(arguments.model, read_command_settings().cache_dir)
    taxonomy = arguments.taxonomy or read_command_settings().taxonomy
    reads = (*find_list_file(arguments.source), release.folder, taxonomy, *arguments.corrections)
    outputs = _outputs(arguments, has_products=arguments.by is not None)
    check_outputs(outputs, filter(None, reads))
    reading = replace(Reading.of(arguments), by=arguments.by or "")
    hosts = tuple((host, port) for host, port in arguments.allow_host or ())
    source = open_source(arguments.source, hosts, reading)
    return Job(
        source=source,
        column=None if arguments.by is None else check_grouping(source, arguments.by),
        table=arguments.out,
        release=release,
        workers=arguments.workers,
        engine=ENGINES[arguments.engine or "processes"],
        categories=_categories(arguments.taxonomy, release),
        language=arguments.language or "",
        title=check_column(source, arguments.title_column or "", "--title-column"),
        feed=arguments.feed or "",
        options={name: getattr(arguments, name) for name in ("model", *KEPT)},
    )


def _label(arguments: argparse.Namespace, before: RunSettings | None) -> object:
    if arguments.feed and arguments.by is None:
        arguments.error("--feed has a row a product: name the column of the list with --by")
    if arguments.into and arguments.by is not None:
        arguments.error("--by and --by-folder do not go with --into, which sorts photos")
    job = _job(arguments)
    _check_same(arguments, before, job.settings)
    if arguments.feed:
        check_feed(arguments.feed, job.settings.further, job.settings.attributes)
    corrections, taken = _corrections(arguments, job.settings), list[TakenCorrections]()

    def take(journal: Journal) -> None:
        if arguments.corrections:
            taken.append(take_corrections(corrections, journal, job.table))

    with ExitStack() as opened:
        with resumable("Nothing is lost: the same command goes on where it was."):
            total = _total(job)
            if check_form(job.table) == WORKBOOK:
                check_room(total or 0, len(photo_columns(job.settings, with_people=True)))
            make_folders([arguments.review] if arguments.review else [])
            with counting("labelling", _Rate()) as watch:
                labelling = labelled(
                    job,
                    lambda rows, before: watch(rows, total, before),
                    complain,
                    restart=arguments.restart,
                    take=take,
                )
                decisions, summary = opened.enter_context(labelling)
        written = _write_of_pictures(arguments, job.source, decisions, job.learnt_attributes)
        show(summary, written.page)
        is_failed = 0 < summary.rows == summary.errors
        if not is_failed:
            _say_checks(summary, job, decisions.journal)
        for batch in taken:
            _say_taken(arguments, batch, summary, corrections.pictures)
        if is_failed:
            return Failed(asdict(summary))
        _say_written(arguments, written)
        _feed(arguments, decisions)
    counts = {"corrections": taken[0].corrections, "unmatched": taken[0].unmatched} if taken else {}
    return counts | asdict(summary)


def _say_checks(summary: Summary, job: Job, journal: Journal) -> None:
    """Say what is accepted of products, and what people found of accepted answers."""
    if summary.products:
        of = summary.products
        for sentence in _of_products(of, report_of(job.release).products.get(LABEL)):
            console().print(sentence)
        if of["without_answer"]:
            complain(_of_unseen(journal, of["without_answer"]))
        checks = of["accepted"], of["checked"], of["checked_right"], "products"
    else:
        checks = summary.accepted, summary.checked, summary.checked_right, "pictures"
    if checks[0]:
        console().print(_of_checks(*checks))


def _of_products(of: Mapping[str, Any], promise: Promise | None) -> Iterator[str]:
    """What a terminal says of products, a sentence each; `promise` is of products, about the class."""
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


def _of_unseen(journal: Journal, count: int) -> str:
    """The products of which no photo can be read, some of them by name."""
    names = join_first(find_products_without_photo(journal, NAMED + 1), NAMED)
    return f"{count:,} products have no photo that can be read: {names}."


def _feed(arguments: argparse.Namespace, decisions: Decisions) -> None:
    """Write the feed that was asked for, and say what is in it."""
    if not arguments.feed:
        return
    advice = _how_to_fill(arguments)
    feed = write_feed(arguments.feed, arguments.out, decisions, advice)
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


def _how_to_fill(arguments: argparse.Namespace) -> str:
    """What brings colours into a feed that lacks some: a command to paste, or the sheet that is there."""
    if arguments.review:
        return f'Answer "Colours for the feed" in {arguments.review}, then run the command after `Next:`.'
    words = ["--review", "sheet.html", *arguments.words]
    return f"A sheet asks for them: {program()} label {shlex.join(words)}"


def _total(job: Job) -> int | None:
    """How many pictures there are; None, with the reason, where counting them would cost too much."""
    try:
        if why := job.source.why_uncounted:
            complain(f"how many pictures there are, and so the time left, is not known: {why}.")
            return None
        return sum(1 for _ in job.source.items())
    except (SourceUnusable, OSError):  # labelling says so, after what can be read
        return None


def _say_next(words: str) -> None:
    # Not by rich, which would break a command where the terminal ends.
    print(f"Next: {program()} {words}")


def _categories(named: str | None, release: LocalRelease) -> Categories:
    """Id and name of the platform's category of each label; empty without a file or platform.

    Raises:
        CategoriesMismatch: the file has other labels than the release.
        SettingsError: it cannot be read or is not valid.
    """
    manifest = release.manifest
    if named in PLATFORMS:
        attributes = {name: head.labels for name, head in manifest.attributes.items()}
        return find_platform_categories(named, {LABEL: manifest.labels, **attributes})
    if (file := Path(named) if named else read_command_settings().taxonomy) is None:
        return {}
    try:
        mapping = read_release_categories(file, manifest.labels, manifest.version, manifest.attributes)
    except CategoriesMismatch as error:
        others = "--taxonomy FILE names another file"
        raise CategoriesMismatch(
            f"{error} {others}."
            if named
            else f"{error} {others}, and WARDROBE_TAXONOMY= before the command leaves the categories out."
        ) from error
    categories = mapping.choose_names(None)
    heads = {LABEL: (manifest.labels, categories.classes)}
    heads |= {name: (manifest.attributes[name].labels, of) for name, of in categories.attributes.items()}
    return {
        head: {label: _category(named) for label, named in zip(labels, of_labels, strict=True)}
        for head, (labels, of_labels) in heads.items()
    }


def _category(named: Mapping[str, object]) -> Category:
    return _text(named["id"]), _text(named["name"])


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("label", __doc__, EXAMPLES, json_help="print the summary as one line of JSON")
    add = parser.add_argument
    add(
        "source",
        metavar="SOURCE",
        nargs="?",
        help="a folder, a pattern in quotes, a CSV with a column `path`, a ZIP, or s3://bucket/prefix",
    )
    host = (
        "fetch pictures of a list that are at https://HOST; `*.HOST` for all names below it; more than once"
    )
    add("--allow-host", type=_host, action="append", metavar="HOST[:PORT]", help=host)
    add_list_options(parser)
    add("--out", type=Path, required=True, metavar="FILE", help="the table: .csv, .jsonl, or .xlsx for Excel")
    add("--model", help=BUNDLED_HELP)
    engines = "processes of this machine (the default), or ray: the cluster at RAY_ADDRESS"
    add("--engine", choices=ENGINES, help=engines)
    products = parser.add_mutually_exclusive_group()
    by = "photos that share a cell of this column of the list show one product; a second table answers each"
    products.add_argument("--by", metavar="COLUMN", help=by)
    folders = "the same, of the photos of one folder"
    products.add_argument("--by-folder", dest="by", action="store_const", const="", help=folders)
    words = "the language of the list's titles, or `none` (that of most of its words)"
    add("--language", choices=(*readable_languages(), OFF), help=words)
    title = "the column of titles (known by its name, or by its cells where no such column names kinds)"
    add("--title-column", metavar="COLUMN", help=title)
    feed = (
        "write the colours of products as this platform imports them; with --review the sheet asks for those "
        "that are missing"
    )
    add("--feed", choices=FEEDS, help=feed)
    taxonomy = (
        "columns such as `category_id`: by a file of yours (WARDROBE_TAXONOMY), or google's or shopify's"
    )
    add("--taxonomy", metavar="FILE|PLATFORM", help=taxonomy)
    add("--workers", type=at_least(1), metavar="N", help="how many label at a time (default: one per core)")
    into = "copy the pictures into FOLDER/label and FOLDER/review; new or empty"
    add("--into", type=Path, metavar="FOLDER", help=into)
    _add_review_options(parser)
    add("--restart", action="store_true", help="label everything again, whatever is there")
    return parser


def _add_review_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--review", type=Path, metavar="FILE.html", help="write a page for correcting what is doubtful")
    limit = f"pictures to look through, the most doubtful first ({REVIEW_LIMIT:,})"
    audit = f"accepted pictures on it, drawn at random (a quarter, at most {MAX_SAMPLE_ROWS}; 0: none)"
    add("--audit", type=at_least(0), metavar="N", help=audit)
    add("--review-limit", type=at_least(1), default=REVIEW_LIMIT, metavar="N", help=limit)
    corrections = "take in what people say in these files (CSV), before all is written"
    add("--corrections", type=Path, nargs="+", default=(), metavar="FILE", help=corrections)


def _host(text: str) -> tuple[str, int]:
    from labelling.fetch import allowed_host  # noqa: PLC0415 - urllib3 takes 0.2 s to import

    try:
        return allowed_host(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a host, as in cdn.example:8443") from error


class _Rate(ProgressColumn):
    """Pictures a second."""

    def render(self, task: Task) -> Text:
        if not task.speed:
            return Text("")
        return Text(f"{task.speed:,.0f}/s" if task.speed >= 1 else f"{1 / task.speed:,.0f} s each")


def show(summary: Summary, page: Path | None) -> None:
    """Print counts, the share to review, and where everything is; the error alone where nothing was read."""
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
    review = f". To look through: {page}" if page else ""
    out.print(f"Table: {summary.table}{review}")


def pace(pictures: int, seconds: float) -> str:
    """How fast pictures were labelled, a sentence; empty where none was."""
    if not pictures:
        return ""
    rate = pictures / max(seconds, 1e-9)
    return f"{rate:,.0f} pictures a second. " if rate >= 1 else f"{1 / rate:,.1f} seconds a picture. "


def _of_checks(accepted: int, checked: int, right: int, rows: str) -> str:
    """What people found of the accepted answers of this table, a sentence."""
    if not checked:
        return f"No audit was made: people looked at none of {accepted:,} accepted {rows}."
    return f"People looked at {checked:,} of {accepted:,} accepted {rows}: {right:,} right."


def _given(labels: Mapping[str, Mapping[str, int]]) -> list[tuple[str, Mapping[str, int]]]:
    """The labels that some picture got, with the pictures of each outcome."""
    return [(label, counts) for label, counts in labels.items() if sum(counts.values())]


def _has(summary: Summary, reason: Reason) -> bool:
    return any(counts[reason] for counts in summary.labels.values())


def _of_words(words: Mapping[str, Any], what: str) -> str:
    """What a terminal says of the list's words."""
    language, by_list = words["language"], words["by_list"]
    if language not in readable_languages():
        which = "" if language == UNDETERMINED else ", which Wardrobe recognises and cannot read"
        return f"The titles are in {language_name(language)}{which}, so only photos decide."
    together = f", {by_list:,} of them by list and photo together" if by_list else ""
    return (
        f"{words['title']} The list names the kind of {words['named']:,} {what} (--language {language}): "
        f"{words['agreeing']:,} answers agree{together}, {words['contradicting']:,} contradict it and need a "
        "person."
    )


def _row(
    heading: str, label: str, shown: Sequence[str | None], outcomes: Mapping[str, int]
) -> dict[str, str]:
    """The cells of a label, by their headings; `shown` are the outcomes with a column."""
    pictures = sum(outcomes.values())
    return {
        heading: label,
        **{reason or ACCEPT: f"{outcomes[reason or ACCEPT]:,}" for reason in shown},
        "pictures": f"{pictures:,}",
        "review": f"{1 - outcomes[ACCEPT] / pictures:.1%}" if pictures else "",
    }


if __name__ == "__main__":
    raise SystemExit(command("label"))
