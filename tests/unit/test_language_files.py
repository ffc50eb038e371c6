"""One language is one file: what a file must have, and what is refused in one."""

import tomllib
from pathlib import Path

import pytest

from inference.errors import LanguageFileInvalid
from inference.words.language_files import (
    LANGUAGES_FOLDER,
    SHARED_WORDS_NAME,
    list_readable_languages,
    load_languages,
    read_language_file,
    read_language_folder,
)
from inference.words.letters import find_foreign_words
from inference.words.tokens import split_title
from inference.words.vocabulary import make_vocabulary
from inference.words.words import read_title_garments

RIGHT = """
name = "Estonian"
known_by = ["ja", "naiste"]
head = "last"

[garments]
coat = ["jope", "mantel"]
"top|pullover" = ["-pluus"]
none = ["mantliriie"]
"""


def written(folder: Path, text: str, name: str = "et.toml") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_a_file_has_all_that_is_known_about_its_language(tmp_path: Path) -> None:
    language = read_language_file(written(tmp_path, RIGHT))

    assert (language.code, language.name, language.head, language.is_readable) == (
        "et",
        "Estonian",
        "last",
        True,
    )
    assert language.garments == {
        "jope": {"coat"},
        "mantel": {"coat"},
        "-pluus": {"top", "pullover"},
        "mantliriie": set(),
    }


def test_a_file_without_garments_is_of_a_language_that_is_recognised_and_not_read(tmp_path: Path) -> None:
    language = read_language_file(written(tmp_path, 'name = "Estonian"\nknown_by = ["ja"]\n'))

    assert not language.is_readable


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "Estonian"', "", "`name` is missing. A file needs name, known_by, head."),
        ('known_by = ["ja", "naiste"]', "", "`known_by` is missing."),
        ('head = "last"', "", "`head` is missing."),
        ('head = "last"', 'head = "middle"', "`head` is 'middle'; it must be one of first, last."),
        ('head = "last"', 'haed = "last"', "`haed` is unknown. Known are name, known_by, head,"),
        ("coat =", "cloak =", "'cloak' is no kind. Kinds are top, shirt,"),
        ("coat =", '"coat|cloak" =', "'cloak' is no kind."),
        ("coat =", "set =", "words for sets are in the lists `suits` and `sets`"),
        ('"mantel"', '"jope"', "`garments` has 'jope' twice, also as coat. Leave one of them out."),
        ('"mantel"', '"pluus"', "has '-pluus' and 'pluus', which is the same word."),
        ('"mantel"', '"Jöpe"', "has 'Jöpe' and 'jope', which is the same word."),
        ('"naiste"', '"JA"', "`known_by` has 'JA' and 'ja', which is the same word."),
        ('["ja", "naiste"]', '"ja"', "`known_by` must be a list of words"),
        ('["ja", "naiste"]', '["ja", "+"]', None),
        ('["ja", "naiste"]', '["ja", "\u00ad"]', "`known_by` has '\\xad', which has no letters."),
        ("[garments]", "[columns]\nprice = []\n[garments]", "`columns.price` is unknown. Known are title,"),
        ("[garments]", "suits = 3\n[garments]", "`suits` must be a list of words"),
        ("[garments]", '[groups]\ncloaks = ["jope"]\n[garments]', "'cloaks' is no kind."),
        (
            "[garments]",
            '[customers]\nmums = ["ema"]\n[garments]',
            "`customers.mums` is unknown. Known are women,",
        ),
        ("[garments]", '[customers]\nwomen = ["naine", "Naine"]\n[garments]', "which is the same word."),
        ("[garments]", '[customers]\nwomen = ["naine", "naine-"]\n[garments]', None),
        ("[garments]", "[garments", "line"),
    ],
)
def test_a_broken_file_is_refused_with_a_sentence(
    tmp_path: Path, old: str, new: str, said: str | None
) -> None:
    file = written(tmp_path, RIGHT.replace(old, new))

    if said is None:
        read_language_file(file)
        return
    with pytest.raises(LanguageFileInvalid) as refused:
        read_language_file(file)

    assert str(refused.value).startswith("et.toml: ")
    assert said in str(refused.value)


