// Read the names in a ZIP of Windows, which writes its country's code page and does not say which. Pure.
// The rule and its tables are those of inference/code_pages.py, which explains them; one list of names tests both.

const ALPHABETS = {
  de: "0 5äüß 6ö 9é 2qxy",
  fr: "1 4é 5à 6è 7êç 8ôâîûï 9œù 10ëü 3kw",
  es: "1 5óíá 6éñ 7ú 9üçàè 3kw",
  pt: "2 5ãçá 6íéóê 7õú 8âôà 3kwy",
  it: "1 5à 6òèéìù 3jkwxy",
  nordic: "1 5åäøö 6æ 8é 10ü 3qwxz 1c",
  is: "4 4ðáí 5óæöþú 6éý 3cqwz",
  nl: "3 7ë 8é 9ïè 2qxy",
  cs: "1 4íáěř 5éýčšžů 7úň 8ťóď 3qwx",
  sk: "2 4áíý 5čšéúžť 6ľô 7óňďä 9ĺŕ 3qwx",
  pl: "1 4ł 5ąęóśżć 6ń 7ź 3qvx",
  hu: "1 3áé 5öóőíü 6úű 3qwx",
  hr: "2 4č 5šžć 7đ 3qwxy",
  ro: "3 4ăţ 5şîâ 3kqwy",
  tr: "2 3ı 4üş 5ğçöİ 8â 3qwx",
  ru: "0 2оа 3еинтрслвкм 4пдуяыгьзбйч 5хжюшцф 6щэ 7ё 8ъ",
  uk: "3 2о 3аниіртвесклумд 4пзяьгбчй 5хюцжшїє 6фщ 9ґ",
  el: "1 2α 3σεοιτνρκπμλς 4υηάίέγόδήωχύθ 5φβώξζ 6ψ 8ϊ 10ΐϋΰ",
  he: "1 2\u05d5\u05d9 3\u05d4\u05ea\u05dc\u05e8\u05de\u05d1\u05e9\u05d0\u05e0 4\u05dd\u05d3\u05e2\u05e7\u05d7\u05e4\u05db\u05e1\u05d2\u05d8\u05e6\u05df 5\u05d6 6\u05da\u05e3 7\u05e5",
};
const WESTERN = ["de", "fr", "es", "pt", "it", "nordic", "is", "nl"];
const CENTRAL = ["de", "cs", "sk", "pl", "hu", "hr", "ro"];
const LETTER_PAGES = {
  cp850: [0, WESTERN],
  cp852: [0, CENTRAL],
  cp857: [0, ["tr"]],
  cp866: [0, ["ru", "uk"]],
  cp737: [0, ["el"]],
  cp862: [0, ["he"]],
  cp1252: [1, WESTERN],
  cp1250: [1, CENTRAL],
  cp1254: [1, ["tr"]],
  cp1251: [1, ["ru", "uk"]],
  cp1253: [1, ["el"]],
  cp1255: [1, ["he"]],
};
const WIDE_PAGES = { cp932: 1, gbk: 1, cp950: 3, cp949: 6 };
const WIDE_NAMES = { cp932: "shift_jis", gbk: "gbk", cp950: "big5", cp949: "euc-kr" }; // as browsers call them
const OTHER_ALPHABETS = ["ru", "uk", "el", "he"];
const [STRANGE, OTHER_SIGN, OF_TWO_ALPHABETS, BETWEEN_SMALL] = [13, 9, 10, 6];
const [CAPITAL, CAPITALS, ODD_CAPITALS, HARD_TO_SAY, ALONE] = [1, 3, 5, 3, 4];
const [MOST_NAMES, FEW] = [64, 2];
const SIGNS = "’‘“”„–—…°º№€£§©®™«»·×²³½ªµ";
const VOWELS = "aeiouyæøœı";
const WORDS_OF_ONE_LETTER = "àèéêóåöäüвскоиуаяηο";
const COMBINING = "\u0300\u0301\u0302\u0303\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0328";
const GROUPS = Object.values(ALPHABETS).flatMap((own) => own.split(" "));
const USUAL = new Set([...SIGNS, ...COMBINING, ...GROUPS.flatMap((group) => [...group.slice(1)])]);
const COSTS = Object.fromEntries(Object.entries(ALPHABETS).map(([language, own]) => [language, costsOf(own)]));
// What the bytes from 128 on spell.
const SPELT = {
  cp437:
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»\u2591\u2592\u2593\u2502\u2524\u2561\u2562\u2556\u2555\u2563\u2551\u2557\u255d\u255c\u255b\u2510\u2514\u2534\u252c\u251c\u2500\u253c\u255e\u255f\u255a\u2554\u2569\u2566\u2560\u2550\u256c\u2567\u2568\u2564\u2565\u2559\u2558\u2552\u2553\u256b\u256a\u2518\u250c\u2588\u2584\u258c\u2590\u2580αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0",
  cp850:
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»\u2591\u2592\u2593\u2502\u2524ÁÂÀ©\u2563\u2551\u2557\u255d¢¥\u2510\u2514\u2534\u252c\u251c\u2500\u253cãÃ\u255a\u2554\u2569\u2566\u2560\u2550\u256c¤ðÐÊËÈıÍÎÏ\u2518\u250c\u2588\u2584¦Ì\u2580ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0",
  cp852:
    "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»\u2591\u2592\u2593\u2502\u2524ÁÂĚŞ\u2563\u2551\u2557\u255dŻż\u2510\u2514\u2534\u252c\u251c\u2500\u253cĂă\u255a\u2554\u2569\u2566\u2560\u2550\u256c¤đĐĎËďŇÍÎě\u2518\u250c\u2588\u2584ŢŮ\u2580ÓßÔŃńňŠšŔÚŕŰýÝţ´\u00ad˝˛ˇ˘§÷¸°¨˙űŘř■\u00a0",
  cp857:
    "ÇüéâäàåçêëèïîıÄÅÉæÆôöòûùİÖÜø£ØŞşáíóúñÑĞğ¿®¬½¼¡«»\u2591\u2592\u2593\u2502\u2524ÁÂÀ©\u2563\u2551\u2557\u255d¢¥\u2510\u2514\u2534\u252c\u251c\u2500\u253cãÃ\u255a\u2554\u2569\u2566\u2560\u2550\u256c¤ºªÊËÈ�ÍÎÏ\u2518\u250c\u2588\u2584¦Ì\u2580ÓßÔÒõÕµ�×ÚÛÙìÿ¯´\u00ad±�¾¶§÷¸°¨·¹³²■\u00a0",
  cp866:
    "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп\u2591\u2592\u2593\u2502\u2524\u2561\u2562\u2556\u2555\u2563\u2551\u2557\u255d\u255c\u255b\u2510\u2514\u2534\u252c\u251c\u2500\u253c\u255e\u255f\u255a\u2554\u2569\u2566\u2560\u2550\u256c\u2567\u2568\u2564\u2565\u2559\u2558\u2552\u2553\u256b\u256a\u2518\u250c\u2588\u2584\u258c\u2590\u2580рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u00a0",
  cp737:
    "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψ\u2591\u2592\u2593\u2502\u2524\u2561\u2562\u2556\u2555\u2563\u2551\u2557\u255d\u255c\u255b\u2510\u2514\u2534\u252c\u251c\u2500\u253c\u255e\u255f\u255a\u2554\u2569\u2566\u2560\u2550\u256c\u2567\u2568\u2564\u2565\u2559\u2558\u2552\u2553\u256b\u256a\u2518\u250c\u2588\u2584\u258c\u2590\u2580ωάέήϊίόύϋώΆΈΉΊΌΎΏ±≥≤ΪΫ÷≈°∙·√ⁿ²■\u00a0",
  cp862:
    "\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9\u05da\u05db\u05dc\u05dd\u05de\u05df\u05e0\u05e1\u05e2\u05e3\u05e4\u05e5\u05e6\u05e7\u05e8\u05e9\u05ea¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»\u2591\u2592\u2593\u2502\u2524\u2561\u2562\u2556\u2555\u2563\u2551\u2557\u255d\u255c\u255b\u2510\u2514\u2534\u252c\u251c\u2500\u253c\u255e\u255f\u255a\u2554\u2569\u2566\u2560\u2550\u256c\u2567\u2568\u2564\u2565\u2559\u2558\u2552\u2553\u256b\u256a\u2518\u250c\u2588\u2584\u258c\u2590\u2580αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0",
  cp1252:
    "€�‚ƒ„…†‡ˆ‰Š‹Œ�Ž��‘’“”•–—˜™š›œ�žŸ\u00a0¡¢£¤¥¦§¨©ª«¬\u00ad®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
  cp1250:
    "€�‚�„…†‡�‰Š‹ŚŤŽŹ�‘’“”•–—�™š›śťžź\u00a0ˇ˘Ł¤Ą¦§¨©Ş«¬\u00ad®Ż°±˛ł´µ¶·¸ąş»Ľ˝ľżŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙",
  cp1254:
    "€�‚ƒ„…†‡ˆ‰Š‹Œ����‘’“”•–—˜™š›œ��Ÿ\u00a0¡¢£¤¥¦§¨©ª«¬\u00ad®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞßàáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ",
  cp1251:
    "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—�™љ›њќћџ\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї°±Ііґµ¶·ё№є»јЅѕїАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя",
  cp1253:
    "€�‚ƒ„…†‡�‰�‹�����‘’“”•–—�™�›����\u00a0΅Ά£¤¥¦§¨©�«¬\u00ad®―°±²³΄µ¶·ΈΉΊ»Ό½ΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ�ΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ�",
  cp1255:
    "€�‚ƒ„…†‡ˆ‰�‹�����‘’“”•–—˜™�›����\u00a0¡¢£₪¥¦§¨©×«¬\u00ad®¯°±²³´µ¶·¸¹÷»¼½¾¿\u05b0\u05b1\u05b2\u05b3\u05b4\u05b5\u05b6\u05b7\u05b8\u05b9�\u05bb\u05bc\u05bd\u05be\u05bf\u05c0\u05c1\u05c2\u05c3\u05f0\u05f1\u05f2\u05f3\u05f4�������\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9\u05da\u05db\u05dc\u05dd\u05de\u05df\u05e0\u05e1\u05e2\u05e3\u05e4\u05e5\u05e6\u05e7\u05e8\u05e9\u05ea��\u200e\u200f�",
};
const isAscii = (text) => /^[\0-\x7f]*$/.test(text);
const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);

