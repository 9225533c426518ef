"""Something to say: small grammars and word lists of our own, in several languages."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = ["LANGUAGES", "passage", "rap_lines", "sentence", "song_line"]

# A template's slots are filled from the word list of that name; the words are kept to shapes that fit every slot of their kind.
_ENGLISH: Final = {
    "templates": [
        "The {adj} {noun} {verbs} the {noun}.", "{who} {verbs} a {adj} {noun} {where}.", "Why would {who} {verb} my {noun}?",
        "{opener}, {who} will {verb} {number} {nouns} {when}.", "We {verb} {number} {adj} {nouns} {where}, and then we {verb} home.",
        "Please {verb} the {noun}, or bring me {number} {nouns}!", "I {adv} believe that {who} {verbs} {nouns}.",
        "Is it true that {who} {verbs} the {adj} {noun} {when}?", "{when}, the {noun} {where} was {adj} and {adj}.",
        "If {who} {verbs} a {noun}, we may {verb} the {adj} {noun} too.", "{number} {nouns}, {number} {nouns}, and one {adj} {noun}.",
        "My {family} never {verbs} {adj} {nouns} {when}.", "You {adv} {verb}, but you don't {verb} the {noun}.",
        "That was {adj}, wasn't it?", "What a {adj} {noun}!", "{opener}! Look at the {noun} {where}.",
        "There are {number} {nouns} {where}, {opener_low}, and all of them are {adj}.", "Oh, how I wish the {noun} would {verb} {when}.",
        "First we {verb} the {noun}, after that the {nouns}, and {adv} the {adj} {noun}.", "Nobody knows how {who} {verbs} {where}.",
    ],
    "adj": "big small happy wooden blue purple brave famous warm fresh heavy smooth bitter gentle proud simple marvellous thin yellow "
           "broken lovely quiet faithful awful shiny empty public common vivid fabulous humble rapid poor wild".split(),
    "noun": "boat map piano window mountain river bottle puppy farmer bridge paper garden wolf violin basket movie problem family "
            "sofa apple umbrella village pepper museum wave zebra judge shoe chair measure mushroom voice thumb leather book moon".split(),
    "nouns": "boats maps pianos windows mountains rivers bottles puppies farmers bridges papers gardens wolves violins baskets movies "
             "problems families apples umbrellas villages peppers waves zebras shoes chairs mushrooms voices thumbs books".split(),
    "verb": "move find bring paint build follow remember borrow improve serve fix push wash share choose believe visit buy mix "
            "watch carry forget prefer open use love".split(),
    "verbs": "moves finds brings paints builds follows remembers borrows improves serves fixes pushes washes shares chooses visits "
             "buys mixes watches carries forgets prefers opens uses loves".split(),
    "who": ["my mother", "the old baker", "Peter", "Mary", "our boss", "the young woman", "everybody", "Bob", "his brother",
            "the president", "somebody", "Emma", "a good friend", "the whole team", "Victor", "the pilot", "Fiona"],
    "where": ["under the bridge", "in front of the house", "by the river", "above the shop", "at home", "far away", "on the roof",
              "between the trees", "beside the fire", "over there", "in the middle of the room", "behind the museum"],
    "when": ["today", "every morning", "before midnight", "on Friday", "in November", "after five years", "last week", "all the time",
             "this evening", "next spring", "from now on", "twice a month"],
    "adv": "really probably always often finally simply firmly maybe definitely usually".split(),
    "opener": ["Well", "My friend", "Of course", "Believe me", "By the way", "Wow", "Fine", "To be fair", "Good morning", "Thank you"],
    "opener_low": ["of course", "believe me", "by the way", "to be fair", "my friends"],
    "number": "two three five seven nine eleven fifteen twenty fifty forty-four thousand many both".split(),
    "family": "mother father brother sister uncle grandmother cousin boss neighbour".split(),
}  # fmt: skip

_FRENCH: Final = {
    "templates": [
        "{who} {verbs} {thing} {where}.", "{opener}, {who} {verbs} {thing} {when}.", "Pourquoi est-ce que {who} {verbs} {thing}?",
        "{when}, {thing} était {adj} et {adj}.", "{number} et {number}, puis {number}.", "Je pense que {who} {verbs} {thing} {when}.",
        "C'est vraiment {adj}, n'est-ce pas?", "Bonjour, je voudrais {thing} et {thing}, s'il vous plaît.",
    ],
    "who": ["ma mère", "le boulanger", "Pierre", "la petite fille", "mon ami", "le président", "tout le monde", "Valérie", "un pompier"],
    "verbs": "trouve apporte mange prépare oublie ouvre voit pousse achète choisit mesure porte vend aime".split(),
    "thing": ["une pomme", "le vieux bateau", "la maison bleue", "un livre", "des fleurs", "le fromage", "beaucoup de pain", "la fenêtre",
              "une feuille verte", "le beau jardin", "un oiseau", "la musique", "mon chapeau", "du beurre"],
    "where": ["sous le pont", "dans la rue", "devant la porte", "au bord de la mer", "chez nous", "près du musée"],
    "when": ["aujourd'hui", "chaque matin", "avant minuit", "vendredi", "au mois de novembre", "tout le temps"],
    "adj": "beau simple magnifique possible vide rouge jeune propre important fabuleux".split(),
    "opener": ["Eh bien", "Bien sûr", "Mon ami", "Par exemple", "Tu vois", "Voilà"],
    "number": "un deux trois quatre cinq six sept neuf douze vingt cent mille".split(),
}  # fmt: skip

_GERMAN: Final = {
    "templates": [
        "{who} {verbs} {thing} {where}.", "{opener}, {who} {verbs} {thing} {when}.", "Warum {verbs} {who} {thing}?",
        "{when} {verbs} {who} {thing} {where}.", "{number} und {number}, dann {number}.", "Ich glaube, das ist {adj} und {adj}.",
        "Das war wirklich {adj}, oder?", "Guten Morgen, ich möchte {thing} und {thing}, bitte.",
    ],
    "who": ["meine Mutter", "der Bäcker", "Peter", "das kleine Mädchen", "unser Freund", "der Präsident", "jeder", "Barbara", "die Familie"],
    "verbs": "findet bringt baut malt vergisst öffnet sieht schiebt kauft wäscht misst trägt verkauft liebt".split(),
    "thing": ["einen Apfel", "das alte Boot", "die blaue Vase", "ein Buch", "viele Blumen", "den Pfeffer", "warmes Brot", "das Fenster",
              "fünf Bilder", "den schönen Garten", "einen Vogel", "die Musik", "meinen Hut", "Butter und Milch"],
    "where": ["unter der Brücke", "auf der Straße", "vor der Tür", "am Meer", "bei uns", "neben dem Museum"],
    "when": ["heute", "jeden Morgen", "vor Mitternacht", "am Freitag", "im November", "immer wieder"],
    "adj": "schön einfach prima möglich voll rot jung sauber wichtig fabelhaft".split(),
    "opener": ["Nun", "Natürlich", "Mein Freund", "Zum Beispiel", "Siehst du", "Übrigens"],
    "number": "eins zwei drei vier fünf sechs sieben neun zwölf zwanzig hundert tausend".split(),
}  # fmt: skip

_SPANISH: Final = {
    "templates": [
        "{who} {verbs} {thing} {where}.", "{opener}, {who} {verbs} {thing} {when}.", "¿Por qué {who} {verbs} {thing}?",
        "{when}, {who} {verbs} {thing}.", "{number} y {number}, después {number}.", "Creo que es {adj} y {adj}.",
        "Buenos días, quiero {thing} y {thing}, por favor.",
    ],
    "who": ["mi madre", "el panadero", "Pablo", "la niña pequeña", "mi amigo", "el presidente", "todo el mundo", "Marta"],
    "verbs": "busca encuentra pinta compra olvida abre mueve empuja vende prepara mide lleva".split(),
    "thing": ["una manzana", "el barco viejo", "la casa azul", "un libro", "muchas flores", "el queso", "pan blanco", "la ventana",
              "el jardín bonito", "un pájaro", "la música", "mi sombrero", "el vaso vacío"],
    "where": ["bajo el puente", "en la calle", "delante de la puerta", "en la playa", "en casa", "cerca del museo"],
    "when": ["hoy", "cada mañana", "antes de medianoche", "el viernes", "en noviembre", "siempre"],
    "adj": "bonito simple magnífico posible vacío rojo joven limpio importante".split(),
    "opener": ["Bueno", "Por supuesto", "Amigo mío", "Por ejemplo", "Mira"],
    "number": "uno dos tres cuatro cinco seis siete nueve doce veinte cien mil".split(),
}  # fmt: skip

_ITALIAN: Final = {
    "templates": [
        "{who} {verbs} {thing} {where}.", "{opener}, {who} {verbs} {thing} {when}.", "Perché {who} {verbs} {thing}?",
        "{when} {who} {verbs} {thing}.", "{number} e {number}, poi {number}.", "Penso che sia {adj} e {adj}.",
        "Buongiorno, vorrei {thing} e {thing}, per favore.",
    ],
    "who": ["mia madre", "il fornaio", "Paolo", "la bambina", "il mio amico", "il presidente", "nessuno", "Beatrice"],
    "verbs": "cerca trova dipinge compra dimentica apre muove spinge vende prepara misura porta".split(),
    "thing": ["una mela", "la vecchia barca", "la casa azzurra", "un libro", "molti fiori", "il formaggio", "pane bianco", "la finestra",
              "il bel giardino", "un uccello", "la musica", "il mio cappello", "il bicchiere vuoto"],
    "where": ["sotto il ponte", "nella strada", "davanti alla porta", "al mare", "a casa", "vicino al museo"],
    "when": ["oggi", "ogni mattina", "prima di mezzanotte", "venerdì", "a novembre", "sempre"],
    "adj": "bello semplice magnifico possibile vuoto rosso giovane pulito importante".split(),
    "opener": ["Bene", "Certamente", "Amico mio", "Per esempio", "Guarda"],
    "number": "uno due tre quattro cinque sei sette nove dodici venti cento mille".split(),
}  # fmt: skip

_PORTUGUESE: Final = {
    "templates": ["{who} {verbs} {thing} {where}.", "{opener}, {who} {verbs} {thing}.", "{number} e {number}, depois {number}."],
    "who": ["minha mãe", "o padeiro", "Pedro", "a menina", "meu amigo", "o presidente"],
    "verbs": "procura encontra pinta compra esquece abre empurra vende prepara leva".split(),
    "thing": ["uma maçã", "o barco velho", "a casa azul", "um livro", "muitas flores", "o queijo", "a janela", "a música", "meu chapéu"],
    "where": ["debaixo da ponte", "na rua", "na frente da porta", "na praia", "em casa"],
    "opener": ["Bom", "Claro", "Meu amigo", "Por exemplo"],
    "number": "um dois três quatro cinco seis sete nove doze vinte cem mil".split(),
}  # fmt: skip

_DUTCH: Final = {
    "templates": ["{who} {verbs} {thing} {where}.", "{opener}, {who} {verbs} {thing}, toch?", "{number} en {number}, dan {number}."],
    "who": ["mijn moeder", "de bakker", "Pieter", "het kleine meisje", "onze vriend", "de voorzitter"],
    "verbs": "vindt brengt bouwt schildert vergeet opent koopt wast verkoopt draagt".split(),
    "thing": ["een appel", "de oude boot", "het blauwe huis", "een boek", "veel bloemen", "de peper", "warm brood", "het raam", "mijn hoed"],
    "where": ["onder de brug", "op straat", "voor de deur", "aan zee", "thuis"],
    "opener": ["Nou", "Natuurlijk", "Mijn vriend", "Bijvoorbeeld"],
    "number": "een twee drie vier vijf zes zeven negen twaalf twintig honderd duizend".split(),
}  # fmt: skip

LANGUAGES: Final = {
    "en": _ENGLISH, "fr": _FRENCH, "de": _GERMAN, "es": _SPANISH, "it": _ITALIAN, "pt": _PORTUGUESE, "nl": _DUTCH,
}  # fmt: skip

_ONSETS: Final = "b p m f v w t d n s z l r k g h sh ch j th y br pl fl sm sp tr".split()
_VOWELS: Final = "a ee oo o i ay ow oy u".split()
_CODAS: Final = ["", "", "", "m", "p", "b", "f", "v", "n", "s", "t", "k", "l", "sh"]

_RHYMES: Final = {
    "ight": "night light fight right tight bright white height".split(), "ow": "flow show go know blow low slow throw".split(),
    "ame": "game name fame flame same blame came frame".split(), "ound": "sound ground round found bound pound".split(),
    "eat": "beat street heat feet meet sweet repeat seat".split(), "ove": "love above glove dove shove".split(),
    "ime": "time rhyme climb prime crime dime".split(), "op": "stop drop pop top shop hop".split(),
}  # fmt: skip
_RAP: Final = [
    "I {verb} to the {a}, and I {verb} to the {b}", "Move it, prove it, up with the {a}, {b}", "Every {noun} in the {a} wanna {verb} the {b}",
    "Push it to the {a}, now we back with the {b}", "No time for the {noun}, I'm a {noun} of the {a}, {b}", "Pop, pop, {verb} it, I {verb} it {a}, {b}",
    "Five {nouns}, {number} {nouns}, make 'em {verb} the {a}, {b}", "Better {verb} that {noun} when you feel the {a}, {b}",
]  # fmt: skip
_SONG: Final = [
    "Oh, my {noun}, my {adj} {noun}", "I will {verb} you, I will {verb} you, {when}", "La la la, {who} {verbs} the {noun}",
    "Far away, {where}, far away", "Where have you been, my {adj} {noun}", "Ah, ah, ah, oh, oh", "Mamma mia, my {noun} {where}",
    "We are {adj}, we are {adj}, you and me", "Come home, come home, {when}", "Ooh, the {noun} and the moon",
]  # fmt: skip


def sentence(rng: np.random.Generator, language: str = "en") -> str:
    """A sentence in a language of ``LANGUAGES``; one in ten is a row of numbers, or, in English, of made-up syllables."""
    words = LANGUAGES[language]
    draw = rng.random()
    if draw < 0.05:
        return ", ".join(str(w) for w in rng.choice(words["number"], size=rng.integers(4, 9))) + "."
    if draw < 0.10 and language == "en":
        return " ".join(_made_up(rng) for _ in range(rng.integers(4, 9))) + "."
    return _fill(str(rng.choice(words["templates"])), words, rng)


def passage(rng: np.random.Generator, language: str = "en") -> str:
    """One to three sentences, about 3 to 12 seconds of speech."""
    return " ".join(sentence(rng, language) for _ in range(rng.integers(1, 4)))


def rap_lines(rng: np.random.Generator) -> str:
    """Two to four English lines in pairs that rhyme."""
    lines = []
    for _ in range(rng.integers(1, 3)):
        rhymes = _RHYMES[str(rng.choice(sorted(_RHYMES)))]
        for _ in range(2):
            a, b = (str(w) for w in rng.choice(rhymes, size=2, replace=False))
            lines.append(_fill(str(rng.choice(_RAP)).replace("{a}", a).replace("{b}", b), _ENGLISH, rng))
    return ", ".join(lines) + "."


def song_line(rng: np.random.Generator, language: str = "en") -> str:
    """A line or two to be sung."""
    if language != "en":
        return sentence(rng, language)
    return ", ".join(_fill(str(rng.choice(_SONG)), _ENGLISH, rng) for _ in range(rng.integers(1, 3))) + "."


def _fill(template: str, words: dict[str, list[str]], rng: np.random.Generator) -> str:
    text = template
    while "{" in text:
        slot = text[text.index("{") + 1 : text.index("}")]
        text = text.replace("{" + slot + "}", str(rng.choice(words[slot])), 1)
    return text[0].upper() + text[1:]


def _made_up(rng: np.random.Generator) -> str:
    return "".join(
        str(rng.choice(_ONSETS)) + str(rng.choice(_VOWELS)) + str(rng.choice(_CODAS)) for _ in range(rng.integers(1, 4))
    )
