"""Write the review sheet of a finished table: an HTML page that asks people about doubtful rows.

`write_sheet` takes the questions of the decided rows, reads the pictures of these rows from the source, and
makes a card for each question.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.decision import ACCEPT, REVIEW
from inference.pictures.decode import prepare_decoders
from inference.reasons import DecidedBy, Reason
from inference.release_labels import OTHER_KIND, has_known_kinds
from inference.text.spreadsheets import format_csv
from inference.words.kinds import KIND, KINDS, sort_kinds
from labelling.decide.category_questions import CategoryQuestion
from labelling.decide.decisions import RunDecisions
from labelling.decide.product_titles import find_parent_folder
from labelling.decide.row_decision import DecisionContext
from labelling.lists.listed_word import find_list_garment_word
from labelling.review.card_pictures import read_card_pictures
from labelling.review.cards import (
    ACCEPTED_CLASS_NOTE,
    ACCEPTED_SCREEN,
    AGREEING_SCREEN,
    ANSWERED_SCREEN,
    ATTRIBUTE_NOTE,
    AUDIT_NOTE,
    CLASS_NOTE,
    COLOUR_CONFLICT_NOTE,
    COLOUR_SCREEN,
    FEED_SCREEN,
    LIST_CONFLICT_NOTE,
    NO_SUGGESTION_NOTE,
    PHRASE_SCREEN,
    SETTLED_SCREENS,
    CategoryReviewCard,
    ReviewCard,
    ReviewCardPhoto,
)
from labelling.review.kind_choices import (
    find_classes_of_kinds,
    find_kinds_without_class,
    make_kind_choices,
    suggest_class_and_kind,
)
from labelling.review.page import (
    DOUBTFUL_LEAD,
    PARTS_LEAD,
    ReviewPageFrame,
    make_review_page,
    write_page,
)
from labelling.review.questions import (
    MAX_PHOTOS_ON_CARD,
    HeadQuestions,
    SheetQuestion,
    SheetSettings,
    choose_photos,
)
from labelling.review.settled_rows import SettledQuestion, SettledRows, show_settled_answer
from labelling.review.sheet_rows import SheetRows
from labelling.rows import PhotoRecord, TableRow
from labelling.run_settings import RunSettings
from labelling.sources.items import Source

MIN_SUGGESTED_SHARE: Final = 0.2
"""Smallest probability of an answer that a card suggests. One press of Enter takes a suggestion."""

EXPORT_FILE_NAME: Final = "corrections.csv"
"""The name of the CSV file that a review sheet exports."""


class WrittenSheet(NamedTuple):
    """A review sheet that was written.

    Attributes:
        page_path: the path of the page.
        question_count: the number of its questions, without those that are optional.
        optional_count: the number of optional questions, such as those of an audit.
    """

    page_path: Path
    question_count: int
    optional_count: int


def write_sheet(
    source: Source, decisions: RunDecisions, sheet_settings: SheetSettings, rows: SheetRows
) -> WrittenSheet:
    """Write a review sheet: an HTML page with questions about a finished table that nobody has answered yet.

    The pictures of the page are read in one pass over the source.

    Args:
        source: the source of the pictures.
        decisions: the decided rows of the table.
        sheet_settings: the settings of the page, such as its path and the number of questions.
        rows: the collector with these settings, which has read all rows of the run.

    Raises:
        TableUnusable: the page cannot be written.
        SourceUnusable, StoreError: the source can no longer be listed.
    """
    prepare_decoders()
    run = decisions.settings
    choices = rows.choices
    categories = rows.make_category_questions()
    answered, accepted = choose_settled_questions(choices, rows.settled_rows)
    settled = [*answered, *accepted]
    all_questions = [question for choice in choices for question in choice.all_questions]
    asked_rows = {id(question.row) for question in all_questions}
    all_questions += [one.question for one in settled]
    # By identity: a row has a question about each head, and all of them show the same photos.
    rows_by_id = {id(question.row): question.row for question in all_questions}
    photos = {key: choose_photos(row, decisions) for key, row in rows_by_id.items()}
    card_photos = [photo for row in asked_rows for photo in photos[row][:MAX_PHOTOS_ON_CARD]]
    card_photos += [photo for row_photos in photos.values() for photo in row_photos[:1]]
    category_photos = (photo for question in categories for photo in question.photos_by_kind.values())
    # A settled card shows its first photo alone, and exports the names of the others.
    named_photos = [photo for row_photos in photos.values() for photo in row_photos[1:MAX_PHOTOS_ON_CARD]]
    pictures = read_card_pictures([*card_photos, *category_photos], named_photos, source)

    def make_card(question: SheetQuestion) -> ReviewCard | None:
        return _make_card(question, photos[id(question.row)], pictures, decisions)

    cards = [card for choice in choices for card in _make_cards(choice, make_card, decisions.context)]
    for screen, questions in ((ANSWERED_SCREEN, answered), (ACCEPTED_SCREEN, accepted)):
        made = ((make_card(one.question), one) for one in questions)
        cards += [show_settled_answer(card, one, screen) for card, one in made if card]
    lead = DOUBTFUL_LEAD if all(map(_is_doubtful, cards)) else PARTS_LEAD
    example = _make_example(accepted[0].question) if accepted else ""
    frame = _make_frame(decisions, sheet_settings, choices, rows.settled_rows)._replace(
        lead=lead, example=example
    )
    heads = dict.fromkeys([*sheet_settings.heads, *(one.question.head for one in settled)])
    attributes = {head: run.heads[head] for head in heads if head != LABEL}
    category_cards = [_make_category_card(question, pictures, run) for question in categories]
    write_page(
        sheet_settings.page_path, make_review_page(cards, run.heads[LABEL], frame, attributes, category_cards)
    )
    optional_count = sum(card.audit > 0 or card.screen == FEED_SCREEN for card in cards)
    settled_count = sum(card.screen in SETTLED_SCREENS for card in cards)
    question_count = len(cards) - settled_count - optional_count + len(category_cards)
    return WrittenSheet(sheet_settings.page_path, question_count, optional_count)


def _is_doubtful(card: ReviewCard) -> bool:
    """Return whether a card is in no part of its own, or in one that needs nobody."""
    return not card.audit and (card.screen is None or card.screen in SETTLED_SCREENS)


def _make_frame(
    decisions: RunDecisions,
    sheet_settings: SheetSettings,
    choices: Sequence[HeadQuestions],
    settled_rows: SettledRows,
) -> ReviewPageFrame:
    """Return the parts of the page around its cards, without the sentences that depend on the cards."""
    run = decisions.settings
    doubtful = choices[0].doubtful_questions
    return ReviewPageFrame(
        f"{decisions.journal.path.stem}, {run.version}",
        "",
        sheet_settings.translations,
        EXPORT_FILE_NAME,
        sheet_settings.command,
        version=run.version,
        table=decisions.journal.path.stem,
        row_count=choices[0].answered_count,
        are_products=run.by is not None,
        unasked_count=choices[0].doubtful_count - sum(1 + one.copy_count for one in doubtful),
        reasons=tuple(
            (reason.card.name, reason.sentence) for reason in _find_reasons(choices) if reason.card
        ),
        kind_classes=find_classes_of_kinds(decisions.context),
        section_counts={
            ANSWERED_SCREEN.title: settled_rows.answered_count,
            ACCEPTED_SCREEN.title: settled_rows.accepted_count,
        },
    )


def choose_settled_questions(
    choices: Sequence[HeadQuestions], settled_rows: SettledRows
) -> tuple[list[SettledQuestion], list[SettledQuestion]]:
    """Return the questions that people answered, and those that model and list accepted."""
    audit_names = {
        choice.head: {question.row.record.name for question in choice.audit_questions} for choice in choices
    }
    feed_names = {
        question.row.record.name
        for choice in choices
        if choice.is_feed_attribute
        for question in choice.feed_questions
    }
    return settled_rows.make_questions(audit_names, feed_names)


def _make_example(question: SheetQuestion) -> str:
    """Return the text of a corrections file that gives an accepted row its own class."""
    record = question.row.record
    column = "product" if record.product else "path"
    return format_csv([(column, "attribute", "label"), (record.name, "", question.decision.label or "")])


def _find_reasons(choices: Sequence[HeadQuestions]) -> list[Reason]:
    """Return the reasons that cards about the class name, in the order of `Reason`."""
    questions = [
        question for choice in choices if choice.head == LABEL for question in choice.doubtful_questions
    ]
    named = {question.reason for question in questions}
    return [reason for reason in Reason if reason in named]


def _make_category_card(
    question: CategoryQuestion, pictures: Mapping[str, ReviewCardPhoto], settings: RunSettings
) -> CategoryReviewCard:
    """Return the card of a question about a category; the kinds that its photos show come first."""
    names = settings.heads.get(KIND, ())
    products_by_kind = dict(question.products_by_kind.most_common()) if has_known_kinds(names) else {}
    kinds = dict.fromkeys([*(kind for kind in products_by_kind if kind in KINDS), *KINDS])
    photos = question.photos_by_kind.values()
    return CategoryReviewCard(
        category=question.category,
        branches=tuple(question.branches),
        products=question.product_count,
        is_of_products=settings.by is not None,
        kinds=tuple((kind, products_by_kind.get(kind, 0)) for kind in kinds),
        other=products_by_kind.get(OTHER_KIND, 0),
        photos=tuple(pictures[photo.path] for photo in photos if photo.path in pictures),
    )


def _make_cards(
    choice: HeadQuestions, make_card: Callable[[SheetQuestion], ReviewCard | None], context: DecisionContext
) -> Iterator[ReviewCard]:
    """Yield the cards about one head: the doubtful ones, those of the feed, and those of the audit."""
    for question in choice.doubtful_questions:
        if card := make_card(question):
            # If title and photo contradict each other, the card has to show both answers. So no group has it.
            is_conflict = question.reason == Reason.TITLE_CONFLICT
            is_of_feed = choice.is_feed_attribute and card.product and not is_conflict
            card = (
                card._replace(screen=COLOUR_SCREEN)
                if is_of_feed
                else _add_title_help(card, question, context)
            )
            card = _drop_unlikely_suggestion(card, question.row, context)
            phrase = choice.find_doubtful_phrase(question.row) if is_conflict else ""
            yield card._replace(screen=PHRASE_SCREEN, phrase=phrase) if phrase else card
    for question in choice.feed_questions:
        if card := make_card(question):
            yield card._replace(screen=FEED_SCREEN)
    audit_questions = choice.audit_questions
    for question in audit_questions:
        if card := make_card(question):
            yield _hide_answer(card, len(audit_questions), choice.accepted_count)


def _hide_answer(card: ReviewCard, sample_size: int, accepted: int) -> ReviewCard:
    """Return a card of the sample that does not show the answer of the model."""
    note, values = ("", {}) if card.attribute == LABEL else (AUDIT_NOTE, {"attribute": card.attribute})
    return card._replace(note=note, guess="", audit=sample_size, audit_of=accepted, note_values=values)


def _add_title_help(card: ReviewCard, question: SheetQuestion, context: DecisionContext) -> ReviewCard:
    """Return a doubtful card with the title's help: a suggestion, or a group that the photo confirms."""
    decision = question.decision
    row = question.row
    if decision.answer is None:
        return card
    if card.attribute == LABEL and decision.is_allowed_by_title is not False:
        card = _add_suggestion(card, row, context)
    if decision.is_allowed_by_title is None:
        return card
    if decision.is_allowed_by_title:
        return card._replace(screen=AGREEING_SCREEN)
    # Of the attributes, only the colour can be decided by the list although the photos show another one.
    if card.attribute != LABEL and decision.answer.decided_by == DecidedBy.LIST:
        suggested = decision.answer.suggested_label or ""
        title_text = " / ".join(row.feed_colours or row.title_colour_phrases[:1] or [decision.answer.label])
        values: dict[str, str | float] = {"label": suggested, "listed": title_text}
        return card._replace(note=COLOUR_CONFLICT_NOTE, note_values=values, guess=suggested)
    values = {**card.note_values, "listed": " / ".join(sort_kinds(row.title_kinds))}
    if card.attribute == LABEL and (kind := _find_contradicting_kind(row, context)):
        values |= {"label": kind, "confidence": row.record.answers[KIND].confidence or 0.0}
    suggested = decision.answer.suggested_label or ""
    card = card._replace(note=LIST_CONFLICT_NOTE, note_values=values, guess=suggested)
    if card.attribute != LABEL:
        return card
    photos = row.record.photos
    reader = context.titles.list_reader
    folder = find_parent_folder(photos[0].path)
    if found := find_list_garment_word(reader, (photo.cells for photo in photos), folder):
        card = card._replace(word=found.word, column=found.column)
    guess_kind = suggest_class_and_kind(row, context)[1] if suggested else ""
    return card._replace(guess_kind=guess_kind, choices=make_kind_choices(row, context))