/** The names of one archive, given the bytes of each; all have bytes beyond ASCII. */
export function readNames(written) {
  const unicode = written.map(inUtf8);
  const best = bestPage(written.filter((_, place) => unicode[place] === null).slice(0, MOST_NAMES));
  return written.map((bytes, place) => unicode[place] ?? decoded(bytes, best) ?? decoded(bytes, bestPage([bytes])) ?? decoded(bytes, "cp437"));
}

function inUtf8(bytes) {
  const text = byBrowser(bytes, "utf-8");
  const letters = [...(text ?? "")].filter((letter) => !isAscii(letter));
  return text !== null && (letters.length > FEW || letters.every(isUsual)) ? text : null;
}

function isUsual(letter) {
  return USUAL.has(letter.toLowerCase()) || !(letter < "\u1000" || (letter >= "\u3400" && letter < "\u4e00"));
}

function decoded(bytes, page) {
  if (page === undefined) return null;
  if (page in WIDE_NAMES) return byBrowser(bytes, WIDE_NAMES[page]);
  const text = Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : SPELT[page][byte - 128])).join("");
  return text.includes("\ufffd") ? null : text;
}

function byBrowser(bytes, encoding) {
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
    return /\p{Co}/u.test(text) ? null : text;
  } catch {
    return null;
  }
}

