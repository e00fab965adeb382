"""MODEL_CARD.md: what an artifact is, for people who did not make it."""

from collections.abc import Iterator, Mapping
from typing import Any

from recsys.ops.filter_seen import FilterSeen
from recsys.ops.shown_text import for_markdown
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.times import spoken, when_of

NAME = "MODEL_CARD.md"


def text(contents: Contents) -> str:
    """The card, in Markdown; facts that the exporter did not give are "not stated"."""
    facts = contents.facts
    model = _shown(facts.get("model", "Recommender"))
    blocks = [
        f"# {model}: a vector for each customer, product and touchpoint",
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
  A score orders the products of one customer. It is not a probability, and scores of different
  customers cannot be compared. Where a calibrator is kept, probabilities can.
- The model has learned nothing after its cut-off. `recsys refresh` takes in changed consents,
  products and offers; without it the artifact knows nothing of them. A new customer has a vector
  where events can be folded in, a new product where features become one (see above).
- Reasons split the score of the model over the customer's own events. They show the weights in the
  model, not causes.
- Before automated decisions about people, check that the law and your own rules allow them."""

_LOAD = """\
    from recsys.serving import load

    artifact = load("FOLDER")  # checks every file against manifest.json
    artifact.recommend("CUSTOMER_ID", k=5)

Needs numpy, pyarrow and safetensors. From a shell:
`recsys recommend artifact=FOLDER customer=CUSTOMER_ID k=5`."""


def _what(contents: Contents) -> str:
    counts = contents.counts
    touchpoints = ", ".join(map(_shown, contents.touchpoints.names)) or "none known"
    return (
        f"Ranks {counts['products']:,} products for {counts['customer_rows']:,} customer rows by "
        f"inner products of vectors of length {counts['dim']}. Touchpoints: {touchpoints}."
    )


def _trained_on(contents: Contents) -> Iterator[str]:
    facts, cut_off = contents.facts, "no cut-off, because the data have no clock"
    data = _mapping(facts.get("data"), "name")
    refreshed = _mapping(facts.get("refreshed"), "at")
    trained_as_of = refreshed.get("trained_as_of", contents.as_of)
    if trained_as_of is not None:
        cut_off = f"before {spoken(when_of(contents.clock, trained_as_of))}"
    yield f"- data: {_stated(data.get('name'))}, fingerprint {_stated(data.get('fingerprint'))}"
    yield f"- events: {cut_off}; split: {_stated(facts.get('split'))}"
    yield f"- last fit on: {_stated(facts.get('fitted_on'))}"
    for title in ("trained_on", "settings"):
        for name, value in _mapping(facts.get(title), title).items():
            yield f"- {_shown(name)}: {_number(value)}"
    if refreshed:
        yield from _refreshed(contents, refreshed)


def _refreshed(contents: Contents, facts: Mapping[str, Any]) -> Iterator[str]:
    """What `recsys refresh` has taken in since, without any training."""
    data = _mapping(facts.get("data"), "name")
    yield (
        f"- refreshed without training: {_stated(facts.get('at'))}, from tables with fingerprint "
        f"{_stated(data.get('fingerprint'))}"
    )
    if contents.as_of is not None:
        until = spoken(when_of(contents.clock, contents.as_of))
        yield f"- events, consents and rules now: before {until}"
    changes = _mapping(facts.get("changes"), "changes").items()
    listed = ", ".join(f"{_number(count)} {_shown(kind)}" for kind, count in changes if count)
    yield f"- changed: {listed or 'nothing'}"


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
    overlaps = _mapping(fidelity, "overlap").items()
    figures = ", ".join(f"{_shown(name)} {_number(value)}" for name, value in overlaps)
    return f"Fidelity of the vectors to the model's own scores: {figures}."


def _kept_rules(contents: Contents) -> Iterator[str]:
    yield f"- products the customer already had are not ranked: {_seen(contents)}"
    yield f"- products are offered only between their dates: {_yes(contents.products.has_dates)}"
    customers = contents.customers
    yield f"- touchpoints need the customer's consent: {_yes(customers.consent is not None)}"
    popular = customers.default_vector is not None
    yield f"- unknown customers get popular products: {_yes(popular)}"
    yield f"- the firm's own offers: {_offers(contents)}"
    yield f"- probabilities beside scores: {_calibration(contents)}"
    yield f"- new products get vectors from their features: {_features(contents)}"
    yield f"- offers come with reasons: {_yes(contents.fold_in is not None)}"
    if contents.decisions is not None:
        yield f"- decides by a policy: {_policy(contents)}"


def _seen(contents: Contents) -> str:
    seen = FilterSeen.of(contents.filter_seen)
    return _shown(seen) if seen.ages else _yes(bool(seen))


def _offers(contents: Contents) -> str:
    count = contents.counts["offers"]
    return f"{count:,}" if count else "none, each product is its own"


def _features(contents: Contents) -> str:
    if contents.features is None:
        return "no"
    about = _mapping(contents.facts.get("features"), "measured")
    share = about.get("explained")
    explained = "not measured" if share is None else f"{share:.0%} of the variance of scores"
    added = contents.facts.get("products_added", 0)
    since = f"; {added:,} were added since the training" if added else ""
    columns = ", ".join(map(_shown, contents.features.terms))
    return f"{columns} (of products left out: {explained}){since}"


def _calibration(contents: Contents) -> str:
    if contents.calibrator is None:
        return "no"
    about = _mapping(contents.facts.get("calibration"), "measured")
    return ", ".join(f"{_shown(name)} {_number(value)}" for name, value in about.items()) or "yes"


def _policy(contents: Contents) -> str:
    assert contents.decisions is not None
    rules = contents.decisions.rules
    odds = _mapping(contents.facts.get("acceptance"), "measured")
    named = f"{_shown(rules.name)}, version {_shown(rules.version)}"
    listed = ", ".join(
        f"{_shown(name)} {_number(value)}"
        for name, value in odds.items()
        if not isinstance(value, Mapping)
    )
    return f"{named}, by acceptance odds of {listed or 'no stated origin'}"


def _origin(facts: Mapping[str, Any]) -> Iterator[str]:
    for name in ("created", "git_commit", "mlflow_run_id"):
        yield f"- {name}: {_stated(facts.get(name))}"
    versions = _mapping(facts.get("versions"), "recsys").items()
    listed = ", ".join(f"{_shown(name)} {_shown(version)}" for name, version in versions)
    yield f"- versions: {listed or _stated(None)}"


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    """The value where it is a mapping, else a mapping from `name` to it; empty for None."""
    if value is None:
        return {}
    return value if isinstance(value, Mapping) else {name: value}


def _stated(value: Any) -> str:
    return "not stated" if value is None else _shown(value)


def _shown(value: Any) -> str:
    """A value from data, runs or settings, escaped for Markdown."""
    return for_markdown(str(value))


def _number(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else _shown(value)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