def _add_suggestion(card: ReviewCard, row: TableRow, context: DecisionContext) -> ReviewCard:
    """Return a card about the class that suggests the likeliest answer about class and kind together."""
    label, kind = suggest_class_and_kind(row, context)
    card = card._replace(guess=label, guess_kind=kind)
    values: dict[str, str | float] = {"label": label if kind in {"", OTHER_KIND} else kind}
    if (share := _find_suggestion_share(card, row, context)) is not None:
        values["confidence"] = share
    return card._replace(note_values={**card.note_values, **values})


def _find_suggestion_share(card: ReviewCard, row: TableRow, context: DecisionContext) -> float | None:
    """Return the probability of what a card suggests, by photos and list; None if it is not known."""
    head = KIND if card.guess_kind else card.attribute
    shares = row.listed_probabilities.get(head) or (
        context.titles.compute_label_probabilities(row.record, head) if head in row.record.answers else {}
    )
    return shares.get(card.guess_kind or card.guess)


def _drop_unlikely_suggestion(card: ReviewCard, row: TableRow, context: DecisionContext) -> ReviewCard:
    """Return a doubtful card without its suggestion, if this is less likely than MIN_SUGGESTED_SHARE."""
    share = _find_suggestion_share(card, row, context)
    if not card.guess or share is None or share >= MIN_SUGGESTED_SHARE:
        return card
    note = NO_SUGGESTION_NOTE if card.note == CLASS_NOTE else card.note
    # A group has one suggestion for all of its cards, so this card is in none.
    return card._replace(guess="", guess_kind="", note=note, screen=None)


