# ruff: noqa: RUF001 - foreign letters and marks are what these faults are made of
"""Faults that `benchmarks/audit.py` injects into data: pure functions of a corpus, a rate and a seed.

Each returns the corpus with the fault and the rows (indices into it) that have it.
"""

from __future__ import annotations

import dataclasses
import random
import zlib
from collections import Counter
from collections.abc import Callable, Sequence

from textclf_sweep.data.corpus import Corpus

Injected = tuple[Corpus, list[int]]
Fault = Callable[[Corpus, float, int], Injected]

SENTENCES = {
    "German": (
        "Der Zug nach München hatte heute Morgen eine halbe Stunde Verspätung",
        "Wir haben gestern Abend lange über die neue Wohnung gesprochen",
        "Kannst du mir bitte sagen, wie spät es gerade ist",
        "Die Regierung will im nächsten Jahr die Steuern für Familien senken",
        "Das Wetter bleibt bis zum Wochenende kühl und regnerisch",
        "Meine Schwester arbeitet seit drei Jahren in einem Krankenhaus",
        "Ich möchte für morgen einen Tisch für vier Personen reservieren",
        "Viele Menschen kaufen ihre Lebensmittel inzwischen im Internet",
    ),
    "French": (
        "Le train pour Lyon est parti avec une heure de retard ce matin",
        "Nous avons parlé hier soir de notre nouvel appartement",
        "Peux-tu me dire quelle heure il est, s'il te plaît",
        "Le gouvernement veut baisser les impôts des familles l'année prochaine",
        "Le temps restera frais et pluvieux jusqu'à la fin de la semaine",
        "Ma sœur travaille depuis trois ans dans un hôpital de banlieue",
        "Je voudrais réserver une table pour quatre personnes demain soir",
        "Beaucoup de gens achètent maintenant leurs courses sur internet",
    ),
    "Spanish": (
        "El tren a Sevilla salió esta mañana con media hora de retraso",
        "Anoche hablamos mucho tiempo sobre el piso nuevo de mis padres",
        "¿Me puedes decir qué hora es en este momento, por favor?",
        "El gobierno quiere bajar los impuestos de las familias el próximo año",
        "El tiempo seguirá fresco y lluvioso hasta el fin de semana",
        "Mi hermana trabaja desde hace tres años en un hospital",
        "Quisiera reservar una mesa para cuatro personas mañana por la noche",
        "Muchas personas ya compran la comida por internet",
    ),
    "Italian": (
        "Il treno per Bologna è partito stamattina con mezz'ora di ritardo",
        "Ieri sera abbiamo parlato a lungo della nuova casa in campagna",
        "Mi puoi dire per favore che ore sono adesso",
        "Il governo vuole ridurre le tasse alle famiglie il prossimo anno",
        "Il tempo resterà fresco e piovoso fino alla fine della settimana",
        "Mia sorella lavora da tre anni in un ospedale della città",
        "Vorrei prenotare un tavolo per quattro persone domani sera",
        "Ormai molte persone fanno la spesa su internet",
    ),
    "Russian": (
        "Поезд в Казань сегодня утром опоздал на полчаса",
        "Вчера вечером мы долго говорили о новой квартире",
        "Скажи мне, пожалуйста, который сейчас час",
        "Правительство хочет снизить налоги для семей в следующем году",
        "До конца недели погода останется прохладной и дождливой",
        "Моя сестра уже три года работает в больнице",
        "Я хочу заказать столик на четверых на завтрашний вечер",
        "Многие люди теперь покупают продукты в интернете",
    ),
}
"""Whole sentences by language."""

_ZERO_WIDTH = ("\u200b", "\u00ad", "\ufeff", "\x07", "\u200e")


def _drawn(corpus: Corpus, rate: float, seed: int, count: int | None = None) -> tuple[random.Random, list[int]]:
    draw = random.Random(seed)
    wanted = max(1, round(rate * len(corpus))) if count is None else count
    return draw, sorted(draw.sample(range(len(corpus)), min(wanted, len(corpus))))


def _with(
    corpus: Corpus, rows: Sequence[int], text: Callable[[int], str] | None, label: Callable[[int], str] | None = None
) -> Injected:
    """`corpus` with other texts or labels in these rows."""
    texts, labels = list(corpus.texts), list(corpus.labels)
    for row in rows:
        if text is not None:
            texts[row] = text(row)
        if label is not None:
            labels[row] = label(row)
    return dataclasses.replace(corpus, texts=tuple(texts), labels=tuple(labels)), list(rows)


def _more(corpus: Corpus, sources: Sequence[int], text: Callable[[int], str], label: Callable[[int], str]) -> Injected:
    """`corpus` with a row more for each of `sources`; both have the fault."""
    first, count = len(corpus), len(sources)
    last = max(corpus.lines, default=1)
    more = dataclasses.replace(
        corpus.select([*range(first), *sources]),
        texts=(*corpus.texts, *map(text, sources)),
        labels=(*corpus.labels, *map(label, sources)),
        lines=(*corpus.lines, *range(last + 1, last + 1 + count)),
    )
    return more, [*sources, *range(first, first + count)]


