"""The words of lists for which a sales platform has a finer category than for the kind of garment.

Each word is named in English, with the spellings that mean exactly the same in any language that is read. The
file taxonomies.json has the category of the English word on each platform.
"""

from functools import cache
from typing import Final, NamedTuple

from inference.words.tokens import split_text


class CategoryWord(NamedTuple):
    """A word that can have a category of its own.

    Attributes:
        word: the English word, as taxonomies.json names it.
        kinds: the kinds of garment to which it belongs. It is used if one of them was accepted.
        spellings: the spellings in lists, in any language.
    """

    word: str
    kinds: frozenset[str]
    spellings: tuple[str, ...]


def _make_word(word: str, kinds: str, spellings: str) -> CategoryWord:
    names = tuple(name.strip() for name in spellings.split(","))
    return CategoryWord(word, frozenset(kinds.split("|")), (word, *names))


CATEGORY_WORDS: Final = (
    _make_word("hoodie", "pullover", "hoodies, hoody, Kapuzenpullover, Kapuzenpulli"),
    _make_word("sweatshirt", "pullover", "sweatshirts"),
    _make_word("sweater", "pullover", "sweaters"),
    _make_word("cardigan", "pullover|coat", "cardigans, Strickjacke, Strickjacken, кардиган, kardigan"),
    _make_word(
        "t-shirt", "top", "t shirts, tshirt, tshirts, tee shirt, tee, tees, camiseta, maglietta, футболка"
    ),
    _make_word("polo", "top|shirt", "polos, polo shirt, polo shirts, Poloshirt, Polohemd"),
    _make_word("tank top", "top", "tank tops, tanktop, tanktops"),
    _make_word("blouse", "shirt", "blouses, Bluse, Blusen, blusa, blusas, блузка, bluzka, halenka"),
    _make_word(
        "shirt",
        "shirt",
        "shirts, Hemd, Hemden, chemise, chemises, camisa, camisas, camicia, camicie, рубашка",
    ),
    _make_word("dress shirt", "shirt", "dress shirts"),
    _make_word("overshirt", "shirt|coat", "overshirts"),
    _make_word("jeans", "trousers", "jean, vaqueros, джинсы, dżinsy, džíny"),
    _make_word("jeggings", "trousers", "jegging"),
    _make_word("leggings", "trousers", "legging, leggins, leggins, леггинсы, legginsy"),
    _make_word("joggers", "trousers", "jogger"),
    _make_word("chinos", "trousers", "chino"),
    _make_word("cargo pants", "trousers", "cargo pant, cargos, Cargohose, Cargohosen"),
    _make_word("harem pants", "trousers", "Haremshose"),
    _make_word("palazzo pants", "trousers", "palazzo pant, palazzo, palazzos"),
    _make_word("bermuda shorts", "shorts", "bermuda, bermudas"),
    _make_word("blazer", "coat", "blazers, блейзер"),
    _make_word("parka", "coat", "parkas, парка"),
    _make_word("trench coat", "coat", "trench coats, trenchcoat, trenchcoats, trench, тренч"),
    _make_word("raincoat", "coat", "raincoats, Regenmantel, Regenjacke, imperméable, дождевик"),
    _make_word("windbreaker", "coat", "windbreakers, Windjacke, coupe vent, ветровка"),
    _make_word("puffer jacket", "coat", "puffer, puffers, puffer jackets, Daunenjacke, doudoune, пуховик"),
    _make_word("bomber jacket", "coat", "bomber, bombers, bomber jackets, бомбер"),
    _make_word("overcoat", "coat", "overcoats"),
    _make_word("pea coat", "coat", "pea coats, peacoat"),
    _make_word("poncho", "coat", "ponchos, пончо"),
    _make_word("bodywarmer", "vest|coat", "bodywarmers, body warmer, body warmers"),
    _make_word(
        "mini skirt", "skirt", "mini skirts, miniskirt, miniskirts, Minirock, Miniröcke, minifalda, minijupe"
    ),
    _make_word("skort", "skirt|shorts", "skorts, Hosenrock"),
    _make_word("dungarees", "jumpsuit|trousers", "Latzhose, Latzhosen, salopette"),
    _make_word("dirndl", "dress", "dirndls"),
    _make_word("outfit", "set", "outfits, outfit set"),
    _make_word("tuxedo", "set", "Smoking"),
    _make_word("skirt suit", "set", "Kostüm"),
    _make_word("trouser suit", "set", "pantsuit, pant suit, Hosenanzug"),
    _make_word(
        "pyjamas",
        "nightwear",
        "pyjama, pajamas, pajama, pjs, Schlafanzug, pijama, pijamas, pigiama, пижама, piżama, pyžamo",
    ),
    _make_word(
        "nightgown", "nightwear", "nightgowns, nightdress, nightdresses, Nachthemd, camisón, chemise de nuit"
    ),
    _make_word("bathrobe", "nightwear", "bathrobes, Bademantel, albornoz, accappatoio, peignoir"),
    _make_word("loungewear", "nightwear", "homewear"),
    _make_word(
        "bra",
        "underwear",
        "bras, BH, Büstenhalter, soutien gorge, sujetador, "
        "sutiã, reggiseno, бюстгальтер, biustonosz, podprsenka",
    ),
    _make_word("briefs", "underwear", "brief"),
    _make_word("boxers", "underwear", "boxer shorts, boxershorts, boxer briefs, Boxershorts"),
    _make_word("panties", "underwear", "panty, knickers"),
    _make_word("thong", "underwear", "thongs, g string"),
    _make_word("lingerie", "underwear", "lingerie set"),
    _make_word("shapewear", "underwear", "shaper"),
    _make_word("petticoat", "underwear|skirt", "petticoats"),
    _make_word("bikini", "underwear", "bikinis, бикини"),
    _make_word(
        "swimsuit",
        "underwear",
        "swimsuits, bathing suit, bathing suits, Badeanzug, "
        "maillot de bain, bañador, costume da bagno, купальник",
    ),
    _make_word("tankini", "underwear", "tankinis"),
    _make_word("burkini", "underwear", "burkinis"),
    _make_word(
        "heels", "closed shoe|sandal", "pumps, stilettos, stiletto, court shoes, court shoe, escarpins"
    ),
    _make_word("loafers", "closed shoe", "loafer, penny loafer, penny loafers, лоферы, mocassins"),
    _make_word("ballet flats", "closed shoe", "ballet flat, ballerinas, ballerina, балетки, baleriny"),
    _make_word("slippers", "closed shoe|sandal", "Hausschuhe, pantuflas, тапочки, kapcie"),
    _make_word(
        "handbag", "bag", "handbags, Handtasche, Handtaschen, sac à main, borsa a mano, bolso de mano"
    ),
    _make_word(
        "backpack",
        "bag",
        "backpacks, rucksack, rucksacks, Rucksäcke, sac à dos, mochila, "
        "mochilas, zaino, zaini, рюкзак, plecak, batoh, rugzak",
    ),
    _make_word("briefcase", "bag", "briefcases, Aktentasche"),
    _make_word("duffel bag", "bag", "duffel bags, duffle bag, duffle bags, duffel, duffels"),
    _make_word("messenger bag", "bag", "messenger bags"),
    _make_word("suitcase", "bag", "suitcases, Koffer, valise, maleta, valigia, чемодан, walizka, kufr"),
    _make_word(
        "belt bag",
        "bag",
        "belt bags, beltbag, bum bag, bum bags, fanny pack, fanny packs, "
        "Gürteltasche, Bauchtasche, riñonera, marsupio",
    ),
    _make_word("bucket bag", "bag", "bucket bags"),
    _make_word("clutch bag", "bag", "clutch bags, clutch, clutches, клатч"),
    _make_word(
        "crossbody bag", "bag", "crossbody bags, crossbody, cross body, cross body bag, cross body bags"
    ),
    _make_word("hobo bag", "bag", "hobo bags, hobo"),
    _make_word("satchel", "bag", "satchels"),
    _make_word("shoulder bag", "bag", "shoulder bags, Schultertasche, Umhängetasche"),
    _make_word(
        "sunglasses",
        "glasses",
        "Sonnenbrille, lunettes de soleil, gafas de sol, "
        "óculos de sol, occhiali da sole, солнцезащитные очки",
    ),
    _make_word("shawl", "scarf", "shawls"),
    _make_word("bandana", "scarf", "bandanas, бандана"),
    _make_word("balaclava", "hat", "balaclavas, балаклава"),
    _make_word("turban", "hat", "turbans, тюрбан"),
    _make_word("cufflinks", "jewellery", "cufflink, Manschettenknöpfe"),
    _make_word(
        "necklace",
        "jewellery",
        "necklaces, Halskette, Halsketten, collier, collar, colar, collana, ожерелье, naszyjnik, náhrdelník",
    ),
    _make_word(
        "earrings",
        "jewellery",
        "earring, Ohrringe, boucles d'oreilles, pendientes, brincos, orecchini, серьги, kolczyki, náušnice",
    ),
    _make_word(
        "bracelet",
        "jewellery",
        "bracelets, Armband, Armbänder, pulsera, pulseira, bracciale, браслет, bransoletka, náramek",
    ),
    _make_word(
        "ring", "jewellery", "rings, Ringe, bague, bagues, anillo, anel, anello, кольцо, pierścionek, prsten"
    ),
    _make_word("anklet", "jewellery", "anklets, Fußkette"),
    _make_word("brooch", "jewellery", "brooches, Brosche, broche, брошь, broszka, brož"),
    _make_word("pendant", "jewellery", "pendants, Anhänger, pendentif, ciondolo, подвеска"),
    _make_word("smartwatch", "watch", "smartwatches"),
)
"""The words that choose a category within their kind."""


@cache
def _index_words() -> dict[tuple[str, ...], CategoryWord]:
    return {tuple(split_text(name)): word for word in CATEGORY_WORDS for name in word.spellings}


def find_category_word(text: str, kind: str) -> str:
    """Return the English word that means exactly the same as a word of a list; empty without one.

    Args:
        text: the word as the list writes it, such as "Rucksack".
        kind: the accepted kind of garment. A word of another kind has no say.
    """
    word = _index_words().get(tuple(split_text(text)))
    return word.word if word and kind in word.kinds else ""
