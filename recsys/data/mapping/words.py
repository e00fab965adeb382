"""Names and words that firms use, in English and German, for those of the library."""

import re
from typing import Final

TABLES: Final = {
    "interactions": (
        "interactions", "events", "transactions", "buchungen", "transaktionen", "umsaetze",
        "ereignisse", "interaktionen", "kontakte", "bewegungen", "journal", "clicks", "orders",
    ),
    "customers": ("customers", "clients", "users", "kunden", "kundenstamm", "personen", "partner"),
    "products": ("products", "items", "articles", "produkte", "artikel", "katalog"),
    "offers": ("offers", "angebote", "aktionen", "coupons"),
    "touchpoints": ("touchpoints", "channels", "kanaele", "kontaktpunkte", "vertriebswege"),
    "identities": ("identities", "identitaeten", "verknuepfungen", "links", "idmapping"),
    "decisions": ("decisions", "entscheidungen", "ausspielungen", "kontakthistorie", "impressions"),
    "records": ("records", "persons", "contacts", "personendaten", "stammdaten", "adressen"),
}  # fmt: skip

COLUMNS: Final = {
    "customer_id": (
        "customerid", "customer", "clientid", "userid", "kundennr", "kundennummer", "kundenid",
        "kunde", "partnernr", "personennr",
    ),
    "product_id": (
        "productid", "product", "itemid", "sku", "articleid", "produktnr", "produktnummer",
        "produktid", "produkt", "artikelnr", "artikelnummer", "artikel",
    ),
    "touchpoint": ("touchpoint", "channel", "kanal", "kontaktweg", "vertriebsweg"),
    "action": ("action", "event", "eventtype", "aktion", "ereignis", "vorgang", "vorgangsart"),
    "timestamp": (
        "timestamp", "time", "date", "datetime", "zeitpunkt", "zeit", "datum", "zeitstempel",
        "buchungsdatum", "buchungszeit", "ereigniszeit",
    ),
    "value": ("value", "amount", "revenue", "betrag", "wert", "umsatz", "summe"),
    "duration": ("duration", "seconds", "dauer", "dauersekunden", "dauersek"),
    "weight": ("weight", "gewicht"),
    "session_id": ("sessionid", "session", "sitzung", "sitzungsnr", "sitzungsid"),
    "language": ("language", "sprache", "korrespondenzsprache"),
    "time_zone": ("timezone", "zeitzone"),
    "valid_from": ("validfrom", "gueltigab", "gueltigvon", "stand", "beginn", "startdatum"),
    "valid_to": ("validto", "gueltigbis", "ende", "enddatum", "ablauf"),
    "name": ("name", "productname", "bezeichnung", "produktname", "titel"),
    "category": ("category", "kategorie", "produktgruppe", "sparte", "warengruppe"),
    "price": ("price", "preis", "gebuehr", "listenpreis"),
    "margin": ("margin", "marge", "deckungsbeitrag"),
    "offer_id": ("offerid", "offer", "angebotsnr", "angebotsnummer", "angebot", "angebotsid"),
    "variant": ("variant", "variante", "motiv"),
    "campaign": ("campaign", "kampagne"),
    "reward": ("reward", "ertrag", "erloes"),
    "cost": ("cost", "kosten"),
    "outbound": ("outbound", "ausgehend", "aktiv"),
    "capacity": ("capacity", "kapazitaet"),
    "id_a": ("ida", "id1", "quellid"),
    "id_b": ("idb", "id2", "zielid"),
    "kind": ("kind", "type", "typ", "art"),
    "confidence": ("confidence", "sicherheit", "konfidenz"),
    "decision_id": ("decisionid", "entscheidungsnr", "entscheidungsid", "entscheidung"),
    "policy": ("policy", "strategie", "regelwerk"),
    "propensity": ("propensity", "ausspielwahrscheinlichkeit", "wahrscheinlichkeit"),
    "outcome": ("outcome", "response", "ergebnis", "reaktion", "antwort"),
    "slate_id": ("slateid", "slate", "ausspielung"),
    "record_id": ("recordid", "recid", "record", "satznr", "satznummer", "datensatznr"),
    "source": ("source", "system", "quelle", "quellsystem"),
    "given_name": ("givenname", "firstname", "forename", "vorname"),
    "surname": ("surname", "lastname", "familyname", "nachname", "familienname"),
    "birth_date": ("birthdate", "dateofbirth", "dob", "birthday", "geburtsdatum", "geburtstag"),
    "email": ("email", "emailaddress", "mail", "emailadresse"),
    "phone": ("phone", "phonenumber", "mobile", "telephone", "telefon", "telefonnummer", "handy"),
    "street": ("street", "address1", "addressline1", "strasse"),
    "street_number": ("streetnumber", "housenumber", "hausnummer", "hausnr"),
    "postcode": ("postcode", "zip", "zipcode", "postalcode", "plz", "postleitzahl"),
    "city": ("city", "town", "suburb", "ort", "stadt", "wohnort"),
    "loyalty_id": ("loyaltyid", "loyaltycard", "kundenkarte", "kartennummer"),
    "position": ("position", "platz", "rang"),
}  # fmt: skip

CONSENTS: Final = ("consent", "optin", "einwilligung", "werbung", "werbeerlaubnis", "erlaubnis")

ACTIONS: Final = {
    "view": ("view", "viewed", "ansicht", "angesehen", "aufruf", "impression"),
    "click": ("click", "clicked", "klick", "geklickt"),
    "cart": ("cart", "addtocart", "warenkorb", "merkliste"),
    "accept": ("accept", "accepted", "annahme", "angenommen", "zusage"),
    "purchase": ("purchase", "buy", "order", "transaction", "kauf", "gekauft", "abschluss"),
    "reject": ("reject", "rejected", "decline", "ablehnung", "abgelehnt", "absage"),
    "ignore": ("ignore", "ignored", "noresponse", "ignoriert", "keinereaktion"),
    "contact": ("contact", "call", "kontakt", "anruf", "beratung", "gespraech", "anfrage"),
}  # fmt: skip

TOUCHPOINTS: Final = {
    "app": ("app", "mobile", "mobileapp"),
    "web": ("web", "website", "online", "internet", "onlinebanking", "webseite"),
    "branch": ("branch", "filiale", "geschaeftsstelle", "store"),
    "call_center": ("callcenter", "phone", "telefon", "hotline", "servicecenter"),
    "email": ("email", "mail", "newsletter"),
    "push": ("push", "pushnachricht"),
    "letter": ("letter", "brief", "post", "mailing"),
}  # fmt: skip

FLAGS: Final = {
    "j": True, "ja": True, "y": True, "yes": True, "wahr": True, "x": True,
    "n": False, "nein": False, "no": False, "falsch": False,
}  # fmt: skip
PLAIN_FLAGS: Final = ("true", "false", "1", "0")
"""Flags that need no mapping."""

EMPTY: Final = ("-", "--", "k.A.", "k. A.", "keine Angabe", "?")

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def normalised(word: str) -> str:
    """A name or word without case, umlauts, blanks and signs."""
    return re.sub(r"[^a-z0-9]", "", word.lower().translate(_UMLAUTS))


def meaning(word: str, of: dict[str, tuple[str, ...]]) -> str | None:
    """What a word of a firm means; None if it is in no list.

    Args:
        word: as written.
        of: meaning -> words, normalised.
    """
    plain = normalised(word)
    for name, words in of.items():
        if plain == normalised(name) or plain in words:
            return name
    return None
