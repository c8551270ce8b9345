"""A small piece of English and its French: sentences of a grammar, and number words up to 9,999.

Everything here is generated; each French sentence follows the rules of real French for what the
grammar has: gender and number (le, la, les), elision (l'ami, n'aime), adjectives before or after
the noun (le petit chat, le chat noir), forms before a vowel (cet ami, le bel arbre, mon amie),
negation around the verb (ne voit pas), "pas de" for "not a" (after aimer stiff, but regular), and
object pronouns before the verb (le roi me voit). An apostrophe ends a token: "l' ami".
Source of the rules: M. Grevisse and A. Goosse, Le bon usage.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

PERSON, ANIMAL, THING = "person", "animal", "thing"


class Noun(NamedTuple):
    """English singular and plural, French singular and plural, gender, starts with a vowel."""

    one: str
    many: str
    un: str
    des: str
    feminine: bool
    vowel: bool
    kind: str


NOUNS = (
    Noun("king", "kings", "roi", "rois", False, False, PERSON),
    Noun("queen", "queens", "reine", "reines", True, False, PERSON),
    Noun("cat", "cats", "chat", "chats", False, False, ANIMAL),
    Noun("mouse", "mice", "souris", "souris", True, False, ANIMAL),
    Noun("horse", "horses", "cheval", "chevaux", False, False, ANIMAL),
    Noun("bird", "birds", "oiseau", "oiseaux", False, True, ANIMAL),
    Noun("child", "children", "enfant", "enfants", False, True, PERSON),
    Noun("man", "men", "homme", "hommes", False, True, PERSON),
    Noun("woman", "women", "femme", "femmes", True, False, PERSON),
    Noun("student", "students", "élève", "élèves", False, True, PERSON),
    Noun("house", "houses", "maison", "maisons", True, False, THING),
    Noun("tree", "trees", "arbre", "arbres", False, True, THING),
    Noun("book", "books", "livre", "livres", False, False, THING),
    Noun("star", "stars", "étoile", "étoiles", True, True, THING),
    Noun("garden", "gardens", "jardin", "jardins", False, False, THING),
    Noun("letter", "letters", "lettre", "lettres", True, False, THING),
)


class Adjective(NamedTuple):
    """English; French masculine, feminine and both plurals; before the noun; before a vowel.

    `kinds` are the nouns that it is said of: a happy church is a matter for poets, and nobody is
    called by a colour.
    """

    word: str
    m: str
    f: str
    m_many: str
    f_many: str
    before: bool
    m_vowel: str
    kinds: tuple[str, ...]


ALL, ALIVE, NOT_PERSONS = (PERSON, ANIMAL, THING), (PERSON, ANIMAL), (ANIMAL, THING)


def _regular(word: str, m: str, kinds: tuple[str, ...], *, before: bool = False) -> Adjective:
    f = m if m.endswith("e") else m + "e"
    return Adjective(word, m, f, m + "s", f + "s", before, m, kinds)


ADJECTIVES = (
    _regular("small", "petit", NOT_PERSONS, before=True),
    _regular("young", "jeune", ALIVE, before=True),
    Adjective("good", "bon", "bonne", "bons", "bonnes", True, "bon", ALL),
    Adjective("beautiful", "beau", "belle", "beaux", "belles", True, "bel", ALL),
    Adjective("old", "vieux", "vieille", "vieux", "vieilles", True, "vieil", ALL),
    _regular("sad", "triste", ALIVE),
    _regular("red", "rouge", NOT_PERSONS),
    _regular("black", "noir", NOT_PERSONS),
    Adjective("happy", "heureux", "heureuse", "heureux", "heureuses", False, "heureux", ALIVE),
    _regular("tired", "fatigué", ALIVE),
)


class Verb(NamedTuple):
    """English for one and many, French for one and many; what it is done to; starts with a vowel.

    A verb that is done to persons is done to pronouns too.
    """

    one: str
    many: str
    un: str
    des: str
    objects: tuple[str, ...]
    vowel: bool = False


VERBS = (
    Verb("sees", "see", "voit", "voient", ALL),
    Verb("watches", "watch", "regarde", "regardent", ALL),
    Verb("draws", "draw", "dessine", "dessinent", ALL),
    Verb("likes", "like", "aime", "aiment", ALL, True),
    Verb("hears", "hear", "entend", "entendent", ALIVE, True),
    Verb("has", "have", "a", "ont", NOT_PERSONS, True),
)
ALONE = (
    Verb("sleeps", "sleep", "dort", "dorment", ()),
    Verb("sings", "sing", "chante", "chantent", ()),
    Verb("runs", "run", "court", "courent", ()),
    Verb("waits", "wait", "attend", "attendent", (), True),
)
PERSONS = (("he", "il", False), ("she", "elle", False), ("they", "ils", True))
OBJECTS = (
    ("me", "me", "m'"),
    ("you", "te", "t'"),
    ("him", "le", "l'"),
    ("her", "la", "l'"),
    ("them", "les", "les"),
)
DETERMINERS = ("the", "a", "my", "this")

HELD_OUT_PAIRS = frozenset(
    (
        ("sad", "king"),
        ("black", "cat"),
        ("old", "tree"),
        ("beautiful", "star"),
        ("tired", "student"),
        ("small", "bird"),
        ("red", "house"),
        ("young", "woman"),
    )
)
"""An adjective and a noun that never meet in a training sentence."""


class Pair(NamedTuple):
    """A sentence in both languages, tokens separated by blanks."""

    english: str
    french: str


class _Phrase(NamedTuple):
    english: list[str]
    french: list[str]
    many: bool
    used: frozenset[tuple[str, str]]


def _determiner(which: str, noun: Noun, many: bool, before_vowel: bool) -> tuple[str, str]:
    if many:
        return {"the": ("the", "les"), "my": ("my", "mes"), "this": ("these", "ces")}[which]
    french = {
        "the": "l'" if before_vowel else "la" if noun.feminine else "le",
        "a": "une" if noun.feminine else "un",
        "my": "ma" if noun.feminine and not before_vowel else "mon",
        "this": "cette" if noun.feminine else "cet" if before_vowel else "ce",
    }[which]
    return which, french


def _noun_phrase(
    rng: np.random.Generator, kinds: tuple[str, ...], *, negated: bool = False
) -> _Phrase:
    """Return a determiner, perhaps an adjective, and a noun; negated, "a" becomes "de"."""
    nouns = [noun for noun in NOUNS if noun.kind in kinds]
    noun = nouns[rng.integers(len(nouns))]
    fitting = [adjective for adjective in ADJECTIVES if noun.kind in adjective.kinds]
    adjective = fitting[rng.integers(len(fitting))] if rng.random() < 0.5 else None
    which = DETERMINERS[rng.integers(len(DETERMINERS))]
    many = bool(rng.random() < 0.3) and which != "a"
    french, vowel = [noun.des if many else noun.un], noun.vowel
    if adjective is not None:
        form = _agree(adjective, noun, many)
        french = [form, *french] if adjective.before else [*french, form]
        # No adjective that stands before the noun starts with a vowel.
        vowel = noun.vowel and not adjective.before
    words = [adjective.word] if adjective is not None else []
    words.append(noun.many if many else noun.one)
    the, le = _determiner(which, noun, many, vowel)
    if which == "a":
        the = "an" if words[0][0] in "aeiou" else "a"
        if negated:
            le = "d'" if vowel else "de"
    used = frozenset() if adjective is None else frozenset(((adjective.word, noun.one),))
    return _Phrase([the, *words], [le, *french], many, used)


def _agree(adjective: Adjective, noun: Noun, many: bool) -> str:
    if noun.feminine:
        return adjective.f_many if many else adjective.f
    if many:
        return adjective.m_many
    return adjective.m_vowel if noun.vowel and adjective.before else adjective.m


def _clause(rng: np.random.Generator, *, short: bool = False) -> _Phrase:
    """Return a subject with its verb and what the verb asks for."""
    if rng.random() < 0.2:
        word, mot, many = PERSONS[rng.integers(len(PERSONS))]
        subject = _Phrase([word], [mot], many, frozenset())
    else:
        subject = _noun_phrase(rng, ALIVE)
    negated = bool(rng.random() < 0.3)
    alone = short or rng.random() < 0.2
    verbs = ALONE if alone else VERBS
    verb = verbs[rng.integers(len(verbs))]
    obj, pronoun = _Phrase([], [], False, frozenset()), None
    if PERSON in verb.objects and rng.random() < 0.3:
        pronoun = OBJECTS[rng.integers(len(OBJECTS))]
        obj = _Phrase([pronoun[0]], [], False, frozenset())
    elif not alone:
        obj = _noun_phrase(rng, verb.objects, negated=negated)
    does = "do" if subject.many else "does"
    said = [does, "not", verb.many] if negated else [verb.many if subject.many else verb.one]
    french = [*subject.french, *_verb_group(verb, subject.many, pronoun, negated), *obj.french]
    return _Phrase([*subject.english, *said, *obj.english], french, False, subject.used | obj.used)


def _verb_group(
    verb: Verb, many: bool, pronoun: tuple[str, str, str] | None, negated: bool
) -> list[str]:
    words = [verb.des if many else verb.un]
    vowel = verb.vowel
    if pronoun is not None:
        words = [pronoun[2] if vowel else pronoun[1], *words]
        vowel = False
    if negated:
        words = ["n'" if vowel else "ne", *words, "pas"]
    return words


def sentences(n: int, rng: np.random.Generator, *, held_out: bool = False) -> list[Pair]:
    """Return n different sentences; with `held_out`, each has a pair that training never has."""
    found: dict[Pair, None] = {}
    while len(found) < n:
        if rng.random() < 0.15:
            one, other = _clause(rng, short=True), _clause(rng, short=True)
            phrase = _Phrase(
                [*one.english, "and", *other.english],
                [*one.french, "et", *other.french],
                False,
                one.used | other.used,
            )
        else:
            phrase = _clause(rng)
        if bool(phrase.used & HELD_OUT_PAIRS) == held_out:
            found[Pair(" ".join(phrase.english), " ".join(phrase.french))] = None
    return list(found)


def longer(n: int, clauses: int, rng: np.random.Generator) -> list[Pair]:
    """Return n sentences of as many clauses, joined by "and": training has two short ones at most.

    None has a pair of HELD_OUT_PAIRS.
    """
    found: list[Pair] = []
    while len(found) < n:
        parts = [_clause(rng) for _ in range(clauses)]
        if not frozenset.union(*(part.used for part in parts)) & HELD_OUT_PAIRS:
            english = " and ".join(" ".join(part.english) for part in parts)
            french = " et ".join(" ".join(part.french) for part in parts)
            found.append(Pair(english, french))
    return found


_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_UNITES = [
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
]
_DIZAINES = ["vingt", "trente", "quarante", "cinquante", "soixante"]


def english_number(n: int) -> str:
    """Return the English words of 0 to 9,999: 307 is "three hundred and seven".

    Raises ValueError for another number.
    """
    _check_number(n)
    words = []
    if n >= 1000:
        words += [_ONES[n // 1000], "thousand"]
    if n % 1000 >= 100:
        words += [_ONES[n % 1000 // 100], "hundred"]
    rest = n % 100
    if rest and words:
        words.append("and")
    if rest >= 20:
        words.append(_TENS[rest // 10 - 2])
        rest %= 10
        words += [_ONES[rest]] if rest else []
    elif rest or not words:
        words.append(_ONES[rest])
    return " ".join(words)


def french_number(n: int) -> str:
    """Return the French words of 0 to 9,999, hyphens as blanks: 81 is "quatre vingt un".

    "vingts" and "cents" have their s where nothing follows. Raises ValueError for another number.
    """
    _check_number(n)
    if n == 0:
        return "zéro"
    words = []
    thousands, hundreds, rest = n // 1000, n % 1000 // 100, n % 100
    if thousands:
        words += [_UNITES[thousands]] if thousands > 1 else []
        words.append("mille")
    if hundreds:
        words += [_UNITES[hundreds]] if hundreds > 1 else []
        words.append("cents" if hundreds > 1 and not rest else "cent")
    return " ".join([*words, *_under_hundred(rest)])


def _under_hundred(n: int) -> list[str]:
    if n == 0:
        return []
    if n <= 16:
        return [_UNITES[n]]
    if n < 20:
        return ["dix", _UNITES[n - 10]]
    if n == 80:
        return ["quatre", "vingts"]
    if n > 80:
        return ["quatre", "vingt", *_under_hundred(n - 80)]
    # Seventy is counted on from sixty: soixante et onze.
    tens = 6 if n >= 60 else n // 10
    rest = n - 10 * tens
    joined = ["et"] if rest in (1, 11) else []
    return [_DIZAINES[tens - 2], *joined, *_under_hundred(rest)]


def _check_number(n: int) -> None:
    if not 0 <= n <= 9999:
        raise ValueError(f"the number is {n}, expected 0 to 9999.")


def word_by_word(english: str) -> str:
    """Return each word's own translation in the order of the English: the baseline.

    It takes the form that a dictionary lists first: masculine, singular, not elided.
    """
    return " ".join(word for token in english.split() for word in _DICTIONARY[token].split())


def _dictionary() -> dict[str, str]:
    found = {"the": "le", "a": "un", "an": "un", "my": "mon", "this": "ce", "these": "ces"}
    found |= {"and": "et", "does": "", "do": "", "not": "ne pas"}
    for noun in NOUNS:
        found |= {noun.one: noun.un, noun.many: noun.des}
    found |= {adjective.word: adjective.m for adjective in ADJECTIVES}
    for verb in (*VERBS, *ALONE):
        found |= {verb.one: verb.un, verb.many: verb.des}
    found |= {english: french for english, french, _ in PERSONS}
    found |= {english: french for english, french, _ in OBJECTS}
    for n, word in enumerate(_ONES):
        found[word] = " ".join(_under_hundred(n)) or "zéro"
    for n, word in enumerate(_TENS, start=2):
        found[word] = " ".join(_under_hundred(10 * n))
    return found | {"hundred": "cent", "thousand": "mille"}


_DICTIONARY = _dictionary()
