"""The colour of a product by its list: whose words count, what the photos deny, and what a feed sends."""

import pytest

from inference.words.language_files import COMPOUND_END_SIGN, load_languages
from labelling.decide.list_colours import ListColourDecision, decide_list_colours
from labelling.lists.colour_cells import split_colour_cell
from labelling.lists.colour_words import read_text_colours, read_title_colours
from labelling.lists.titles import find_word_columns
from labelling.lists.woocommerce import has_variations, read_woocommerce_attributes

HEAD = ("black", "white", "grey", "blue", "green", "brown", "beige", "red", "pink", "yellow")


def shares(**given: float) -> dict[str, float]:
    return dict.fromkeys(HEAD, 0.0) | given


@pytest.mark.parametrize(
    ("title", "language", "colours"),
    [
        ("Sandalias Korium negro", "es", [{"black"}]),
        ("Vestido azul marino", "es", [{"blue"}]),
        ("Dunkelblaues Kleid", "de", [{"blue"}]),
        ("Hose, dunkelgrün", "de", [{"green"}]),
        ("Robe en bleu marine", "fr", [{"blue"}]),
        ("Black/white sneakers", "en", [{"black"}, {"white"}]),
        ("Ecru cardigan", "en", [{"white", "beige"}]),
        ("Teal blue cardigan", "en", [{"turquoise", "blue", "green"}]),
        ("Red dress with black belt", "en", [{"red"}]),
        ("Kleid mit schwarzem Gürtel", "de", []),
        ("Camiseta multicolor", "es", [{"multicolour"}]),
        ("Navy Hose", "de", [{"blue"}]),
        ("Váy xanh ngọc lục bảo", "vi", [{"green"}]),
        ("Anna", "en", []),
        ("Bleu\u00adblanc", "fr", []),
        ("x" * 10_000, "en", []),
    ],
)
def test_a_title_names_the_colours_of_the_garment(title: str, language: str, colours: list[set[str]]) -> None:
    groups = read_title_colours(title, language)

    assert [colour.colours for group in groups for colour in group] == colours


@pytest.mark.parametrize(
    ("title", "language", "texts"),
    [
        ("Baby Blue linen dress", "en", [["Baby Blue"]]),
        ("Dark Green Chinos", "en", [["Dark Green"]]),
        ("White light jacket", "en", [["White"]]),
        ("Camp shirt black Black", "en", [["Black"]]),
        ("Olive green parka, rust orange", "en", [["Olive green"], ["rust orange"]]),
        ("Jersey azul oscuro de punto", "es", [["azul oscuro"]]),
        ("Mörk blå skjorta", "sv", [["Mörk blå"]]),
        ("Тёмно-синий свитер", "ru", [["Тёмно-синий"]]),
        ("Áo thun xanh lá đậm", "vi", [["xanh lá đậm"]]),
        ("Größe L - Weißes Hemd", "de", [["Weißes"]]),
        ("Navy / Off-White scarf", "en", [["Navy", "Off-White"]]),
        ("Écharpe rouge et noire", "fr", [["rouge", "noire"]]),
        ("Scarf Olive, Black & Rust", "en", [["Olive", "Black", "Rust"]]),
        ("<b>Burgundy</b> tee &amp; Grey socks", "en", [["Burgundy"], ["Grey"]]),
    ],
)
def test_a_title_has_the_whole_phrase_for_a_colour(title: str, language: str, texts: list[list[str]]) -> None:
    groups = read_title_colours(title, language)

    assert [[colour.text for colour in group] for group in groups] == texts


@pytest.mark.parametrize(
    ("title", "language", "texts"),
    [
        ("Bolso de cuero negro", "es", ["negro"]),
        ("Cinto de couro", "pt", []),
        ("Giày da nam đen", "vi", ["đen"]),
        ("Quần bò nữ", "vi", []),
    ],
)
def test_a_material_that_is_a_word_for_a_colour_too_is_no_colour_in_a_title(
    title: str, language: str, texts: list[str]
) -> None:
    groups = read_title_colours(title, language)

    assert [colour.text for group in groups for colour in group] == texts


