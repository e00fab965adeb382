"""MODEL_CARD.md: the artifact for people who were not there."""

from collections.abc import Iterator, Mapping
from typing import Any

from recsys.ops.shown_text import for_markdown
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.times import spoken, when_of

NAME = "MODEL_CARD.md"


def text(contents: Contents) -> str:
    """The card, in Markdown; what the exporter did not state is named as not stated."""
    facts = contents.facts
    model = _shown(facts.get("model", "Recommender"))
    blocks = [
        f"# {model}: one vector a customer, a product, a touchpoint",
        _what(contents),
        "## Trained on",
        "\n".join(_trained_on(contents)),
        "## Quality",
        "\n".join(_metrics(_mapping(facts.get("metrics"), "all"))),
        _fidelity(facts.get("fidelity")),
        "## Rules kept in the artifact",
        "\n".join(_kept_rules(contents)),
        "## Intended use and limits",
        _LIMITS,
        "## How to load",
        _LOAD,
        "## Where it comes from",
        "\n".join(_origin(facts)),
    ]
    return "\n\n".join(blocks) + "\n"


_LIMITS = """\
- Made to rank products for the customers listed in `ids.parquet`, and to propose the touchpoint.
  A score orders the products of one customer. It is no probability, and does not compare customers;
  where a calibrator is kept, the probability beside it is and does.
- It knows nothing after the moment above: changed consent needs a new export. Who is new has a
  vector where events can be folded in; a new product, where features make one (see above).
- Reasons split the score of the model over the customer's own events. They say what the model
  weighed, not what caused anything.
- Before automated decisions about people, check that the law and your own rules allow them."""

_LOAD = """\
    from recsys.serving import load

    artifact = load("FOLDER")  # checks every file against manifest.json
    artifact.recommend("CUSTOMER_ID", k=5)

Needs numpy, pyarrow and safetensors. From a shell:
`python scripts/recommend.py artifact=FOLDER customer=CUSTOMER_ID k=5`."""


def _what(contents: Contents) -> str:
    counts = contents.counts
    touchpoints = ", ".join(map(_shown, contents.touchpoints.names)) or "none known"
    return (
        f"Ranks {counts['products']:,} products for {counts['customer_rows']:,} customer rows by "
        f"inner products of vectors of length {counts['dim']}. Touchpoints: {touchpoints}."
    )


def _trained_on(contents: Contents) -> Iterator[str]:
    facts, moment = contents.facts, "no moment known: the data have no clock"
    named = _mapping(facts.get("data"), "name")
    if contents.as_of is not None:
        moment = f"before {spoken(when_of(contents.clock, contents.as_of))}"
    yield f"- data: {_stated(named.get('name'))}, fingerprint {_stated(named.get('fingerprint'))}"
    yield f"- events: {moment}; split: {_stated(facts.get('split'))}"
    yield f"- last fit on: {_stated(facts.get('fitted_on'))}"
    for title in ("trained_on", "settings"):
        for name, value in _mapping(facts.get(title), title).items():
            yield f"- {_shown(name)}: {_number(value)}"


def _metrics(metrics: Mapping[str, Any]) -> Iterator[str]:
    if not metrics:
        yield "Not measured."
        return
    yield "| part | metric | mean | low | high | customers |"
    yield "|---|---|---|---|---|---|"
    for part, figures in metrics.items():
        for name, figure in _mapping(figures, "score").items():
            values = _mapping(figure, "mean")
            cells = (_number(values.get(key)) for key in ("mean", "low", "high", "customers"))
            yield f"| {_shown(part)} | {_shown(name)} | {' | '.join(cells)} |"


def _fidelity(fidelity: Any) -> str:
    if not fidelity:
        return "Fidelity of the vectors to the model's own scores: not stated."
    named = _mapping(fidelity, "overlap").items()
    figures = ", ".join(f"{_shown(name)} {_number(value)}" for name, value in named)
    return f"Fidelity of the vectors to the model's own scores: {figures}."


def _kept_rules(contents: Contents) -> Iterator[str]:
    yield f"- products already had leave the ranking: {_yes(contents.filter_seen)}"
    yield f"- products are offered only while they are valid: {_yes(contents.products.has_dates)}"
    customers = contents.customers
    yield f"- touchpoints need the customer's consent: {_yes(customers.consent is not None)}"
    popular = customers.default_vector is not None
    yield f"- customers of whom nothing is known get what is popular: {_yes(popular)}"
    yield f"- the firm's own offers: {_offers(contents)}"
    yield f"- probabilities beside scores: {_calibration(contents)}"
    yield f"- new products get vectors of their features: {_features(contents)}"
    yield f"- offers come with reasons: {_yes(contents.fold_in is not None)}"


def _offers(contents: Contents) -> str:
    count = contents.counts["offers"]
    return f"{count:,}" if count else "none, each product is its own"


def _features(contents: Contents) -> str:
    if contents.features is None:
        return "no"
    about = _mapping(contents.facts.get("features"), "measured")
    share = about.get("explained")
    told = "not measured" if share is None else f"{share:.0%} of the variance of scores"
    added = contents.facts.get("products_added", 0)
    since = f"; {added:,} were added since the training" if added else ""
    columns = ", ".join(map(_shown, contents.features.places))
    return f"{columns} (of products left out: {told}){since}"


def _calibration(contents: Contents) -> str:
    if contents.calibrator is None:
        return "no"
    about = _mapping(contents.facts.get("calibration"), "measured")
    return ", ".join(f"{_shown(name)} {_number(value)}" for name, value in about.items()) or "yes"


def _origin(facts: Mapping[str, Any]) -> Iterator[str]:
    for name in ("created", "git_commit", "mlflow_run_id"):
        yield f"- {name}: {_stated(facts.get(name))}"
    versions = _mapping(facts.get("versions"), "recsys").items()
    listed = ", ".join(f"{_shown(name)} {_shown(version)}" for name, version in versions)
    yield f"- versions: {listed or _stated(None)}"


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    """The value where it is a mapping, else it alone under a name; empty for None."""
    if value is None:
        return {}
    return value if isinstance(value, Mapping) else {name: value}


def _stated(value: Any) -> str:
    return "not stated" if value is None else _shown(value)


def _shown(value: Any) -> str:
    """What comes from data, runs or settings, as text that Markdown leaves alone."""
    return for_markdown(str(value))


def _number(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else _shown(value)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
