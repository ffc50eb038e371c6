"""Names in ZIPs of Windows are read as they were written, by the service and by the page alike."""

import json
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipInfo

import pytest

from inference.code_pages import read_names
from inference.file_names import UTF8_FLAG, names_in_zip

PAGE = Path(__file__).parents[2] / "app" / "web" / "page" / "code_pages.js"

NAMES = {
    "cp850": [
        "größer/Kleid weiß.jpg",
        "heiß.jpg", "Strümpfe.jpg", "Schnürschuhe weiß.jpg", "Ärmel.jpg", "ÖSEN.jpg", "Gürtel/größer.png",
        "Daunenmäntel für Mädchen.jpeg", "Süßwaren.jpg", "Fußkettchen.jpg", "früh_Übergangsjacke-2.jpg",
        "béret.jpg", "crêpe noir.jpg", "Manteau d'été.jpg", "à pois.jpg", "ÉTÉ.jpg", "robe imprimée.jpg",
        "chaussures à lacets.jpg", "très large.jpg", "sac à main.jpg", "où est.jpg",
        "bañador.jpg", "pantalón.jpg", "coração.jpg", "grön klänning.jpg", "trøje.jpg", "Blå skjorte.jpg",
    ],
    "cp852": [
        "žlutý kabát.jpg", "dětské boty.jpg", "Šaty.jpg", "košile bílá.jpg", "kalhoty černé.jpg",
        "růžová.jpg",
        "cipők.jpg", "női kabát.jpg", "fehér ing.jpg", "Gyűrű.jpg", "zöld öv.jpg", "túracipő.jpg",
        "Größe.jpg", "płaszcz zimowy.jpg", "spódnica żółta.jpg",
    ],
    "cp866": ["куртка.jpg", "шарф.jpg", "Зимнее пальто.jpg", "красный шарф/1.jpg", "ЮБКА.jpg"],
    "cp1251": ["кроссовки.jpg", "Белая рубашка.jpg", "Шарф/зимний 2.jpg"],
    "cp737": ["παπούτσια.jpg", "Μαύρη τσάντα.jpg", "πουκάμισο λευκό.jpg"],
    "cp862": ["חולצה.jpg", "נעליים.jpg", "מכנסיים שחורים.jpg"],
    "cp1252": ["Mütze.jpg", "grüne Jacke.jpg", "größer.jpg", "été indien.jpg"],
    "cp932": ["スカート.jpg", "セーター.jpg", "赤いドレス.jpg", "靴.jpg", "表.jpg", "Tシャツ.jpg"],
    "gbk": ["裙子.jpg", "毛衣.jpg", "白色衬衫.jpg", "牛仔裤 2.jpg", "T恤.jpg"],
    "utf-8": [
        "plain.jpg",
        "größer/Kleid weiß.jpg", "Größe.jpg", "é.jpg", "é.jpg", "шарф.jpg", "靴.jpg", "👗.jpg", "naïve.jpg",
    ],
}  # fmt: skip

ARCHIVES = {
    "cp949": ["원피스.jpg", "검정 바지.jpg", "운동화.jpg", "니트.jpg", "청바지.jpg"],
    "cp857": ["çanta.jpg", "kırmızı elbise.jpg", "gömlek yeşil.jpg", "ayakkabı.jpg"],
    "cp850": ["naïve.jpg", "Noël.jpg", "tête.jpg", "chaussures à lacets.jpg"],
}
"""Names that are not clear by themselves, and are together."""


def as_python_reads(name: str, page: str) -> ZipInfo:
    return ZipInfo(name.encode(page).decode("cp437"))


@pytest.mark.parametrize(("page", "name"), [(page, name) for page in NAMES for name in NAMES[page]])
def test_a_name_is_read_in_the_code_page_that_wrote_it(page: str, name: str) -> None:
    assert names_in_zip([as_python_reads(name, page)]) == [name]


@pytest.mark.parametrize("page", ARCHIVES)
def test_the_names_of_an_archive_are_read_together(page: str) -> None:
    assert names_in_zip([as_python_reads(name, page) for name in ARCHIVES[page]]) == ARCHIVES[page]


def test_names_in_utf8_beside_others_are_read_as_such() -> None:
    marked = ZipInfo("Ã¼.jpg")
    marked.flag_bits = UTF8_FLAG
    others = [as_python_reads("süß.jpg", "cp850"), as_python_reads("größer.jpg", "utf-8"), ZipInfo("a.jpg")]

    assert names_in_zip([marked, *others]) == ["Ã¼.jpg", "süß.jpg", "größer.jpg", "a.jpg"]


def test_bytes_that_spell_nothing_are_kept_as_code_page_437_has_them() -> None:
    assert names_in_zip([as_python_reads("░▒▓\u00a0.jpg", "cp437")])[0].isascii() is False


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_page_reads_the_same_names(tmp_path: Path) -> None:
    lists = [[(page, name)] for page in NAMES for name in NAMES[page]]
    lists += [[(page, name) for name in ARCHIVES[page]] for page in ARCHIVES]
    written = [[name.encode(page) for page, name in names] for names in lists]
    written += [
        [bytes([0x61, one, two, 0x2E, 0x6A])] for one in range(128, 256, 3) for two in range(64, 256, 7)
    ]
    script = tmp_path / "names.mjs"
    script.write_text(
        PAGE.read_text("utf-8")
        + "\nimport { readFileSync } from 'node:fs';\n"
        + "const lists = JSON.parse(readFileSync(0));\n"
        + "const read = lists.map((one) => readNames(one.map((bytes) => new Uint8Array(bytes))));\n"
        + "console.log(JSON.stringify(read));\n",
        "utf-8",
    )
    sent = json.dumps([[list(name) for name in names] for names in written])

    done = subprocess.run(["node", script], input=sent, capture_output=True, text=True, check=True)

    by_page = [
        [
            name if name is not None else raw.decode("cp437")
            for raw, name in zip(names, read_names(names), strict=True)
        ]
        for names in written
    ]
    assert json.loads(done.stdout) == by_page
