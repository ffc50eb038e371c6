"""The answers on the page at /, as people see them: a real Chromium on a real gunicorn.

All but the first tests are slow. What the page says of any answer: tests/unit/test_page_scripts.py.
"""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visits, flaws
from tests.picture_page import EXAMPLES, TROUSERS, Held, a_file, card, give, settled, visit
from tests.service import Service
from tests.uploads import png

CHEQUERED = png((np.indices((28, 28)).sum(axis=0) % 2 * 255).astype(np.uint8))


def test_a_picture_is_shown_at_once_and_then_its_answer(page: Page, bundled_service: Service) -> None:
    held = Held(page)

    give(page, TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    expect(shown.get_by_role("img", name="photo-trousers.jpg")).to_have_js_property("naturalWidth", 202)
    expect(shown).to_contain_text("Sending")
    held.let_go()

    answer = bundled_service.post("/predict?seen=1", data=TROUSERS.read_bytes()).json()
    expect(shown.locator(".label")).to_have_text(answer["label"])
    expect(shown.locator(".category")).to_be_hidden()
    for words in ("Accept", "The model is sure, and the picture looks like what it has learnt.", "look less"):
        expect(shown).to_contain_text(words)
    expect(shown.get_by_role("img", name="224 by 224 pixels")).to_have_attribute("src", answer["seen"])
    ranked = sorted(answer["probabilities"], key=lambda label: -answer["probabilities"][label])
    bars = shown.locator(".bars:visible").get_by_role("listitem")
    assert [bar.split("\n")[0].strip() for bar in bars.all_inner_texts()] == ranked[:3]
    # The page never says that all of it is certain: beyond 99.9% it says "> 99.9%".
    expect(bars.first).to_contain_text(f"{min(answer['confidence'], 0.999):.1%}")
    shown.get_by_text("All 10 classes").click()
    assert [bar.split("\n")[0].strip() for bar in bars.all_inner_texts()] == ranked


def test_a_card_shows_what_the_answer_rests_on_and_hides_it_again(page: Page) -> None:
    give(page, TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    why = shown.get_by_role("button", name="Why?")
    expect(why).to_be_visible()  # the first answer is there, so what is held is the second request

    held = Held(page)
    why.click()
    expect(why).to_have_attribute("aria-busy", "true")
    assert "…" in why.evaluate("(button) => getComputedStyle(button, '::after').content")
    held.let_go()

    heat = shown.get_by_role("img", name=re.compile("^(No single part|What speaks).*Trouser"))
    expect(heat).to_be_visible()
    expect(heat).to_have_js_property("naturalWidth", 224)
    expect(why).to_have_attribute("aria-pressed", "true")
    sentence = shown.get_by_text(
        re.compile(r"^(The strongest sign of Trouser is .* falls from|No single part .* is) .*%.* .*%\.$")
    )
    for words in (sentence, shown.get_by_text("red: speaks for it"), shown.get_by_text("What it rests on")):
        expect(words).to_be_visible()
    why.click()
    expect(heat).to_be_hidden()
    expect(sentence).to_be_hidden()
    expect(shown.get_by_text("What it saw")).to_be_visible()


@pytest.mark.slow
def test_an_unfamiliar_picture_is_for_review_and_its_label_is_not_bold(page: Page) -> None:
    give(page, a_file("chequered.png", CHEQUERED))

    chequered = card(page, "chequered.png")
    expect(chequered).to_contain_text("The picture is unlike what the model has learnt")
    expect(chequered.locator(".sure")).to_contain_text("the nearest class: ")
    expect(chequered.locator(".label")).to_have_css("font-weight", "400")
    expect(page.locator("#tally")).to_have_text("1 picture: 1 to review")


@pytest.mark.slow
def test_every_sample_of_the_empty_page_is_accepted(page: Page) -> None:
    expect(page.locator("#classes")).to_contain_text("10 classes: T-shirt/top, Trouser,")

    page.get_by_role("button", name="Trousers").click()
    expect(page.locator("#results")).to_be_focused()
    expect(page.locator(".card .label")).to_have_text("Trouser")
    page.evaluate("for (const one of document.querySelectorAll('#samples button')) one.click()")
    settled(page, 5)

    assert set(page.locator(".card .decision").all_text_contents()) == {"Accept"}


@pytest.mark.slow
def test_the_page_speaks_the_readers_language(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service, locale="de-AT")
    expect(page.get_by_role("heading", level=1)).to_have_text("Was zeigt dieses Bild?")
    page.get_by_role("button", name="Hose").click()
    page.locator("#files").set_input_files(a_file("notes.txt", b"text"))
    settled(page, 2)

    assert page.locator("html").get_attribute("lang") == "de"
    text = page.locator("body").inner_text()
    for words in ("Annehmen", "Das Modell ist sicher, und das Bild", "\u00a0% sicher", "Kein lesbares Bild"):
        assert words in text
    assert "Send" not in card(page, "notes.txt").inner_text()
    assert flaws(page) == []
    english = visit(visiting, bundled_service, locale="fr-FR")
    expect(english.get_by_role("button", name="Choose pictures")).to_be_visible()


@pytest.mark.slow
def test_a_card_has_the_shops_category_the_attributes_that_apply_and_the_input_at_its_own_size(
    visiting: Visits, shop_service: Service
) -> None:
    page = visit(visiting, shop_service, locale="de-DE")
    page.locator("#files").set_input_files(TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    language = {"Accept-Language": "de"}
    answer = shop_service.post("/predict", data=TROUSERS.read_bytes(), headers=language).json()

    expect(shown.locator(".label")).to_have_text(answer["category"]["name"])
    expect(shown.locator(".category")).to_have_text(answer["category"]["id"])
    options = shown.get_by_label("Was ist es wirklich?").locator("option")
    assert "Kleider" in options.all_text_contents()
    chips = shown.locator(".attributes").get_by_role("listitem")
    expect(chips).to_have_count(2)
    expect(chips.nth(0)).to_have_text(re.compile(r"^colour: (red|<b>green</b>).*%, Annehmen$"))
    expect(chips.nth(1)).to_have_text(re.compile(r"^pattern: .*%, Prüfen$"))
    expect(shown.get_by_role("img", name=re.compile("64.*64"))).to_have_css("padding", "24px")
    assert flaws(page) == []


@pytest.mark.slow
def test_at_docs_a_picture_is_classified_and_the_page_leads_home(
    bundled_service: Service, visiting: Visits
) -> None:
    page = visiting(f"{bundled_service.url}/docs/")
    predict = page.locator("#operations-Classify-predict")

    predict.locator('input[type="file"]').first.set_input_files(EXAMPLES / "ankle-boot.png")
    predict.get_by_role("button", name="Execute").click()
    expect(predict.locator(".live-responses-table")).to_contain_text('"label": "Ankle boot"')
    sent = predict.locator(".curl").inner_text()
    assert "image=@ankle-boot.png" in sent
    assert ("title" in sent, "language" in sent) == (False, False)
    page.get_by_role("link", name="Try it").click()

    expect(page).to_have_url(f"{bundled_service.url}/")
