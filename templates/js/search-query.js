// What a reader asks: words, all of them; "quoted" ones next to each other. A unit is a word or a
// run of syllables, with what has to be looked up for it.

import { fold, split } from "./search-words.js";

// Particles and endings, longest first, and what they follow: c a syllable with a final consonant,
// v one without, l one without or with ㄹ, - any.
const ENDINGS = `
  으로부터:c 에서부터:- 로부터:l 으로서의:c 에게서:- 으로써:c 으로서:c 이라고:c 이라는:c 에서는:- 에서도:- 에서의:-
  했습니다:- 됐습니다:- 합니다:- 됩니다:- 입니다:- 으로는:c 으로도:c 으로의:c 들에게:- 들에서:- 들로:- 들을:- 들이:- 들은:- 들의:- 들과:- 들도:-
  라고:v 라는:v 에서:- 에게:- 에는:- 에도:- 까지:- 부터:- 처럼:- 보다:- 마다:- 조차:- 마저:- 이나:c 이란:c 이라:c 이며:c 이고:c 이다:-
  인데:- 으로:c 로는:l 로도:l 로의:l 로써:l 로서:l 과의:c 와의:v 과는:c 와는:v 이랑:c 하는:- 하다:- 하고:- 하기:- 하여:- 하면:- 하며:-
  해서:- 해야:- 한다:- 했다:- 되는:- 되다:- 되고:- 되어:- 되며:- 된다:- 됐다:- 시킨:- 적인:- 적으로:-
  은:c 는:v 이:c 가:v 을:c 를:v 의:- 에:- 로:l 도:- 만:- 과:c 와:v 랑:v 나:v 들:- 한:- 할:- 함:- 해:- 된:- 될:- 됨:- 인:-
`.trim().split(/\s+/u).map((each) => each.split(":")).sort((one, other) => other[0].length - one[0].length);
const QUOTED = /["“”„«»「」『』]([^"“”„«»「」『』]+)["“”„«»「」『』]/gu;
const ADDRESS = /\bhttps?:\/\/(?:www\.)?/giu;

/** A run of syllables without its particle: 모델을 -> 모델. At least two syllables stay. */
export function strip(run) {
  const found = ENDINGS.find(([ending, after]) => {
    const rest = run.length - ending.length;
    return rest >= 2 && run.endsWith(ending) && follows(run.charCodeAt(rest - 1), after);
  });
  return found ? run.slice(0, -found[0].length) : run;
}

function follows(code, after) {
  const final = (code - 0xac00) % 28;
  if (after === "-") return true;
  if (after === "c") return final > 0;
  return final === 0 || (after === "l" && final === 8);
}

/** What a query asks for: { units, phrases }, a phrase being a list of units. */
export function parseQuery(text) {
  const phrases = [];
  const plain = text.replace(ADDRESS, " ").replace(QUOTED, (_, quoted) => {
    const units = split(quoted).map((piece) => makeUnit(piece, true));
    if (units.length) phrases.push(units);
    return " | ";
  });
  const units = dropParticles(split(plain)).map((piece) => makeUnit(piece, false));
  return { units: [...units, ...phrases.flat()], phrases };
}

function makeUnit({ paired, parts, gap }, exact) {
  const [word] = parts;
  return { paired, parts, gap, word, stem: paired && !exact ? strip(word) : word };
}

// LoRA를 asks for LoRA: the particle stands for nothing alone.
function dropParticles(pieces) {
  return pieces.filter(({ paired, parts: [word], gap }, index) => {
    const glued = paired && gap === "" && index > 0 && !pieces[index - 1].paired;
    return !(glued && ENDINGS.some(([ending]) => ending === word));
  });
}

/** A query that says nothing: no word in it, half a syllable. */
export function isEmptyQuery(text) {
  return !split(fold(text)).length;
}