def _find_contradicting_kind(row: TableRow, context: DecisionContext) -> str:
    """Return the photos' kind, if it contradicts the list and their class does not; otherwise empty text."""
    answers = row.record.answers
    class_kinds = context.class_kinds.get(answers[LABEL].label, frozenset())
    is_class_allowed = not class_kinds.isdisjoint(row.title_kinds)
    if KIND not in answers or not is_class_allowed or answers[KIND].label in row.title_kinds:
        return ""
    return answers[KIND].label


def _make_card(
    question: SheetQuestion,
    photos: Sequence[PhotoRecord],
    pictures: Mapping[str, ReviewCardPhoto],
    decisions: RunDecisions,
) -> ReviewCard | None:
    """Return the card of a question; None if the source no longer has a picture of it."""
    shown = [pictures[photo.path] for photo in photos[:MAX_PHOTOS_ON_CARD] if photo.path in pictures]
    answer = question.decision.answer
    subject = question.row.record
    head = question.head
    if not shown or answer is None:
        return None
    confidence = answer.confidence or 0.0
    values: dict[str, str | float] = {"label": answer.label, "confidence": confidence}
    texts = Reason(question.reason).card if question.reason and head == LABEL else None
    reason = texts.name if texts else ""
    if head == LABEL:
        values["reason"] = reason
        note = CLASS_NOTE if reason else ACCEPTED_CLASS_NOTE
    else:
        values["attribute"] = head
        note = ATTRIBUTE_NOTE
    titles = (decisions.list_words.read_title(photo.cells) for photo in subject.photos if subject.product)
    return ReviewCard(
        subject.name,
        *shown[0][:2],
        note,
        answer.label,
        sha256=shown[0].sha256,
        decision=ACCEPT if question.reason is None else reason or REVIEW,
        confidence=confidence,
        predicted=answer.label,
        note_values=values,
        attribute=head,
        product=subject.product,
        title=next(filter(None, titles), ""),
        photos=tuple(shown[1:]),
        more=max(len(photos) - MAX_PHOTOS_ON_CARD, 0),
        copies=question.copy_count,
        further_kinds=find_kinds_without_class(subject, decisions.context) if head == LABEL else (),
    )