@pytest.mark.parametrize(
    ("title", "brand", "texts"),
    [
        ("Golden Goose Superstar sneakers", "", []),
        ("Silver Jeans Co. Suki, dark indigo", "", ["dark indigo"]),
        ("Red Tab trucker jacket", "", []),
        ("The White Company cashmere throw", "", []),
        ("Red Wing Iron Ranger, black", "", ["black"]),
        ("Snow boots", "", []),
        ("Off-White c/o Virgil Abloh hoodie, black", "", ["black"]),
        ("Old Navy rash guard", "", []),
        ("Coral & Co. tee", "Coral & Co.", []),
        ("Ruby Tuesday Ruby dress", "Ruby Tuesday", ["Ruby"]),
        ("Linen dress", "Blue", []),
        ("Purple Label coat", "Ralph", []),
    ],
)
def test_a_name_with_a_word_for_a_colour_is_no_colour(title: str, brand: str, texts: list[str]) -> None:
    groups = read_title_colours(title, "en", brand)

    assert [colour.text for group in groups for colour in group] == texts


@pytest.mark.parametrize("code", load_languages())
def test_each_colour_word_of_a_language_is_read_whole(code: str) -> None:
    colours = load_languages()[code].colours
    read = {word: read_text_colours(word.removeprefix(COMPOUND_END_SIGN), code) for word in colours}

    assert read == {word: (frozenset(names),) for word, names in colours.items()}


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("Pink & Yellow", ("Pink", "Yellow")),
        ("Pink &amp; Yellow", ("Pink", "Yellow")),
        ("<p>Ochre</p>", ("Ochre",)),
        ("<ul><li>Red</li></ul>", ("Red",)),
        ("Rosa&nbsp;/ Gr&uuml;n", ("Rosa", "Grün")),
        ('["Sand &amp; Sea","Ivory"]', ("Sand & Sea", "Ivory")),
        ("[&quot;Emerald&quot;]", ("Emerald",)),
        ("<b></b>", ()),
        ("Olive w/ Cream", ("Olive w/ Cream",)),
        ("Schw/Rot", ("Schw", "Rot")),
        ("Schwarz und Weiß", ("Schwarz", "Weiß")),
        ("Navy/White", ("Navy", "White")),
        ("Dusty Sunset", ("Dusty Sunset",)),
        ("Blue-Green", ("Blue-Green",)),
        ("Red, red", ("Red", "red")),
        ('["Emerald","Ivory"]', ("Emerald", "Ivory")),
        ('[ "Navy blue" ]', ("Navy blue",)),
        ('["Red, dark", null, 12, {"color": "Pink"}, "see image"]', ("Red, dark",)),
        ('["Emerald", "Ivo', ("Emerald", "Ivo")),
        ('["gid://shopify/Metaobject/1","gid://shopify/Metaobject/2"]', ()),
        ("gid://shopify/Metaobject/1", ()),
        ("shopify--color-pattern.red, shopify--color-pattern.navy-blue", ()),
        ("app--12345--colour.red", ()),
        ("[]", ()),
        ("[" * 100_000, ()),
        ('{"color": "Pink"}', ()),
        ("-", ()),
        ("n/a", ()),
        ("NA", ()),
        ("#REF!", ()),
        ("#NV", ()),
        ('="Red"', ("Red",)),
        ("'-Red", ("-Red",)),
        ("Bl\u00adue", ("Blue",)),
        ("042", ()),
        ("12.5", ()),
        ("#FF8800", ()),
        ("#abc", ()),
        ("0xFF8800", ()),
        ("00ff80", ()),
        ("rgb(1, 2, 3)", ()),
        ("Facade", ("Facade",)),
        ("https://a.shop/red.jpg", ()),
        ("//cdn.shop/red", ()),
        ("red.jpg", ()),
        ("red.html", ()),
        ("Dk.Grey", ("Dk.Grey",)),
        ("mel.grau", ("mel.grau",)),
        ("Various", ()),
        ("ASSORTED colours", ()),
        ("See image", ()),
        ("wie abgebildet", ()),
        ("Varios colores", ()),
        ("Sortido", ()),
        ("Red / see image", ("Red",)),
        ("Multicolour", ("Multicolour",)),
        ("St. Tropez", ("St. Tropez",)),
        (" ", ()),
    ],
)
def test_a_cell_keeps_the_words_of_the_shop(cell: str, words: tuple[str, ...]) -> None:
    assert split_colour_cell(cell) == words


