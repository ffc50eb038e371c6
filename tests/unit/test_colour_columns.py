"""The columns of a list that have the colour, and the colours of a product that its rows give it."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from labelling.lists.colour_column_search import find_colour_columns
from labelling.lists.colour_columns import ColourColumns, ShopColours

Rows = Sequence[Mapping[str, str]]


def find(rows: Rows, named_column: str = "") -> ColourColumns:
    def read(columns: Sequence[str]) -> Iterator[Mapping[str, str]]:
        return ({column: row[column] for column in columns} for row in rows)

    return find_colour_columns(tuple(rows[0]), read, named_column)


def read(*rows: Mapping[str, str], named_column: str = "") -> ShopColours:
    """The colours of the only product of a list."""
    filled = [{**dict.fromkeys(rows[0], ""), **row} for row in rows]
    return find(filled, named_column).read_colours(filled)


@pytest.mark.parametrize("column", ["color", "Colour", "Farbe", "couleur", "COLOR *"])
def test_a_column_with_a_usual_heading_has_the_colour(column: str) -> None:
    assert read({"title": "Red", column: "Dusty Sunset"}).texts == ("Dusty Sunset",)


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ({"Attribut 2 Name": "Farbe", "Attribut 2 Wert(e)": "Grün"}, ("Grün",)),
        ({"Attribute 1 name": "Colour", "Attribute 1 value(s)": r"Red\, dark"}, ("Red, dark",)),
        ({"Attribute 1 name": "Size", "Attribute 1 value(s)": "S, M"}, ()),
        ({"Naam eigenschap 1": "Kleur", "Waarde(n) eigenschap 1": "Rood"}, ("Rood",)),
        ({"Имя атрибута 2": "Цвет", "Значение(-я) аттрибута(-ов) 2": "Красный"}, ("Красный",)),
        ({"Название атрибута 2": "Цвет", "Значения атрибутов 2": "Красный"}, ("Красный",)),
        ({"Ominaisuus 1 nimi": "Väri", "Ominaisuus 1 arvo(t)": "Punainen"}, ("Punainen",)),
        ({"Tulajdonság neve 1": "Szín", "Tulajdonság (1) értéke(i)": "Piros"}, ("Piros",)),
        ({"Όνομα ιδιότητας 3": "Χρώμα", "Τιμή(ές) ιδιότητας 3": "Κόκκινο"}, ("Κόκκινο",)),
        ({"Nom de l'atribut 1": "Color", "Valor(s) de l'atribut 1": "Vermell"}, ("Vermell",)),
        ({"Nome dell'attributo 1": "Colore", "Valore dell'attributo 1": "Rosso"}, ("Rosso",)),
        ({"Attribute 1 name": "Color", "Attribute 1 value(s)": "Red", "colour": "Rosso"}, ("Rosso",)),
        ({"Attribute 1 name": "Color", "Attribute 1 value(s)": "Red, Sky", "Type": "simple"}, ("Red", "Sky")),
        ({"additional_attributes": "size=M,color=Red|Dark blue"}, ("Red", "Dark blue")),
        ({"additional_attributes": "colour_group=Green,COLOR=Red"}, ("Red",)),
        ({"additional_attributes": "discolor=Pink"}, ()),
        ({"additional_attributes": '"size=M","color=Red|Dark blue"'}, ("Red", "Dark blue")),
        ({"configurable_variations": "sku=1,size=S,color=Red|sku=2,size=M,color=Red"}, ("Red",)),
        ({"additional_attributes": "lining_color=Green,main_color=Red"}, ("Red",)),
        ({"Attribute 1 name": "Main colour", "Attribute 1 value(s)": "Red"}, ("Red",)),
        ({"Attribute 1 name": "Sole colour", "Attribute 1 value(s)": "Red"}, ()),
        ({"Option Name 1": "Color", "Option Value 1": "Teal"}, ("Teal",)),
        ({"Option1 Name": "Coloris", "Option1 Value": "Sarcelle"}, ("Sarcelle",)),
        ({"Option1 Name": "Nuance", "Option1 Value": "Teal"}, ("Teal",)),
        ({"Attribute 1 name": "Culoarea", "Attribute 1 value(s)": "Roșu"}, ("Roșu",)),
        ({"additional_attributes": "shade=Dark,colorway=Red"}, ("Red",)),
    ],
)  # fmt: skip
def test_the_option_or_attribute_of_an_export_is_the_shops_own_colour(
    listed: dict[str, str], words: tuple[str, ...]
) -> None:
    assert read(listed).texts == words


WIX = {"handleId": "tee", "fieldType": "Product", "productOptionName1": "Kleur"}
PRESTASHOP = {"Attribute (Name:Type:Position)*": "Taille:select:0, Couleur:color:1"}


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (WIX | {"productOptionDescription1": "#2F4F4F:Leisteen"}, ("Leisteen",)),
        (WIX | {"productOptionChoices1": "Zand / Zwart"}, ("Zand", "Zwart")),
        (WIX | {"productOptionType1": "DROP_DOWN"}, ()),
        ({"VARIATION 1 NAME": "Size", "VARIATION 1 VALUES": "S,M"}, ()),
        ({"VARIATION 2 NAME": "Primary color", "VARIATION 2 VALUES": "Moss"}, ("Moss",)),
        ({"Item Type": "  SKU", "Product Name": "[RT]Size=M,[RB]Colour=Moss"}, ("Moss",)),
        ({"Item Type": "  SKU", "Product Name": "[CS]Color=Moss green:#8A9A5B"}, ("Moss green",)),
        ({"Item Type": "Product", "Product Name": "Color block tee"}, ()),
        ({"Product Name": "[RB]Color=Moss"}, ()),
        (PRESTASHOP | {"Value (Value:Position)*": "M:0, Lin:3"}, ("Lin",)),
        (PRESTASHOP | {"Value (Value:Position)*": "M:0"}, ()),
    ],
)
def test_the_option_of_other_platforms_is_read_without_codes_and_positions(
    listed: dict[str, str], words: tuple[str, ...]
) -> None:
    assert read(listed).texts == words


@pytest.mark.parametrize(
    "rows",
    [
        [WIX | {"productOptionDescription1": "#2F4F4F:Leisteen;#F4A460:Zand"}],
        [WIX | {"productOptionChoices1": "Zand"}, {"productOptionChoices1": "Zwart"}],
        [{"VARIATION 1 NAME": "Color", "VARIATION 1 VALUES": "Moss,Clay"}],
        [
            {"Item Type": "Product", "Product Name": "Tee"},
            {"Item Type": "  SKU", "Product Name": "[S]Color=Moss"},
            {"Item Type": "  SKU", "Product Name": "[S]Color=Clay"},
        ],
        [
            PRESTASHOP | {"Value (Value:Position)*": "M:0, Lin:1"},
            PRESTASHOP | {"Value (Value:Position)*": "M:0, Noir:2"},
        ],
    ],
)
def test_several_values_of_an_option_are_what_a_buyer_chooses_from(rows: Rows) -> None:
    assert read(*rows) == ShopColours(is_sold_in_several_colours=True)


GALLERY = "Kirmizi, Beyaz, Lacivert, Haki"


@pytest.mark.parametrize(
    ("column", "cell", "is_choice"),
    [
        ("color", "Mor / Siyah", True),
        ("Farbe", "Mor &amp; Siyah", True),
        ("Hauptfarbe", "red, blue", True),
        ("color", "Mor", False),
        ("Color (product.metafields.shopify.color-pattern)", '["Red","Blue"]', False),
        ("Color (product.metafields.custom.color)", "Red, Blue", False),
    ],
)
def test_a_column_with_four_colours_in_a_cell_has_what_a_buyer_chooses_from(
    column: str, cell: str, is_choice: bool
) -> None:
    columns = find([{column: cell}, {column: "red, white, navy, khaki"}])

    assert columns.read_colours([{column: cell}]).is_sold_in_several_colours == is_choice


def test_attributes_with_four_colours_in_a_cell_are_what_a_buyer_chooses_from() -> None:
    first = {"Attribute 1 name": "Color", "Attribute 1 value(s)": "Red, Blue", "Attribute 2 name": ""}
    second = {"Attribute 2 name": "Color", "Attribute 2 value(s)": GALLERY}
    rows = [dict.fromkeys(second | first, "") | row for row in (first, second)]

    assert find(rows).read_colours(rows[:1]).is_sold_in_several_colours
    assert find(rows[:1]).read_colours(rows[:1]).texts == ("Red", "Blue")


@pytest.mark.parametrize(
    ("row", "unread"),
    [
        ({"Futterfarbe": "Rot", "Preis": "9"}, ("Futterfarbe",)),
        ({"Eigenschaft": "Farbe", "Wert": "Rot"}, ("Eigenschaft",)),
        ({"Specs": "Size: M; Color: Moss"}, ("Specs",)),
        ({"Specs": "Size: M", "Title": "Colorful tee"}, ()),
        ({"Futterfarbe": "Rot", "Farbe": ""}, ()),
        ({"Option1 Name": "Color", "Option1 Value": "", "Specs": "Color: Moss"}, ()),
        ({"Option1 Name": "Size", "Option1 Value": "M", "Sole color": "Red"}, ("Sole color",)),
    ],
)
def test_a_word_for_colour_in_a_list_of_which_no_colour_is_read_is_named(
    row: dict[str, str], unread: tuple[str, ...]
) -> None:
    assert find([row]).unread_columns == unread


@pytest.mark.parametrize("name", ["Color", "Colour", "Farbe", "couleur ", "Colors", "Hauptfarbe"])
def test_the_first_row_of_a_product_names_the_options_of_the_others(name: str) -> None:
    first = {"Title": "Tee", "Option1 Name": "Size", "Option1 Value": "S", "Option2 Name": name}

    colours = read(first | {"Option2 Value": ""}, {"Option1 Value": "M", "Option2 Value": "White"})

    assert colours == ShopColours(("White",))
    assert read({"Option1 Name": "Size", "Option1 Value": "White"}).texts == ()


def test_an_option_that_is_surely_the_colour_is_preferred_to_its_shade() -> None:
    first = {"Option1 Name": "Shade", "Option1 Value": "Dark", "Option2 Name": "Color", "Option2 Value": ""}

    assert read(first, {"Option1 Value": "Light", "Option2 Value": "Navy"}).texts == ("Navy",)


SHOPIFY = {"Option1 Name": "Color", "Option1 Value": ""}
PATTERN = "Color (product.metafields.shopify.color-pattern)"
OWN_FEED = "Color (product.metafields.custom.color)"
LINING = "Lining color (product.metafields.my_fields.lining_color)"
SOURCES = {
    "Base": "Copper",  # the column that a person names
    "Farbe": "Emerald",
    "Option1 Value": "Navy",
    PATTERN: '["charcoal","white"]',
    OWN_FEED: "pink",
}


@pytest.mark.parametrize("first", range(len(SOURCES)))
def test_the_first_source_that_names_a_colour_is_used(first: int) -> None:
    filled = dict(list(SOURCES.items())[first:])
    row = {LINING: "red", OWN_FEED: "", "Base": "", PATTERN: "", "Farbe": "", **SHOPIFY, **filled}

    colours = [read(row, named_column="Base").texts, read(row).texts]

    words = [("Copper",), ("Emerald",), ("Navy",), ("charcoal", "white"), ("pink",)]
    assert colours == [words[first], words[max(first, 1)]]


@pytest.mark.parametrize(
    ("column", "is_read", "is_named"),
    [
        (PATTERN, True, False),
        ("Metafield: shopify.color-pattern [list.metaobject_reference]", True, False),
        (OWN_FEED, True, False),
        ("Metafield: custom.color [single_line_text_field]", True, False),
        (LINING, False, True),
        ("Farbe (product.metafields.custom.farbe)", False, True),
        ("Sole colour (product.metafields.custom.soleColour)", False, True),
        ("Variant Metafield: my_fields.base_colour [string]", False, True),
        ("Meta: color", False, True),
        ("Metafield: lining_color", False, True),
        ("Metafield: color [single_line_text_field]", False, True),
        ("Variant Metafield: colour_family", False, True),
        ("mf: color", False, True),
        ("MF: my_fields.soleColour [string]", False, True),
        ("mf: custom.color", True, False),
        ("metafields.custom.color", True, False),
        ("Metafield: filters.shade [string]", False, True),
        ("Metafield: fabric", False, False),
        ("Fabric (product.metafields.shopify.fabric)", False, False),
        ("Colorful (product.metafields.custom.colorful)", False, False),
    ],
)
def test_a_metafield_of_another_name_is_read_only_if_a_person_names_it(
    column: str, is_read: bool, is_named: bool
) -> None:
    row = {"Title": "Leggings", column: "navy; white"}

    assert read(row).texts == (("navy", "white") if is_read else ())
    assert find([row]).unread_metafields == ((column,) if is_named else ())
    assert read(row, named_column=column).texts == ("navy", "white")
    assert find([row], column).unread_metafields == ()


@pytest.mark.parametrize("column", ["mf: color", "Metafield: color", "metafield:main_colour [string]"])
def test_a_metafield_without_a_namespace_does_not_hide_the_option_of_the_product(column: str) -> None:
    assert read({**SHOPIFY, column: "red", "Option1 Value": "Navy"}).texts == ("Navy",)


@pytest.mark.parametrize(
    "rows",
    [
        [{**SHOPIFY, "Option1 Value": "Red"}, {"Option1 Value": "Blue"}, {"Option1 Value": "Red"}],
        [{"handle": "tee", "color": "Red"}, {"color": "Green"}],
        [{"handle": "tee", "color": "Navy"}, {"color": "Navy/White"}],
        [{"SKU": "1", "Couleur": ""}, {"Couleur": "Rouge"}, {"Couleur": "Spartacus"}],
        [{"additional_attributes": "color=Red"}, {"additional_attributes": "color=Blue"}],
        [{"configurable_variations": "sku=1,size=S,color=Red|sku=2,color=Red|sku=3,color=Blue"}],
        [{"Attribute 1 name": "Color", "Attribute 1 value(s)": "Red, Blue", "Type": "variable"}],
        [{"Имя атрибута 1": "Цвет", "Значение(-я) аттрибута(-ов) 1": "Красный, Белый", "Тип": "variable"}],
        [{PATTERN: '["Red"]'}, {PATTERN: '["Blue"]'}],
    ],
)
def test_a_product_whose_rows_have_different_colours_is_sold_in_several(rows: Rows) -> None:
    assert read(*rows) == ShopColours(is_sold_in_several_colours=True)


@pytest.mark.parametrize(
    "rows",
    [
        [{"color": "Navy/White"}],
        [{"color": "Navy/White"}, {"color": ""}, {"color": "navy / white"}],
        [{**SHOPIFY, "Option1 Value": "Navy/White"}, {"Option1 Value": "Navy/White"}],
        [{PATTERN: '["Navy","White"]'}, {PATTERN: ""}],
    ],
)
def test_one_cell_with_two_colours_is_one_garment(rows: Rows) -> None:
    assert read(*rows) == ShopColours(("Navy", "White"))


@pytest.mark.parametrize(
    "column",
    [
        *("Color Name", "main_color", "baseColour", "color-en_US", "*C:Color", "Hauptfarbe", "Colors"),
        *("Colour Group", "Farbname", "Farben", "Grundfarbe", "Couleur principale", "color principal"),
        *("attribute:pa_color", "g:color", "Color family", "Kleur (nl)", "Barvy"),
        *("Kleurgroep", "Warna Utama", "Hovedfarve", "Fargenavn", "kolor podstawowy"),
        *("Colour (English)", "colour_value", "product color", "Variant Color", "메인 색상"),
    ],
)
def test_a_heading_with_a_colour_word_and_cells_that_name_colours_is_the_column(column: str) -> None:
    rows = [{"id": str(number), column: cell} for number, cell in enumerate(["emerald", "ivory", "Cult"])]

    columns = find(rows)

    assert (columns.columns, columns.reason) == ((column,), "found")
    assert columns.read_colours(rows[2:]).texts == ("Cult",)


@pytest.mark.parametrize(
    "headings",
    [
        "Colorway, colourway, Colorways, Colorway Name, Variation Color, Exact Colour, Colour of the product",
        "Color way, Seasonal color, Colour Category, Solid color, Select Colour, Variation (Colour)",
        "Farbvarianten, Farbton, Farbnuance, Farbe des Artikels, Produktfarben, Farbe laut Hersteller",
        "Coloris, Nom du coloris, Couleur de l'article, Coloris disponibles",
        "Culoarea, Culorile, Culoarea produsului, Varianta de culoare, Numele culorii",
        "Färgen, Färgerna, Kulören, Färgnyans, Produktens färg",
        "Fargen, Fargene, Fargetone, Produktets farge",
        "Farven, Farverne, Farvetone, Varens farve",
        "Kleurvariant, Kleurtint, Kleur van het product",
        "Koloru, Nazwa koloru, Grupa kolorów, Kolor dominujący, Wersja kolorystyczna",
        "Barev, Název barvy, Barva výrobku, Barevná varianta",
        "Цветов, Название цвета, Вариант цвета, Цвет изделия, Окраска",
        "Кольори, Назва кольору, Варіант кольору, Забарвлення",
        "Χρώματος, Κύριο χρώμα, Όνομα χρώματος, Χρωματισμός",
        "Rengi, Renkleri, Ürünün rengi, Renk Tonu, Varyant Rengi",
        "Színe, Színei, A termék színe, Színárnyalat, Szín megnevezése",
        "Värin nimi, Tuotteen värit, Värisävy, Värivaihtoehto",
        "Colorazione, Colori disponibili, Variante di colore",
        "Coloración, Mapa de color, Colores disponibles",
        "Coloração, Variação de cor, Cores disponíveis",
        "Varian Warna, Variasi Warna, Tông màu, Màu chủ đạo, Biến thể màu, 색깔, 컬러웨이, 색상코드",
        "カラー, 颜色, 顏色, اللون, रंग, Toote värv",
    ],
)
def test_headings_are_read_in_the_forms_that_shops_of_each_language_use(headings: str) -> None:
    columns = {heading: find([{"id": "1", heading: "red"}]).columns for heading in headings.split(", ")}

    assert columns == {heading: (heading,) for heading in columns}


SHADES = ("Shade", "Shade Name", "Tint", "Teinte", "Nuanța", "Odstín", "Оттенок", "Tonalidade", "Árnyalat")


@pytest.mark.parametrize("column", SHADES)
def test_a_shade_is_the_colour_if_its_cells_name_colours(column: str) -> None:
    assert find([{column: "navy"}, {column: "Cult"}]).columns == (column,)
    assert find([{column: "dark"}, {column: "bright"}]).columns == ()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"Teinte": "navy", "Main Color": "blue"}, "Main Color"),
        ({"Shade": "navy", "Colour": "blue"}, "Colour"),
        ({"Shade": "navy", "Colorway": "Triple Black"}, "Colorway"),
        ({"Shade": "navy", "Main Color": "101"}, "Shade"),
        ({"Shade": "navy", "Colour": ""}, "Shade"),
    ],
)
def test_a_heading_that_says_colour_is_preferred_to_a_shade(row: dict[str, str], column: str) -> None:
    assert find([row]).columns[0] == column


@pytest.mark.parametrize(
    "column",
    [
        *("Lining color", "sole_colour", "frameColor", "Heel color", "background-color", "Futterfarbe"),
        *("Sohlenfarbe", "Hintergrundfarbe", "Rahmenfarbe", "Colorful", "discolor", "Text color"),
        *("couleur de la doublure", "color de la suela", "цвет подошвы", "Secondary color", "Score"),
        *("Màu đế", "Coloris de la semelle", "Culoarea tălpii", "Fargen på sålen", "Skin tone", "Stone"),
        *("Lampshade", "Eye shade", "Variation", "Number of colors", "Колір підошви", "Taban rengi"),
        *("Band Color", "Metafield: my.main_color [string]", "Main color (product.metafields.my.main_color)"),
    ],
)
def test_the_colour_of_a_part_or_a_metafield_is_not_the_colour_of_the_product(column: str) -> None:
    assert find([{"id": "1", column: "red"}, {"id": "2", column: "blue"}]).columns == ()


@pytest.mark.parametrize(
    ("cells", "is_read"),
    [
        (["red", "Cult", "red", "red"], True),
        (["red", "Cult", "Spartacus", "red"], False),
        (["NVY", "BLK", "101"], False),
        (["#ff8800", "#000000"], False),
        (["rouge", "schwarz", "красный"], True),
        (["", ""], False),
    ],
)
def test_half_of_the_different_cells_have_to_name_colours(cells: Sequence[str], is_read: bool) -> None:
    columns = find([{"Color code": cell} for cell in cells])

    assert columns.columns == (("Color code",) if is_read else ())


def test_two_columns_that_could_be_the_colour_are_named_and_not_read() -> None:
    row = {"Color Name": "red", "Main Color": "blue", "Size": "M"}

    columns = find([row])

    assert (columns.columns, columns.rivals) == ((), ("Color Name", "Main Color"))
    assert find([row], "Main Color").rivals == ()
    assert read(row, named_column="Main Color").texts == ("blue",)
    assert find([row | {"color": "green"}]).rivals == ()


def test_an_empty_column_of_a_usual_name_does_not_hide_a_filled_one() -> None:
    rows = [{"color": "", "Main Color": "blue"}, {"color": "n/a", "Main Color": "red"}]

    assert read(rows[0]).texts == ("blue",)
    assert find(rows).columns[0] == "Main Color"
    assert find([*rows, {"color": "green", "Main Color": ""}]).columns == ("color",)


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"Color": "see image"}, "see image"),
        ({"Color": "#FF8800", "Farbe": ""}, "#FF8800"),
        ({"Color": "see image", "Farbe": "Rot"}, ""),
        ({"Color": "see image", PATTERN: "red"}, ""),
        ({PATTERN: '["gid://shopify/Metaobject/1"]'}, '["gid://shopify/Metaobject/1"]'),
        ({"Color": "Red"}, ""),
        ({"Color": ""}, ""),
        ({"Size": "see image"}, ""),
    ],
)
def test_a_cell_that_names_no_colour_is_found(cells: dict[str, str], found: str) -> None:
    assert read(cells).cell_without_colour == found
