"""Decide the row of a photo or of a product, for tables, sheets, feeds and folders.

`decide_row` reads from top to bottom: the photos answer, then the list's words and colour are considered, and
people have the last word. Each step has a file. This is the row of an article with the title "Pleated skirt"
and one photo, which is alone in its category. The photo is unfamiliar: it is unlike the training pictures. A
person answered that its class is Dress:

    file                   class                            kind                          reason
    (the journal)          Dress .60                        dress .50, skirt .20          unfamiliar
    product_answers.py     Dress .60                        dress .50                     unfamiliar
    category_products.py   the article is alone in its category: no change
    title_decision.py      none of these .96, by the list   skirt .96, by the list        (accepted)
    shared_photos.py       the photo lies under no other article: no change
    list_colours.py        the list has no colour: no change
    human_answers.py       Dress, by a person               dress, by a person            (accepted)
    columns.py             label Dress, predicted `none of these`, decision accept, decided by person

The title gives the factor 1 to the skirt, and .01 to all other kinds: .20 / (.20 + .80 x .01) = .96.

None of this is stored: each row is decided again whenever it is read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from inference.contract import LABEL
from inference.garment_decision import GarmentDecision
from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE, has_known_kinds
from inference.words.kinds import KIND
from inference.words.recognition import find_label_kinds, recognise_language
from labelling.decide.category_products import NO_CATEGORY_PRODUCTS, CategoryProductSums
from labelling.decide.feed_colours import choose_feed_colours
from labelling.decide.human_answers import HeadContext, HumanAnswers, adapt_kind_to_class, decide_head
from labelling.decide.list_colours import (
    ListColourDecision,
    ListColourReader,
    decide_list_colours,
    find_unknown_colour,
)
from labelling.decide.product_answers import is_certain_enough_for_feed
from labelling.decide.product_customers import CustomerDecider, find_possible_kinds
from labelling.decide.shared_photos import SharedPhotos
from labelling.decide.title_decision import (
    ListTitles,
    decide_row_garment,
    make_answers_with_title,
    make_review_answer,
)
from labelling.lists.colour_columns import ShopColours
from labelling.lists.row_words import ListMeaning
from labelling.rows import (
    NO_DECISION,
    NO_PRODUCT_CUSTOMERS,
    HeadAnswer,
    HeadAnswers,
    HeadDecision,
    ProductCustomers,
    ProductRecord,
    Record,
    TableRow,
)
from labelling.run_settings import RunSettings
from reports.product_rule import COLOUR_ATTRIBUTES


@dataclass(frozen=True, kw_only=True)
class DecisionContext:
    """The facts about a whole table that are needed to decide each of its rows.

    Attributes:
        settings: the settings of the run, such as the labels of the release.
        titles: the kinds of garments that the list's titles and categories name.
        shared_photos: the photos that the list gives to several products.
        human_answers: the valid answers of people about pictures and products.
        listed_colours: the colours in the list, as the shop writes them.
        category_products: the products of each category, summed up as evidence about one another.
        customers: the sources of the gender and the age group of products; None if nobody asks for them.
    """

    settings: RunSettings
    titles: ListTitles
    shared_photos: SharedPhotos
    human_answers: HumanAnswers
    listed_colours: ListColourReader = field(default_factory=ListColourReader)
    category_products: CategoryProductSums = NO_CATEGORY_PRODUCTS
    customers: CustomerDecider | None = None

    @cached_property
    def colour_head(self) -> str:
        """The name of the attribute that answers the colour; empty if the release has none."""
        return find_colour_head(self.settings.attributes)

    @cached_property
    def has_kinds(self) -> bool:
        """Whether the release answers the kinds of garments that the words of a list name."""
        return has_known_kinds(self.settings.heads.get(KIND, ()))

    @cached_property
    def class_kinds(self) -> Mapping[str, frozenset[str]]:
        """The kinds of garments that belong to each class of the release: {"Ankle boot": {"boot"}}."""
        labels = self.settings.heads[LABEL]
        return find_label_kinds(labels, recognise_language(labels))


def decide_row(record: Record, context: DecisionContext) -> TableRow:
    """Decide what a table says about a photo or a product: by its photos, then the list, then people.

    Args:
        record: the photo or product, with the answers of the model.
        context: the facts about the whole table.

    Returns:
        The row, with a decision about the class and about each attribute that was answered.
    """
    decision = _decide_with_list(record, context)
    answers = _hold_shared_photos(record, decision, context)
    photo_colour = answer_feed_colour(record, answers, context)
    shop_colours = context.listed_colours.read_colours(record)
    list_colours = decide_row_list_colours(record, shop_colours, context)
    if list_colours and list_colours.labels:
        shares = context.titles.compute_label_probabilities(record, context.colour_head)
        answers[context.colour_head] = list_colours.make_answer(record.answers[context.colour_head], shares)
    decisions = apply_human_answers(record, answers, context)
    colour = decisions.get(context.colour_head, NO_DECISION)
    title_kinds = context.titles.find_title_kinds(record)
    listed_probabilities = dict[str, Mapping[str, float]]()
    if decision:
        listed_probabilities = {LABEL: decision.class_probabilities, KIND: decision.kind_probabilities}
    feed_colours: tuple[str, ...] = ()
    if isinstance(record, ProductRecord) and not shop_colours.is_sold_in_several_colours:
        feed_colours = choose_feed_colours(colour, list_colours, photo_colour)
    return TableRow(
        record=record,
        decisions=decisions,
        title_kinds=title_kinds,
        suggested_kinds=decision.suggested_kinds if decision else (),
        listed_probabilities=listed_probabilities,
        feed_colours=feed_colours,
        has_likely_colours=list_colours is None and not colour.is_settled,
        title_colour_phrases=list_colours.title_phrases if list_colours else (),
        is_sold_in_several_colours=shop_colours.is_sold_in_several_colours,
        cell_without_colour=shop_colours.cell_without_colour,
        unknown_colour=find_unknown_colour(shop_colours, context.titles.list_reader.list_words.language),
        customers=_decide_customers(record, decisions, title_kinds, context),
    )


def _decide_customers(
    record: Record,
    decisions: Mapping[str, HeadDecision],
    title_kinds: frozenset[str],
    context: DecisionContext,
) -> ProductCustomers:
    """Return for whom a product is made; nothing for a picture."""
    if context.customers is None or not isinstance(record, ProductRecord):
        return NO_PRODUCT_CUSTOMERS
    kinds = find_possible_kinds(decisions, context.class_kinds, title_kinds)
    return context.customers.decide_customers(record, decisions, kinds)


def answer_row_with_list(record: Record, context: DecisionContext) -> dict[str, HeadAnswer]:
    """Return the answers to a row as photos and list give them, without its colour and without people.

    Args:
        record: the photo or product, with the answers of the model.
        context: the facts about the whole table.

    Returns:
        The answers by head: LABEL for the class, and the names of attributes.
    """
    return _hold_shared_photos(record, _decide_with_list(record, context), context)


def _decide_with_list(record: Record, context: DecisionContext) -> GarmentDecision | None:
    other_products = context.category_products.compare_other_products(record.product)
    return decide_row_garment(record, context.titles, other_products)


def _hold_shared_photos(
    record: Record, decision: GarmentDecision | None, context: DecisionContext
) -> dict[str, HeadAnswer]:
    """Return the decided answers, with a review for those that rest on photos of several products alone.

    Args:
        record: the photo or product, with the answers of the model.
        decision: the decision about class and kind; None without an answer about the class.
        context: the facts about the whole table.
    """
    titles = context.titles
    shared_photos = context.shared_photos
    answers = make_answers_with_title(record, decision, titles) if decision else dict(record.answers)
    # `none of these` is no answer of a photo: it follows from the kind, and rests on the same photos.
    # Class and kind are one decision then, and are held back together or not at all.
    is_joint = decision is not None and (decision.has_witness or decision.label == NONE)
    joint_heads = titles.title_heads if is_joint else ()
    is_shared = (
        decision is not None
        and None in {decision.label_reason, decision.kind_reason}
        and not can_accept_shared_decision(record, decision, shared_photos)
    )
    for head, answer in answers.items():
        if decision and head in joint_heads:
            if is_shared and answer.is_accepted:
                answers[head] = make_review_answer(record.answers[head], head, decision, Reason.SHARED_PHOTO)
        elif answer.is_accepted and not shared_photos.can_accept_label(record, head, answer.label):
            answers[head] = replace(answer, reason=Reason.SHARED_PHOTO)
    return answers


def can_accept_shared_decision(
    record: Record, decision: GarmentDecision, shared_photos: SharedPhotos
) -> bool:
    """Return whether a decision by photos and list rests on more than photos of several products.

    It does if a photo is listed under this product alone, or if a shared photo may show each of its products.
    """
    if DecidedBy.LIST in {decision.label_decided_by, decision.kind_decided_by}:
        # If the kind was not accepted, the class alone has to suit the other products.
        return (
            shared_photos.can_accept_class(record, decision.label)
            if decision.kind_reason
            else shared_photos.can_accept_kind(record, decision.kind)
        )
    head = LABEL if record.answers[LABEL].is_accepted else KIND
    return shared_photos.can_accept_label(record, head, record.answers[head].label)


def decide_row_list_colours(
    record: Record, shop_colours: ShopColours, context: DecisionContext
) -> ListColourDecision | None:
    """Return the colours that the list names for a row, in its column of colours or its title.

    Returns:
        The colours; None if the list names none, if the product is sold in several colours, or if the release
        does not answer the colour of this row.
    """
    if context.colour_head not in record.answers or shop_colours.is_sold_in_several_colours:
        return None
    words = context.titles.list_reader.list_words
    title = words.read_title(record.cells) if words.is_readable else ""
    colours = decide_list_colours(
        shop_colours.texts,
        title,
        words.find_title_language(record.cells),
        context.titles.compute_label_probabilities(record, context.colour_head),
        context.listed_colours.read_brand(record),
    )
    if colours is None or context.listed_colours.can_photos_contradict(record):
        return colours
    # A photo that variants share shows one of them, so it says nothing against the colour of another.
    return colours._replace(is_denied_by_photos=False)


def answer_feed_colour(record: Record, answers: HeadAnswers, context: DecisionContext) -> HeadAnswer | None:
    """Return the answer of the photos about the colour, for a feed.

    A product of several photos may also have a likely answer, which is certain enough for a feed but not for
    the table.

    Args:
        record: the photo or product, with the answers of the model.
        answers: the answers by head, with a review for those that rest on shared photos alone.
        context: the facts about the whole table.

    Returns:
        The answer; None if the photos have no answer about the colour.
    """
    head = context.colour_head
    if isinstance(record, ProductRecord) and is_certain_enough_for_feed(record, head, context.settings.by):
        answer = record.answers[head]
        is_shown = context.shared_photos.can_accept_label(record, head, answer.label)
        return replace(answer, reason=None if is_shown else Reason.SHARED_PHOTO)
    return answers.get(head)


def apply_human_answers(
    record: Record, answers: HeadAnswers, context: DecisionContext
) -> dict[str, HeadDecision]:
    """Return the decisions about a row, in which the answers of people replace those of model and list.

    Args:
        record: the photo or product of the row.
        answers: the answers of model and list, by head (class or attribute).
        context: the facts about the whole table.

    Returns:
        The decisions by head, each with the reason if a review sheet asks about it. The class always has a
        decision.
    """
    row_answers = context.human_answers.find_row_answers(record)
    meaning = context.titles.find_meaning(record)
    categories = context.settings.categories
    decisions = dict[str, HeadDecision]()
    for head in dict.fromkeys([LABEL, *answers, *row_answers.heads]):
        answer = answers.get(head)
        is_admitted = _is_admitted(head, answer, meaning, context.titles) if answer else None
        head_context = HeadContext(categories.get(head, {}), is_admitted)
        decisions[head] = decide_head(record, head, answer, row_answers, head_context)
    if context.has_kinds:
        names = context.settings.heads.get(KIND, ())
        adapt_kind_to_class(decisions, context.class_kinds, names, categories.get(KIND, {}))
    return decisions


def _is_admitted(head: str, answer: HeadAnswer, meaning: ListMeaning, titles: ListTitles) -> bool | None:
    """Return whether the list allows an answer; None if one of the two names no kind of garment."""
    is_contradicting = meaning.conflict == Reason.CONTRADICTING
    if answer.reason == Reason.TITLE_CONFLICT or (is_contradicting and head in titles.title_heads):
        return False
    return titles.is_label_allowed(head, answer.label, meaning.kinds)


def find_colour_head(attributes: Iterable[str]) -> str:
    """Return the name of the release's attribute that answers the colour; empty if there is none.

    Args:
        attributes: the names of the attributes of a release.
    """
    return next((head for head in COLOUR_ATTRIBUTES if head in attributes), "")