def test_a_file_is_called_as_its_language_in_iso_639(tmp_path: Path) -> None:
    with pytest.raises(LanguageFileInvalid, match=r"estonian.toml: name the file after the language's code"):
        read_language_folder(written(tmp_path, RIGHT, "estonian.toml").parent)


def test_every_file_of_the_product_can_be_read() -> None:
    assert read_language_folder(LANGUAGES_FOLDER).keys() == {SHARED_WORDS_NAME, *load_languages()}


def test_files_need_no_order_of_their_own_and_english_comes_first() -> None:
    codes = [*load_languages()]

    assert codes[:4] == ["en", "de", "fr", "es"] == [*list_readable_languages()[:4]]
    assert {file.stem for file in LANGUAGES_FOLDER.glob("*.toml")} == {SHARED_WORDS_NAME, *codes}


def test_words_of_all_languages_are_not_repeated_in_a_language() -> None:
    shared = tomllib.loads((LANGUAGES_FOLDER / f"{SHARED_WORDS_NAME}.toml").read_text("utf-8"))["garments"]

    everywhere = {tuple(split_title(word)): kinds for kinds, words in shared.items() for word in words}

    for code in list_readable_languages():
        assert make_vocabulary(code).phrases.keys() >= everywhere.keys()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Płaszcz", "PLASZCZ"),
        ("Kåbe sølv", "KABE SOLV"),
        ("Tørklæde", "TORKLAEDE"),
        ("Kırmızı", "KIRMIZI"),
        ("Đen", "den"),
        ("Straße", "STRASSE"),
        ("Cœur", "COEUR"),
        ("İNCE", "ince"),
        ("Женская КУРТКА", "женская куртка"),
        ("Ёлка", "ЕЛКА"),
        ("ΦΌΡΕΜΑ", "φορεμα"),
    ],
)
def test_capitals_and_accents_make_no_difference(one: str, other: str) -> None:
    assert split_title(one) == split_title(other)


def test_accents_that_carry_the_meaning_are_kept_however_they_are_stored() -> None:
    composed, apart = "Cạp quần", "Ca\u0323p qua\u0302\u0300n"

    assert (
        split_title(composed, keep_accents=True) == ["cạp", "quần"] == split_title(apart, keep_accents=True)
    )


@pytest.mark.parametrize(
    ("title", "tokens"),
    [
        ("女士连衣裙", ["女", "士", "连", "衣", "裙"]),
        ("Jeans 👖dress", ["jeans", "dress"]),
        ("Je👖ans", ["je", "ans"]),
        ("\u200fحذاء", ["حذاء"]),
        ("Blue куртка", ["blue", "куртка"]),
    ],
)
def test_a_title_of_any_script_has_words(title: str, tokens: list[str]) -> None:
    assert split_title(title) == [token for one in tokens for token in split_title(one)]
    assert len(split_title(title)) == len(tokens)


def test_own_words_have_precedence_over_the_words_of_all_languages() -> None:
    assert read_title_garments("Culotte", "es").kinds == {"underwear", "trousers"}
    assert read_title_garments("Culotte", "fr").kinds == {"underwear"}


@pytest.mark.parametrize("title", ["Cabide para vestidos", "Cabide de madeira para vestidos longos"])
def test_a_thing_before_a_garment_is_no_garment_also_behind_a_preposition(title: str) -> None:
    assert read_title_garments(title, "pt").kinds == frozenset()
    assert read_title_garments("Vestido com cabide", "pt").kinds == {"dress"}


@pytest.mark.parametrize("code", [code for code, language in load_languages().items() if language.letters])
def test_the_words_of_a_file_have_only_letters_that_the_file_lists(code: str) -> None:
    language = load_languages()[code]
    words = (*language.known_by, *language.garments, *language.colours, *language.customers)

    assert [word for word in words if find_foreign_words(word, code)] == []