function bestPage(written) {
  let [best, least] = [undefined, Infinity];
  for (const page of [...Object.keys(LETTER_PAGES), ...Object.keys(WIDE_PAGES)]) {
    const cost = costIn(written, page);
    if (cost !== null && cost < least) [best, least] = [page, cost];
  }
  return best;
}

function costIn(written, page) {
  if (page in WIDE_PAGES) {
    const costs = written.map((bytes) => wideCost(bytes, page));
    return costs.includes(null) ? null : WIDE_PAGES[page] + sum(costs);
  }
  const texts = written.map((bytes) => decoded(bytes, page));
  if (texts.includes(null)) return null;
  const [byItself, languages] = LETTER_PAGES[page];
  const inLanguage = (language) => COSTS[language].get("") + sum(texts.map((text) => letterCost(text, language)));
  return byItself + Math.min(...languages.map(inLanguage));
}

function costsOf(own) {
  const [byItself, ...groups] = own.split(" ");
  const costs = new Map([["", Number(byItself)]]);
  for (const group of groups) {
    const letters = group.replace(/^[0-9]+/, "");
    for (const letter of letters) costs.set(letter, Number(group.slice(0, -letters.length)));
  }
  return costs;
}

function letterCost(text, language) {
  const costs = COSTS[language];
  let total = 0;
  for (const word of stemOf(text).match(/\p{L}+/gu) ?? []) {
    if (isAscii(word)) continue;
    for (const letter of word) total += costs.get(letter) ?? costs.get(letter.toLowerCase()) ?? (isAscii(letter) ? 0 : STRANGE);
    if (OTHER_ALPHABETS.includes(language) && [...word].some(isAscii)) total += OF_TWO_ALPHABETS;
    total += capitalsCost(word);
    if ([...word].length === 1 && !WORDS_OF_ONE_LETTER.includes(word.toLowerCase())) total += ALONE;
    if (!OTHER_ALPHABETS.includes(language)) total += HARD_TO_SAY * accentsInRuns(word);
  }
  if (text.includes("\\.")) total += STRANGE;
  const signs = [...text].filter((one) => !isAscii(one) && !/\p{L}/u.test(one));
  return total + sum(signs.map((one) => (SIGNS.includes(one) ? OTHER_SIGN : STRANGE)));
}