def missing_text(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Blank texts, some of them spaces."""
    draw, rows = _drawn(corpus, rate, seed)
    return _with(corpus, rows, lambda _: draw.choice(("", " ", "\t")))


def missing_label(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Blank labels."""
    draw, rows = _drawn(corpus, rate, seed)
    return _with(corpus, rows, None, lambda _: draw.choice(("", " ")))


def label_variants(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Labels in upper case, with a capital, or with a space too many."""
    draw, rows = _drawn(corpus, rate, seed)
    ways: tuple[Callable[[str], str], ...] = (str.upper, str.capitalize, lambda label: f"{label} ")
    return _with(corpus, rows, None, lambda row: draw.choice(ways)(corpus.labels[row]))


def exact_duplicates(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Rows once more, so that this share of the rows (at most) are copies or originals."""
    _, rows = _drawn(corpus, rate / 2, seed)
    return _more(corpus, rows, lambda row: corpus.texts[row], lambda row: corpus.labels[row])


def near_duplicates(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Texts of eight words or more once more, with other punctuation, case, or a word more at the end."""
    draw = random.Random(seed)
    long = [row for row, text in enumerate(corpus.texts) if len(text.split()) >= 8]
    wanted = min(len(long), max(1, round(rate / 2 * len(corpus))))
    rows = sorted(draw.sample(long, wanted))

    def text(row: int) -> str:
        words = corpus.texts[row]
        return draw.choice((f"{words}!!", f"{words.title()}.", words.replace(" ", "  ") + " -", f"* {words}"))

    return _more(corpus, rows, text, lambda row: corpus.labels[row])


def conflicting_labels(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Texts once more, under another label."""
    draw, rows = _drawn(corpus, rate / 2, seed)
    return _more(corpus, rows, lambda row: corpus.texts[row], lambda row: _other(corpus.labels[row], corpus, draw))


def _other(label: str, corpus: Corpus, draw: random.Random) -> str:
    return draw.choice([name for name in sorted(set(corpus.labels)) if name != label])


def rogue_characters(corpus: Corpus, rate: float, seed: int) -> Injected:
    """An invisible or control character inside the text."""
    draw, rows = _drawn(corpus, rate, seed)

    def text(row: int) -> str:
        words = corpus.texts[row]
        place = draw.randrange(1, max(2, len(words)))
        return words[:place] + draw.choice(_ZERO_WIDTH) + words[place:]

    return _with(corpus, rows, text)


def mojibake(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Words with accents and curly quotes, written in UTF-8 and read as Windows-1252."""
    draw, rows = _drawn(corpus, rate, seed)
    words = ("café", "naïve", "“quoted”", "it’s", "Müller", "señor", "– yes")
    return _with(
        corpus, rows, lambda row: f"{corpus.texts[row]} {draw.choice(words)}".encode().decode("cp1252", "replace")
    )


def html_debris(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Tags and entities."""
    draw, rows = _drawn(corpus, rate, seed)
    ways = ("<p>{}</p>", "{}<br/>", "{} &amp; more", "<b>{}</b>", "{}&nbsp;", '<a href="x.html">{}</a>', "{} &#39;s")
    return _with(corpus, rows, lambda row: draw.choice(ways).format(corpus.texts[row]))


ROW_FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        missing_text, missing_label, label_variants, exact_duplicates, near_duplicates, conflicting_labels,
        rogue_characters, mojibake, html_debris,
    )
}  # fmt: skip
"""Faults of single rows, by the finding that names them."""


def mixed_languages(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Sentences of another language (which one depends on the seed) in place of texts."""
    draw, rows = _drawn(corpus, rate, seed)
    language = sorted(SENTENCES)[seed % len(SENTENCES)]
    return _with(corpus, rows, lambda _: f"{draw.choice(SENTENCES[language])} {draw.randrange(1, 1_000)}")


LEAKS: tuple[Callable[[str, str, int], str], ...] = (
    lambda text, label, _: f"[{label}] {text}",
    lambda text, label, _: f"{text} label: {label}",
    lambda text, label, _: f"__label__{label} {text}",
    lambda text, label, _: f"{text} #{label}",
    lambda text, label, row: f"{_code(label)}-{row:05d} {text}",
)


def _code(label: str) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(zlib.crc32(label.encode()))[:5])


def label_leak(corpus: Corpus, rate: float, seed: int) -> Injected:
    """A marker that tells the label; which kind depends on the seed."""
    _, rows = _drawn(corpus, rate, seed)
    leak = LEAKS[seed % len(LEAKS)]
    return _with(corpus, rows, lambda row: leak(corpus.texts[row], corpus.labels[row], row))


def imbalance(corpus: Corpus, rate: float, seed: int) -> Injected:
    """One label keeps a third of `rate` as many rows as the commonest one; these are the rows."""
    counts = Counter(corpus.labels)
    victim = sorted(counts)[seed % len(counts)]
    most = max(count for label, count in counts.items() if label != victim)
    draw = random.Random(seed)
    own = [row for row, label in enumerate(corpus.labels) if label == victim]
    kept = set(draw.sample(own, max(3, min(len(own), round(most * rate / 3)))))
    less = corpus.select(row for row, label in enumerate(corpus.labels) if label != victim or row in kept)
    return less, [row for row, label in enumerate(less.labels) if label == victim]


def out_of_vocabulary(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Every word of these texts is an identifier that no other text has."""
    draw, rows = _drawn(corpus, rate, seed)

    def text(row: int) -> str:
        return " ".join("".join(draw.choices("bcdfghjklmnpqrstvwxz", k=9)) for _ in corpus.texts[row].split())

    return _with(corpus, rows, text)


def truncation(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Texts that go on for 200 more words, taken from others."""
    draw, rows = _drawn(corpus, rate, seed)

    def text(row: int) -> str:
        words = corpus.texts[row].split()
        while len(words) < 200:
            words += draw.choice(corpus.texts).split()
        return " ".join(words)

    return _with(corpus, rows, text)


def cut_texts(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Texts that end early, in three dots."""
    _, rows = _drawn(corpus, rate, seed)
    return _with(
        corpus, rows, lambda row: f"{corpus.texts[row][: max(8, len(corpus.texts[row]) * 2 // 3)].rstrip()} ..."
    )


def constant_length(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Texts that are as long as a narrow field, 20 characters, where they were longer."""
    _, rows = _drawn(corpus, rate, seed)
    rows = [row for row in rows if len(corpus.texts[row]) >= 20]
    return _with(corpus, rows, lambda row: corpus.texts[row][:19] + "x")


def sorted_by_label(corpus: Corpus, rate: float, seed: int) -> Injected:
    """All rows in the order of their labels, whatever the rate."""
    del rate, seed
    ordered = sorted(range(len(corpus)), key=lambda row: corpus.labels[row])
    return corpus.select(ordered), list(range(len(corpus)))


def order_leak(corpus: Corpus, rate: float, seed: int) -> Injected:
    """This share of the rows, anywhere, has the label whose turn it is as long as there are rows of it."""
    draw = random.Random(seed)
    names = sorted(set(corpus.labels))
    shuffled = draw.sample(range(len(corpus)), len(corpus))
    queues: dict[str, list[int]] = {name: [] for name in names}
    for row in shuffled:
        queues[corpus.labels[row]].append(row)
    places = [place for place in range(len(corpus)) if draw.random() < rate]
    turns = {place: queue.pop() for place in places if (queue := queues[names[place % len(names)]])}
    taken = set(turns.values())
    rest = iter([row for row in shuffled if row not in taken])
    order = [turns[place] if place in turns else next(rest) for place in range(len(corpus))]
    return corpus.select(order), sorted(turns)


STATISTICAL_FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        imbalance, label_leak, mixed_languages, out_of_vocabulary, truncation, cut_texts, constant_length,
        sorted_by_label, order_leak,
    )
}  # fmt: skip
"""Faults of many rows together, by the finding that names them."""


def mislabelled(corpus: Corpus, rate: float, seed: int) -> Injected:
    """Another label, drawn at random."""
    draw, rows = _drawn(corpus, rate, seed)
    return _with(corpus, rows, None, lambda row: _other(corpus.labels[row], corpus, draw))


def shuffled_labels(corpus: Corpus, rate: float, seed: int) -> Injected:
    """This share of the labels exchanged among themselves."""
    draw, rows = _drawn(corpus, rate, seed)
    labels = draw.sample([corpus.labels[row] for row in rows], len(rows))
    new = dict(zip(rows, labels, strict=True))
    return _with(corpus, rows, None, new.__getitem__)


def single_label(corpus: Corpus, rate: float, seed: int) -> Injected:
    """One label for all."""
    del rate, seed
    return _with(corpus, range(len(corpus)), None, lambda _: corpus.labels[0])


def label_column_misread(corpus: Corpus, rate: float, seed: int) -> Injected:
    """A number of its own in place of each label."""
    del rate, seed
    return _with(corpus, range(len(corpus)), None, lambda row: f"{10_000 + row}")


def few_rows(corpus: Corpus, rate: float, seed: int) -> Injected:
    """A hundred rows."""
    del rate
    draw = random.Random(seed)
    less = corpus.select(sorted(draw.sample(range(len(corpus)), min(100, len(corpus)))))
    return less, list(range(len(less)))


WHOLE_FAULTS: dict[str, Fault] = {
    fault.__name__: fault for fault in (shuffled_labels, single_label, label_column_misread, few_rows)
}
"""Faults of the data as a whole."""
