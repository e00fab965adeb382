"""Words of which the names, streets and cities of persons are made."""

GIVEN_NAMES = (
    "anna", "emma", "marie", "lena", "laura", "julia", "sarah", "lisa", "hannah", "sophie",
    "clara", "paula", "ida", "greta", "nora", "frieda", "charlotte", "louise", "camille", "manon",
    "chloe", "juliette", "ines", "margaux", "elodie", "aurelie", "celine", "amelie", "elif",
    "zeynep", "ayse", "fatma", "merve", "esra", "derya", "sibel", "yasemin", "gul", "emine",
    "hatice", "selin", "ceren", "olivia", "amelia", "grace", "ruby", "freya", "daisy", "poppy",
    "evelyn", "harriet", "abigail", "imogen", "phoebe", "max", "paul", "leon", "lukas", "jonas",
    "felix", "moritz", "anton", "emil", "karl", "otto", "bruno", "oskar", "theo", "hans", "louis",
    "gabriel", "hugo", "jules", "arthur", "raphael", "mathis", "antoine", "baptiste", "remi",
    "thibault", "yves", "mehmet", "mustafa", "emre", "burak", "kerem", "yusuf", "omer", "hasan",
    "ibrahim", "serkan", "tolga", "cem", "oliver", "harry", "george", "noah", "jack", "leo",
    "oscar", "charlie", "henry", "archie", "freddie", "stanley", "edward",
)  # fmt: skip
_STEMS = (
    "berg", "stein", "wald", "kauf", "hof", "schmid", "bauer", "kell", "ried", "lang", "gross",
    "klein", "brand", "lind", "roth", "vog", "mart", "bern", "dub", "four", "laur", "mor", "sim",
    "leroy", "gir", "bonn", "franc", "merc", "faur", "rouss", "yil", "dem", "kay", "ozt", "ayd",
    "arsl", "dog", "kil", "cet", "kar", "sah", "ozd", "polat", "smi", "will", "jon", "tayl",
    "brow", "dav", "evan", "thom", "rob", "walk", "wright", "green", "hugh", "edw",
)  # fmt: skip
_ENDINGS = (
    "er", "mann", "ler", "ner", "en", "hoff", "ke", "sohn", "el", "ot", "et", "ier", "eau", "ard",
    "in", "as", "maz", "ir", "oglu", "tas", "an", "kaya", "son", "s", "ton", "ley", "ford", "ham",
    "well", "by",
)  # fmt: skip
SURNAMES = tuple(stem + ending for ending in _ENDINGS for stem in _STEMS)
STREETS = tuple(
    f"{stem}{ending}"
    for ending in ("weg", "strasse", "gasse", " street", " road", " lane", " allee", "platz")
    for stem in (*_STEMS, "linden", "kirch", "bahnhof", "garten", "haupt", "schul", "muehl")
)
CITIES = tuple(
    f"{stem}{ending}" for ending in ("dorf", "burg", "stadt", "ville") for stem in _STEMS[:30]
)
DOMAINS = ("post.example", "mail.example", "web.example", "inbox.example")