def test_the_own_column_comes_before_the_title_and_the_title_before_the_photos() -> None:
    of_photos = shares(brown=0.6, black=0.3, red=0.1)

    both = decide_list_colours(("Negro",), "Sandalias rojo", "es", of_photos)
    title = decide_list_colours((), "Sandalias Korium negro", "es", of_photos)
    neither = decide_list_colours((), "Sandalias Korium", "es", of_photos)

    assert both == ListColourDecision(("Negro",), ("black",))
    assert title == ListColourDecision(("negro",), ("black",), title_phrases=("negro", "negro"))
    assert neither is None


def test_own_words_that_a_release_has_no_name_for_go_into_the_feed_and_name_no_label() -> None:
    assert decide_list_colours(("Dusty Sunset",), "", "en", shares(red=1.0)) == ListColourDecision(
        ("Dusty Sunset",), ()
    )


def test_own_words_that_the_photos_deny_go_into_the_feed_and_are_looked_at() -> None:
    denied = decide_list_colours(("Blue",), "", "en", shares(red=0.99, blue=0.019))
    confirmed = decide_list_colours(("Blue", "red"), "", "en", shares(red=0.99))

    assert denied == ListColourDecision(("Blue",), ("blue",), is_denied_by_photos=True)
    assert confirmed == ListColourDecision(("Blue", "red"), ("blue", "red"))


@pytest.mark.parametrize(("share", "is_denied"), [(0.02, False), (0.019, True)])
def test_a_word_of_the_title_is_denied_if_the_photos_give_it_less_than_its_share(
    share: float, is_denied: bool
) -> None:
    answer = decide_list_colours((), "Navy dress", "en", shares(red=1 - share, blue=share))

    assert answer == ListColourDecision(("Navy",), ("blue",), is_denied, ("navy", "navy dress"))


@pytest.mark.parametrize(
    ("title", "texts", "labels"),
    [
        ("Red Line chinos, black", ("black",), ("black",)),
        ("Brown/red chinos, black", ("black",), ("black",)),
        ("Red and black chinos", ("Red", "black"), ("red", "black")),
        ("Black jeans, jet black", ("jet black",), ("black",)),
        ("Rainbow socks", ("Rainbow",), ()),
    ],
)
def test_of_the_colours_of_a_title_those_count_that_the_photos_confirm(
    title: str, texts: tuple[str, ...], labels: tuple[str, ...]
) -> None:
    answer = decide_list_colours((), title, "en", shares(black=0.99, pink=0.01))

    assert answer is not None
    assert (answer.feed_texts, answer.labels, answer.is_denied_by_photos) == (texts, labels, False)


def test_of_a_word_with_several_names_the_likeliest_counts() -> None:
    answer = decide_list_colours((), "Ecru cardigan", "en", shares(white=0.1, beige=0.5))

    assert answer is not None
    assert (answer.feed_texts, answer.labels) == (("Ecru",), ("beige",))


def test_the_labels_of_an_own_head_are_known_in_their_language() -> None:
    answer = decide_list_colours((), "Red dress", "en", {"rot": 0.5, "blau": 0.5})

    assert answer is not None
    assert (answer.feed_texts, answer.labels) == (("Red",), ("rot",))


def test_accents_tell_a_colour_from_another_word_where_they_matter() -> None:
    assert split_colour_cell("nhiều màu") == ("nhiều màu",)
    assert split_colour_cell("nhiều mẫu") == ()


