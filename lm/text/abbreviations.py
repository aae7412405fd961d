"""Short forms and what is said for them: titles, months, units, currencies, streets, states, acronyms.

Where a pair is given, it is the singular and the plural.
"""

from typing import Final

from .folding import CENT, EURO, MICRO, POUND, RUBLE, RUPEE, WON, YEN

TITLES: Final = {
    "mr": "mister", "mrs": "missus", "dr": "doctor", "messrs": "messieurs", "mme": "madame", "mlle": "mademoiselle",
    "jr": "junior", "sr": "senior", "ltd": "limited", "inc": "incorporated", "bros": "brothers", "vs": "versus",
    "etc": "et cetera", "esq": "esquire", "viz": "namely", "approx": "approximately", "dept": "department",
    "blvd": "boulevard", "govt": "government",
}  # fmt: skip
"""Read out wherever they stand as words, with or without a full stop."""
SPELLED: Final = tuple(
    (  # noqa: SIM905
        "adhd cbs cctv cdc ceo cfo cia cnn cpu cto dj dvd faq fbi gdp gmt gpu hbo hdmi hiv hmo html http https ibm "
        "iou iq irs kfc kgb lcd llc mba mgm mlb mri mtv mvp nbc ncaa nhl nsa nypd nyu pbs pdf phd pga rna rpg rsvp sms "
        "sql suv ucla ufc usb usda usps ussr vhs vip vpn www wwf xml"
    ).split()
)
"""Acronyms said letter by letter that no word list has as words."""
DOTTED: Final = {
    "co": "company", "corp": "corporation", "ave": "avenue", "rd": "road", "vol": "volume", "hon": "honorable",
    "prof": "professor", "capt": "captain", "col": "colonel", "gen": "general", "lt": "lieutenant", "sgt": "sergeant",
    "maj": "major", "rev": "reverend", "gov": "governor", "sen": "senator", "rep": "representative",
    "pres": "president", "ft": "fort", "mt": "mount", "lieut": "lieutenant", "cpt": "captain", "cmdr": "commander",
    "adm": "admiral", "wm": "william", "chas": "charles", "geo": "george", "thos": "thomas",
    "jas": "james", "benj": "benjamin", "brig": "brigadier", "rt": "right", "cpl": "corporal", "pvt": "private",
    "supt": "superintendent", "edw": "edward", "jos": "joseph", "robt": "robert", "mts": "mountains",
}  # fmt: skip
"""Read out only with a full stop and a capital letter at both sides of it: "Gen. Grant", not "the gen. He ..."."""
DAYS: Final = {
    "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "thu": "thursday", "thur": "thursday",
    "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday",
}  # fmt: skip
MONTHS: Final = {
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july",
    "aug": "august", "sep": "september", "sept": "september", "oct": "october", "nov": "november", "dec": "december",
}  # fmt: skip
MONTH_NAMES: Final = "january february march april may june july august september october november december".split()  # noqa: SIM905
BEFORE_FIGURES: Final = {
    "no": "number", "nos": "numbers", "p": "page", "pp": "pages", "fig": "figure", "figs": "figures",
    "ch": "chapter", "chap": "chapter", "vol": "volume", "vols": "volumes", "sec": "section", "art": "article",
    "apt": "apartment", "ext": "extension", "tel": "telephone", "ste": "suite", "rte": "route", "hwy": "highway",
    "para": "paragraph", "bldg": "building", "rm": "room",
}  # fmt: skip
"""Read out with a full stop before figures: "No. 5", "p. 7"."""
UNITS: Final = {
    "ft": ("foot", "feet"), "in": ("inch", "inches"), "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"), "mi": ("mile", "miles"), "yd": ("yard", "yards"), "yds": ("yard", "yards"),
    "cwt": ("hundredweight", "hundredweight"), "km": ("kilometer", "kilometers"), "kg": ("kilogram", "kilograms"),
    "kgs": ("kilogram", "kilograms"), "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"),
    "ml": ("milliliter", "milliliters"), "mg": ("milligram", "milligrams"),
    "gal": ("gallon", "gallons"), "qt": ("quart", "quarts"), "pt": ("pint", "pints"),
    "tsp": ("teaspoon", "teaspoons"), "tbsp": ("tablespoon", "tablespoons"), "doz": ("dozen", "dozen"),
    "mph": ("mile per hour", "miles per hour"), "kmh": ("kilometer per hour", "kilometers per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"), "hp": ("horsepower", "horsepower"),
    "hr": ("hour", "hours"), "hrs": ("hour", "hours"), "min": ("minute", "minutes"), "mins": ("minute", "minutes"),
    "sec": ("second", "seconds"), "secs": ("second", "seconds"), "yr": ("year", "years"), "yrs": ("year", "years"),
    "wk": ("week", "weeks"), "wks": ("week", "weeks"),
    "ghz": ("gigahertz", "gigahertz"), "mhz": ("megahertz", "megahertz"), "khz": ("kilohertz", "kilohertz"),
    "hz": ("hertz", "hertz"), "kw": ("kilowatt", "kilowatts"), "kwh": ("kilowatt hour", "kilowatt hours"),
    "mw": ("megawatt", "megawatts"), "kb": ("kilobyte", "kilobytes"), "mb": ("megabyte", "megabytes"),
    "gb": ("gigabyte", "gigabytes"), "tb": ("terabyte", "terabytes"),
    "mbps": ("megabit per second", "megabits per second"),
    "gbps": ("gigabit per second", "gigabits per second"), "pct": ("percent", "percent"), "deg": ("degree", "degrees"),
    "degrees": ("degree", "degrees"), "db": ("decibel", "decibels"),
    f"{MICRO}m": ("micrometer", "micrometers"), f"{MICRO}g": ("microgram", "micrograms"),
    f"{MICRO}s": ("microsecond", "microseconds"),
}  # fmt: skip
"""Read out after figures, in any case."""
CASED_UNITS: Final = {
    "m": ("meter", "meters"), "g": ("gram", "grams"), "V": ("volt", "volts"), "W": ("watt", "watts"),
    "kV": ("kilovolt", "kilovolts"), "ms": ("millisecond", "milliseconds"),
}  # fmt: skip
"""Read out after figures as they are written here; a single letter only after two figures or a space."""
PER: Final = {
    "h": "hour", "hr": "hour", "s": "second", "sec": "second", "min": "minute", "day": "day", "l": "liter",
    "L": "liter", "mo": "month", "yr": "year", "wk": "week", "lb": "pound", "kg": "kilogram", "hour": "hour",
    "second": "second",
    "minute": "minute", "night": "night", "week": "week", "month": "month", "year": "year", "person": "person",
    "mile": "mile", "acre": "acre", "head": "head", "gallon": "gallon", "ton": "ton", "gal": "gallon",
    "dl": "deciliter",
}  # fmt: skip
"""Read out after a stroke: 5 km/h, $40/month."""
STREETS: Final = {
    "St": "street", "Ave": "avenue", "Av": "avenue", "Blvd": "boulevard", "Rd": "road", "Dr": "drive", "Ln": "lane",
    "Ct": "court", "Pl": "place", "Hwy": "highway", "Pkwy": "parkway",
    "Expy": "expressway", "Fwy": "freeway", "hwy": "highway", "Sq": "square", "Ter": "terrace",
}  # fmt: skip
COMPASS: Final = {
    "N": "north", "S": "south", "E": "east", "W": "west", "NE": "northeast", "NW": "northwest", "SE": "southeast",
    "SW": "southwest",
}  # fmt: skip
STATES: Final = {
    "AK": "alaska", "AR": "arkansas", "AZ": "arizona", "CA": "california", "CT": "connecticut", "FL": "florida",
    "GA": "georgia", "IA": "iowa", "IL": "illinois", "KS": "kansas", "KY": "kentucky", "MI": "michigan",
    "MN": "minnesota", "MO": "missouri", "MS": "mississippi", "MT": "montana", "NC": "north carolina",
    "ND": "north dakota", "NE": "nebraska", "NH": "new hampshire", "NJ": "new jersey", "NM": "new mexico",
    "NV": "nevada", "NY": "new york", "RI": "rhode island", "SC": "south carolina", "SD": "south dakota",
    "TN": "tennessee", "TX": "texas", "UT": "utah", "VA": "virginia", "VT": "vermont", "WA": "washington",
    "WI": "wisconsin", "WV": "west virginia", "WY": "wyoming",
}  # fmt: skip
"""Postal codes that are no English words; read out after a comma."""
KINGS: Final = (
    "alexander alfonso alphonse charles christian edward elizabeth ferdinand francis frederick george gustavus henry "
    "innocent james john leo louis mary napoleon nicholas otto paul peter philip pius richard urban victor william "
    "clement gregory benedict boniface catherine ramses ptolemy"
)
PARTS: Final = "act appendix article book canto chapter figure part phase psalm scene section table volume"
DOMAINS: Final = "com org net edu gov mil info biz io uk ca de fr eu jp au nl ch tv fm"
CURRENCIES: Final = {
    "$": ("dollar", "dollars", "cent", "cents"),
    POUND: ("pound", "pounds", "penny", "pence"),
    EURO: ("euro", "euros", "cent", "cents"),
    YEN: ("yen", "yen", "sen", "sen"),
    RUPEE: ("rupee", "rupees", "paisa", "paise"),
    WON: ("won", "won", "jeon", "jeon"),
    RUBLE: ("ruble", "rubles", "kopeck", "kopecks"),
}
LANDS: Final = {
    "US": "u s",
    "A": "australian",
    "AU": "australian",
    "C": "canadian",
    "CA": "canadian",
    "HK": "hong kong",
    "NZ": "new zealand",
}
MAGNITUDES: Final = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "bn": "billion",
    "b": "billion",
    "tn": "trillion",
}
SYMBOLS: Final = {
    "&": "and", "%": "percent", "+": "plus", "=": "equals", "@": "at", "$": "dollars", POUND: "pounds",
    EURO: "euros", YEN: "yen", RUPEE: "rupees", WON: "won", RUBLE: "rubles", CENT: "cents", MICRO: "micro",
}  # fmt: skip
ROMANS: Final = tuple(
    f"{hundred}{ten}{one}"
    for hundred in ("", "c")
    for ten in ("", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx", "xc")
    for one in ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
    if f"{hundred}{ten}{one}" not in ("", "i", "c", "l")
)
"""Roman numerals up to 199, in lower case, without those that are letters or words on their own."""
LETTERS_FOR: Final = {word: " ".join(word) for word in SPELLED} | {
    f"{word}'s": f"{' '.join(word)}'s" for word in SPELLED
}
WORDS: Final = TITLES | LETTERS_FOR
"""Every single word that is replaced wherever it stands."""
CLOSER_LOOK: Final = frozenset(
    {
        *DOTTED, *DAYS, *ROMANS, *(f"{numeral}'s" for numeral in ROMANS), *DOMAINS.split(), *map(str.lower, STATES),
        "st", "www", "chapter", "e", "w", "b", "ph", "phds", "wwi", "wwii",
    }
    - {"sun", "sat", "de"}
)  # fmt: skip
"""Words (lower case, without full stops) that make a line worth a closer look."""