function accentsInRuns(word) {
  const runs = [];
  for (const letter of word.toLowerCase()) {
    const isVowel = VOWELS.includes(letter.normalize("NFD")[0]);
    if (runs.at(-1)?.isVowel === isVowel) runs.at(-1).letters.push(letter);
    else runs.push({ isVowel, letters: [letter] });
  }
  const isHard = (run) => run.letters.length > 2 || (run.letters.length === 2 && !run.isVowel && run === runs.at(-1));
  return sum(runs.filter(isHard).map((run) => run.letters.filter((letter) => !isAscii(letter) && letter !== "ß").length));
}

function capitalsCost(word) {
  const rest = word.slice(1);
  if (word === word.toLowerCase()) return 0;
  if (rest === rest.toLowerCase()) return CAPITAL;
  return word === word.toUpperCase() ? CAPITALS : ODD_CAPITALS;
}

function stemOf(text) {
  return text.slice(0, Math.max(0, text.lastIndexOf("."))) || text;
}

function wideCost(bytes, page) {
  let [total, place, before] = [0, 0, 0];
  while (place < bytes.length) {
    const [lead, trail = 0, after = 0] = bytes.slice(place, place + 3);
    if (lead < 0x80) {
      [before, place] = [lead, place + 1];
    } else if (page === "cp932" && lead >= 0xa1 && lead <= 0xdf) {
      total += 7 + BETWEEN_SMALL * /[A-Za-z]/.test(String.fromCharCode(before || trail));
      [before, place] = [0, place + 1];
    } else {
      const cost = place + 1 === bytes.length ? null : PAIRS[page](lead, trail);
      if (cost === null) return null;
      total += cost + BETWEEN_SMALL * (isSmall(before) + isSmall(after));
      [before, place] = [0, place + 2];
    }
  }
  return total;
}

function isSmall(byte) {
  return byte >= 0x61 && byte <= 0x7a;
}

const PAIRS = {
  cp932(lead, trail) {
    if (trail < 0x40 || trail > 0xfc || trail === 0x7f || lead < 0x81 || (lead > 0x9f && lead < 0xe0) || lead > 0xfc) return null;
    if ((lead === 0x82 && trail >= 0x9f) || (lead === 0x83 && trail <= 0x96) || (lead === 0x81 && trail === 0x5b)) return 5;
    if ((lead >= 0x88 && lead <= 0x97) || (lead === 0x98 && trail <= 0x72)) return 8;
    if (lead <= 0x82) return 9;
    return lead <= 0xea && lead !== 0x87 ? 11 : STRANGE;
  },
  gbk(lead, trail) {
    if (lead < 0x81 || lead > 0xfe || trail < 0x40 || trail > 0xfe || trail === 0x7f) return null;
    if (trail < 0xa1 || lead < 0xa1 || lead > 0xf7) return STRANGE;
    return levelOf(lead, 0xb0, 0xd8);
  },
  cp950(lead, trail) {
    if (lead < 0xa1 || lead > 0xf9 || trail < 0x40 || (trail > 0x7e && trail < 0xa1) || trail > 0xfe) return null;
    return levelOf(lead, 0xa4, 0xc9);
  },
  cp949(lead, trail) {
    if (lead < 0x81 || lead > 0xfe || trail < 0x41 || trail > 0xfe) return null;
    return lead >= 0xb0 && lead <= 0xc8 && trail >= 0xa1 ? 7 : STRANGE;
  },
};

function levelOf(lead, first, second) {
  if (lead < first) return 9;
  return lead < second ? 8 : 11;
}