def test_an_attribute_of_woocommerce_whose_values_are_not_known_is_left_out() -> None:
    cells = {"Naam eigenschap 1": "Maat", "Waarden 1": "S, M", "Naam eigenschap 2": "Kleur"}

    assert read_woocommerce_attributes(cells) == {}
    assert read_woocommerce_attributes(cells | {"Waarde eigenschap 2": "Rood"}) == {
        "Attribute 2 name": "Kleur",
        "Attribute 2 value(s)": "Rood",
    }


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Type", "variable"),
        ("Тип", "variation"),
        ("Rodzaj", "variable"),
        ("Τύπος", "variation"),
        ("Tyyppi", "variation, virtual"),
        ("Tipus", "variable"),
    ],
)
def test_a_product_with_variations_is_known_by_its_type_in_every_language(column: str, cell: str) -> None:
    assert has_variations({column: cell})
    assert not has_variations({column: "simple"})


EXPORTED_ATTRIBUTES = {
    "de": "Attribut 1 Name;Attribut 1 Wert(e);Attribut 1 Sichtbar;Attribut 1 Global;Attribut 1 Standard",
    "el": "Όνομα ιδιότητας 1;Τιμή(ές) ιδιότητας 1;Ιδιότητα 1 ορατή;Ιδιότητα 1 καθολική",
    "es": "Nombre del atributo 1;Valor(es) del atributo 1;Atributo visible 1;Atributo global 1",
    "fi": "Ominaisuus 1 nimi;Ominaisuus 1 arvo(t)",
    "fr": "Nom de l’attribut 1;Valeur(s) de l’attribut 1;Attribut 1 visible;Attribut 1 global;"
    "Attribut 1 par défaut",
    "hu": "Tulajdonság neve 1;Tulajdonság (1) értéke(i);Tulajdonság 1 láthatósága;Tulajdonság (1) globális",
    "it": "Nome dell'attributo 1;Valore dell'attributo 1;Attributo 1 visibile;Attributo 1 globale",
    "nl": "Naam eigenschap 1;Waarde eigenschap 1;Zichtbare eigenschap 1;Globale eigenschap 1;"
    "Standaardeigenschap 1",
    "pl": "Nazwa atrybutu 1;Wartości atrybutu 1;Atrybut 1 widoczny;Atrybut 1: globalny",
    "pt": "Nome do atributo 1;Valores do atributo 1;Visibilidade do atributo 1;Atributo global 1",
    "ro": "Nume atribut 1;Valoare (valori) atribut 1;Vizibilitate atribut 1",
    "ru": "Название атрибута 1;Значения атрибутов 1;Видимость атрибута 1;Глобальный атрибут 1",
    "sv": "Attribut 1 namn;Attribut 1 värde(n)",
    "tr": "Nitelik 1 ismi;Nitelik 1 değer(ler)i;Nitelik 1 görünür;Nitelik 1 genel;Nitelik 1 varsayılan",
}
"""Headings of attributes in exports of shops, as their public scripts name them."""


@pytest.mark.parametrize("language", EXPORTED_ATTRIBUTES)
def test_an_export_keeps_what_the_shop_says_of_an_attribute_in_each_language(language: str) -> None:
    headings = EXPORTED_ATTRIBUTES[language].split(";")
    cells = ("Size", "S, M", "0", "1", "M")[: len(headings)]

    found = read_woocommerce_attributes(dict(zip(headings, cells, strict=True)))

    parts = ("name", "value(s)", "visible", "global", "default")
    assert found == {f"Attribute 1 {part}": cell for part, cell in zip(parts, cells, strict=False)}


@pytest.mark.parametrize(
    "headings",
    [
        "Name Kategorien",
        "Nom Catégories",
        "Naam Categorieën",
        "Имя Категории",
        "Назва Категорії",
        "İsim Kategoriler",
    ],
)
def test_titles_and_categories_of_an_export_are_found_by_their_headings(headings: str) -> None:
    title, category = headings.split()

    words = find_word_columns([category, title])

    assert (words.titles, words.categories) == ((title,), (category,))
